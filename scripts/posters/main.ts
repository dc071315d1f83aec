/**
 * Records the results that the page shows before its engine has run: every lab's defaults and examples, on WASM in Node.
 * `--check` computes them anew and compares with what is committed; exit status 1 where a recorded result is not the one that
 * the weights and the code in this tree give. `--folder` is another place than `public/examples`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Provenance } from '../../core/protocol/messages.ts';
import { plainResult } from '../../core/protocol/wire-tensor.ts';
import { TOLERANCE } from '../../workers/testing/tolerances.ts';
import { differences, type Tolerance } from '../lib/compare.ts';
import { openEngine } from '../lib/open-engine.ts';
import { ROOT } from '../lib/root.ts';
import { plan, type Planned } from './plan.ts';

interface Poster {
  readonly specHash: string;
  readonly provenance: Provenance;
  readonly result: unknown;
}

/** The page fetches a poster before anything else; larger results are computed in the tab. */
const MAX_BYTES = 400_000;
/** WASM gives the same bits on one machine; another one may fuse or order sums differently. */
const ALLOWED: Tolerance = { relative: TOLERANCE.reordering, absolute: 1e-6 };

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, folder: { type: 'string', default: join(ROOT, 'public', 'examples') } },
});
const FOLDER = values.folder;
const { engine, close } = await openEngine('node', 'wasm');
const keep = new Set<string>();
const drift: string[] = [];
try {
  for (const planned of await plan()) {
    const { payload, provenance } = await engine.run(planned.spec);
    const poster: Poster = { specHash: planned.specHash, provenance, result: plainResult(payload) };
    const text = `${JSON.stringify(poster)}\n`;
    const name = `${planned.specHash}.json`;
    const size = `${(text.length / 1e3).toFixed(0)} kB`;
    const what = `${planned.lab}: ${planned.title} (${size})`;
    if (text.length > MAX_BYTES) {
      process.stdout.write(`not recorded, over ${MAX_BYTES / 1e3} kB: ${what}\n`);
      continue;
    }
    keep.add(name);
    if (values.check) {
      const found = compare(planned, poster);
      drift.push(...found);
      process.stdout.write(`${found.length === 0 ? 'same   ' : 'DIFFERS'} ${what}\n`);
    } else {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(join(FOLDER, name), text);
      process.stdout.write(`recorded ${what}\n`);
    }
  }
} finally {
  await close();
}

const stale = (existsSync(FOLDER) ? readdirSync(FOLDER) : []).filter((name) => !keep.has(name));
for (const name of stale) {
  if (values.check) drift.push(`${name} belongs to no lab's defaults or examples`);
  else rmSync(join(FOLDER, name));
}
for (const line of drift) process.stdout.write(`  ${line}\n`);
if (drift.length > 0) process.stdout.write('Run "npm run posters" and commit what it writes.\n');
process.exit(drift.length > 0 ? 1 : 0);

function compare({ specHash, title }: Planned, now: Poster): readonly string[] {
  const path = join(FOLDER, `${specHash}.json`);
  if (!existsSync(path)) return [`${title}: not recorded`];
  const before = JSON.parse(readFileSync(path, 'utf8')) as Poster;
  const { model, saes, labV } = before.provenance;
  return [
    ...differences({ model, saes, labV }, pick(now.provenance), { relative: 0, absolute: 0 }),
    ...differences(before.result, now.result, ALLOWED),
  ].map((difference) => `${title}: ${difference}`);
}

function pick({ model, saes, labV }: Provenance): Pick<Provenance, 'model' | 'saes' | 'labV'> {
  return { model, saes, labV };
}
