/**
 * Writes the curriculum as JSON lines.
 *   --documents --approx-tokens N --seed S --out FILE.jsonl [--mix copy|puzzles]    training documents, without spans
 *   --evals --out DIR [--seed S]                                            held-out evaluation sets, one file each
 */
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { COPY_MIX, MIX, PUZZLE_MIX, corpus, countTokens, evalSets, type Doc, type Mix } from '../core/curriculum/index.ts';

const { values } = parseArgs({
  options: {
    documents: { type: 'boolean' },
    evals: { type: 'boolean' },
    'approx-tokens': { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    out: { type: 'string' },
    mix: { type: 'string', default: 'full' },
  },
});

function line(doc: Doc): string {
  return JSON.stringify({ population: doc.population, text: doc.text, answers: doc.answers, meta: doc.meta });
}

const MIXES: Readonly<Record<string, Mix>> = { full: MIX, copy: COPY_MIX, puzzles: PUZZLE_MIX };

async function documents(out: string, tokens: number, seed: number, mix: string): Promise<void> {
  mkdirSync(dirname(out), { recursive: true });
  const file = createWriteStream(out);
  let n = 0;
  let docs = 0;
  let chunk: string[] = [];
  const shares = MIXES[mix];
  if (!shares) throw new RangeError(`no mix ${mix}; there are ${Object.keys(MIXES).join(', ')}`);
  for (const doc of corpus(seed, shares)) {
    n += 1 + countTokens(doc.text);
    docs++;
    chunk.push(line(doc));
    if (chunk.length === 2000) {
      if (!file.write(`${chunk.join('\n')}\n`)) await once(file, 'drain');
      chunk = [];
    }
    if (n >= tokens) break;
  }
  if (chunk.length > 0) file.write(`${chunk.join('\n')}\n`);
  file.end();
  await once(file, 'finish');
  console.log(`${docs} documents, about ${n} tokens`);
}

const { out } = values;
if (!out || Boolean(values.documents) === Boolean(values.evals)) {
  console.error(
    'usage: curriculum-export.ts --documents --approx-tokens N --seed S --out FILE.jsonl [--mix copy|puzzles] | --evals --out DIR [--seed S]',
  );
  process.exit(2);
}
if (values.documents) {
  await documents(out, Number(values['approx-tokens']), Number(values.seed ?? 1), values.mix);
} else {
  mkdirSync(out, { recursive: true });
  const sets = evalSets(Number(values.seed ?? 900_001));
  for (const [name, docs] of Object.entries(sets)) writeFileSync(join(out, `${name}.jsonl`), `${docs.map(line).join('\n')}\n`);
  console.log(
    Object.entries(sets)
      .map(([name, docs]) => `${name} ${docs.length}`)
      .join(', '),
  );
}
