import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import type { BackendName } from '../../core/model-config.ts';
import { complain, print, printJson, UsageError, userPath } from '../cli/io.ts';
import { commit } from '../lib/commit.ts';
import { openEngine, type Place } from '../lib/open-engine.ts';
import { ROOT } from '../lib/root.ts';
import { measureEmbed, type EmbedMeasured } from './embed.ts';
import { measure, type Measured, type Workload } from './measure.ts';
import { measurePeers, SIDES, type PeersReport } from './peers/index.ts';
import { peersSection } from './peers/table.ts';
import { measureShapeIn, measureShapes, type ShapeReport } from './shape.ts';
import { measurePage, type PageMeasured } from './page.ts';
import { shapeSection } from './shape-table.ts';
import { markdownTable } from './table.ts';
import { measureTorch, type TorchMeasured } from './torch.ts';

export interface BenchArguments {
  readonly quick: boolean;
  readonly out: string | null;
  readonly markdown: string | null;
  /** `<place>/<backend>` or `shape/<place>/<threads>`: only this one, in this process; prints its JSON. `shape`, `peers`: that table. */
  readonly only: string | null;
}

export interface Report {
  readonly time: string;
  readonly commit: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string; readonly load: number };
  readonly workload: Workload | null;
  readonly page: PageMeasured | string;
  readonly embed: EmbedMeasured | string;
  readonly engine: readonly (Measured | { readonly place: Place; readonly backend: BackendName; readonly missing: string })[];
  readonly torch: readonly (TorchMeasured | string)[];
  /** A model of SmolLM2-135M's shape on the WASM kernels, beside PyTorch. */
  readonly shape: ShapeReport;
  /** SmolLM2-135M through our engine and others; or why not. */
  readonly peers: PeersReport | string;
}

const CASES: readonly (readonly [Place, BackendName])[] = [
  ['node', 'wasm'],
  ['node', 'webgpu'],
  ['node', 'cpu'],
  ['chromium', 'wasm'],
  ['chromium', 'webgpu'],
  ['chromium', 'cpu'],
];

/** `bench`: each backend in a process of its own, so that none is warmed up by another. @returns the exit status */
export async function bench({ quick, out, markdown, only }: BenchArguments): Promise<number> {
  if (only === 'shape') {
    await print(shapeSection(measureShapes(quick ? 1 : 3)));
    return 0;
  }
  const peer = SIDES.find((side) => only === `peers/${side}`) ?? null;
  if (only === 'peers' || peer !== null) {
    await print(peersSection(await measurePeers(quick ? 1 : 3, peer)));
    return 0;
  }
  const shapeOf = /^shape\/(node|chromium)\/(\d)$/.exec(only ?? '');
  if (shapeOf) {
    await printJson(await measureShapeIn(shapeOf[1] as Place, Number(shapeOf[2])));
    return 0;
  }
  if (only !== null) {
    const found = CASES.find(([place, backend]) => `${place}/${backend}` === only);
    if (!found)
      throw new UsageError(
        `--only is one of ${[...CASES.map((names) => names.join('/')), 'shape', 'peers', ...SIDES.map((side) => `peers/${side}`)].join(', ')}`,
      );
    const [place, backend] = found;
    await printJson(await measure(place, backend, repeats(backend, quick), () => openEngine(place, backend)));
    return 0;
  }
  const [load = 0] = loadavg();
  complain('first picture');
  const page = await measurePage(quick ? 3 : 9).catch((error: unknown) => String(error));
  complain('embed');
  const embed = await measureEmbed().catch((error: unknown) => String(error));
  const engine: Report['engine'][number][] = [];
  let workload: Workload | null = null;
  for (const [place, backend] of CASES) {
    complain(`${backend} in ${place}`);
    const args = [join(ROOT, 'scripts/vitrine.mjs'), 'bench', '--only', `${place}/${backend}`, ...(quick ? ['--quick'] : [])];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status === 0) {
      const result = JSON.parse(stdout) as { measured: Measured; workload: Workload };
      engine.push(result.measured);
      workload ??= result.workload;
    } else engine.push({ place, backend, missing: stderr.trim().split('\n').at(-1) ?? 'no message' });
  }
  complain('PyTorch');
  const cores = availableParallelism();
  const torch = workload ? [...new Set([1, cores])].map((threads) => measureTorch(workload, threads)) : [];
  complain('SmolLM2-135M’s shape');
  const shape = measureShapes(quick ? 1 : 3);
  complain('a real model beside other ways to run it');
  const peers = await measurePeers(quick ? 1 : 3).catch((error: unknown) => String(error));
  const report: Report = {
    time: new Date().toISOString(),
    commit: commit(),
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores, node: process.version, load },
    workload,
    page,
    embed,
    engine,
    torch,
    shape,
    peers,
  };
  const folder = out === null ? join(ROOT, 'e2e/bench/out') : userPath(out);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${report.time.replace(/[:.]/g, '-')}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  const table = markdownTable(report);
  await print(table);
  complain(`written to ${file}`);
  if (markdown !== null) await writeFormatted(userPath(markdown), table);
  return engine.every((row) => 'missing' in row) ? 1 : 0;
}

/** As `npm run format` would leave it. */
async function writeFormatted(path: string, text: string): Promise<void> {
  const { format, resolveConfig } = await import('prettier');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }));
}

function repeats(backend: BackendName, quick: boolean): number {
  switch (backend) {
    case 'wasm':
      return quick ? 3 : 15;
    case 'webgpu':
    case 'cpu':
      return quick ? 2 : 5;
  }
}
