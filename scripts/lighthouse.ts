/**
 * `npm run lighthouse`: the four scores of the built site's main pages, on a phone and on a desktop as Lighthouse simulates
 * them. Fails below 95. `--only TEXT` takes pages whose name contains it; `--out DIR` keeps the reports; `--runs N` looks at each page N
 * times and takes the best: other programs on the machine make a page slower, and never quicker.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import lighthouse, { desktopConfig } from 'lighthouse';
import { DIST } from './chromium-engine/index.ts';
import { ensureBuilt } from './lib/build.ts';
import { CHROMIUM_FLAGS, ensureChromium } from './lib/chromium.ts';
import { serveFolder } from './lib/static-server.ts';

const LEAST = 95;
const PAGES = {
  home: '#/',
  explore: '#/lab/explore',
  activations: '#/lab/activations',
  steering: '#/lab/steering',
  search: '#/lab/feature-search',
  feature: '#/feature/primer/blocks.1.hook_resid_post/100',
  features: '#/features/primer/blocks.1.hook_resid_post',
  lists: '#/lists',
  models: '#/models',
  model: '#/models/primer',
} as const;
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'] as const;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    out: { type: 'string', default: '' },
    runs: { type: 'string', default: '1' },
  },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs: a whole number from 1, not ${JSON.stringify(values.runs)}`);
if (values.out !== '') mkdirSync(values.out, { recursive: true });

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

await ensureBuilt();
const found = ensureChromium();
if (!found) process.exit(1);
const { chromium } = await import('@playwright/test');
const port = await freePort();
const browser = await chromium.launch({
  ...(found.executablePath === undefined ? {} : { executablePath: found.executablePath }),
  args: [...CHROMIUM_FLAGS, `--remote-debugging-port=${port}`],
});
// As the hosts do that it is meant for.
const server = await serveFolder({ folder: DIST, compress: true });
let failed = false;
for (const [name, fragment] of Object.entries(PAGES)) {
  for (const form of ['mobile', 'desktop'] as const) {
    if (!`${name} ${form}`.includes(values.only)) continue;
    const once = (): ReturnType<typeof lighthouse> =>
      lighthouse(
        `${server.url}${fragment}`,
        { port, logLevel: 'error', onlyCategories: [...CATEGORIES], output: 'html' },
        form === 'desktop' ? desktopConfig : undefined,
      );
    const looks: NonNullable<Awaited<ReturnType<typeof once>>>[] = [];
    for (let i = 0; i < runs; i++) {
      // Now and then Chromium’s trace lacks its beginning, which says nothing of the page.
      const first = await once();
      const look = first?.lhr.runtimeError ? await once() : first;
      if (look) looks.push(look);
    }
    const speed = ({ lhr }: (typeof looks)[number]): number => lhr.categories['performance']?.score ?? 0;
    const [run] = looks.sort((a, b) => speed(b) - speed(a));
    if (!run) throw new Error(`no report of ${name}`);
    const { categories, audits } = run.lhr;
    const scores = CATEGORIES.map((id) => Math.round((categories[id]?.score ?? 0) * 100));
    const low = scores.some((score) => score < LEAST);
    failed ||= low;
    process.stdout.write(
      `${low ? 'LOW' : 'ok '} ${name.padEnd(12)} ${form.padEnd(8)} ${CATEGORIES.map((id, i) => `${id} ${scores[i] ?? 0}`).join(', ')}; load ${loadavg()[0]?.toFixed(1) ?? ''}\n`,
    );
    if (low)
      for (const [i, id] of CATEGORIES.entries())
        if ((scores[i] ?? 0) < LEAST)
          for (const { id: audit, weight } of categories[id]?.auditRefs ?? []) {
            const { score, displayValue, title } = audits[audit] ?? {};
            if (weight > 0 && typeof score === 'number' && score < 0.9)
              process.stdout.write(`      ${id}: ${title ?? audit} ${displayValue ?? ''} (${Math.round(score * 100)})\n`);
          }
    if (values.out !== '') writeFileSync(join(values.out, `${name}-${form}.html`), String(run.report));
  }
}
await browser.close();
await server.close();
process.exit(failed ? 1 : 0);
