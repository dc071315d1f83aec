import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ShapeMeasured } from '../../e2e/bench/smollm-shape.ts';
import { hasRelaxedSimd } from '../../workers/kernels/wasm/kernels.ts';
import type { Place } from '../lib/open-engine.ts';
import { ROOT } from '../lib/root.ts';
import { askWorker } from './ask-worker.ts';
import { buildWorker } from './build-worker.ts';
import { askPython } from './python.ts';

const WORKER = 'shape.worker.js';

/** A model of SmolLM2-135M's shape with random weights, on the WASM kernels. */
export async function measureShapeIn(place: Place, threads: number): Promise<ShapeMeasured> {
  return place === 'node' ? inNode(threads) : inChromium(threads);
}

async function inNode(threads: number): Promise<ShapeMeasured> {
  const [{ measureShape }, { nodeWasmPaths }, { nodeKernels }] = await Promise.all([
    import('../../e2e/bench/smollm-shape.ts'),
    import('../node-engine/backends.ts'),
    import('../node-engine/kernels.ts'),
  ]);
  return measureShape('wasm', { wasmPaths: nodeWasmPaths(), kernels: nodeKernels(threads) });
}

async function inChromium(threads: number): Promise<ShapeMeasured> {
  const folder = join(ROOT, '.cache', 'bench-shape');
  await buildWorker('e2e/bench/shape.worker.ts', folder, WORKER);
  return askWorker(folder, WORKER, () => ({ threads }));
}

export interface TorchShape {
  readonly threads: number;
  readonly prefillMs: number;
  readonly tokensPerSecond: number;
}

/** PyTorch in float32 on the same shape; else one sentence that says why not. */
export const measureTorchShape = (threads: number): TorchShape | string => askPython('torch_shape.py', [String(threads)]);

export interface ShapeReport {
  readonly rounds: number;
  readonly engine: readonly ({ readonly place: Place } & (ShapeMeasured | { readonly missing: string }))[];
  readonly torch: readonly (TorchShape | string)[];
}

const PLACES: readonly Place[] = ['node', 'chromium'];

/**
 * All sides in turn, some rounds, each in a process of its own: the best of each, since on a machine that others use, too, the
 * shortest time says most about the program.
 */
export function measureShapes(rounds: number): ShapeReport {
  const threads = [...new Set([1, Math.min(2, availableParallelism())])];
  const cases = PLACES.flatMap((place) => threads.map((count) => ({ place, count })));
  const engine = new Map<string, ShapeReport['engine'][number]>();
  const torch = new Map<number, TorchShape | string>();
  for (let round = 0; round < rounds; round++) {
    for (const { place, count } of cases) {
      const key = `${place}/${count}`;
      const now = inProcess(place, count);
      const before = engine.get(key);
      engine.set(key, { place, ...(before && !('missing' in before) ? better(before, now) : now) });
    }
    for (const count of threads) {
      const now = measureTorchShape(count);
      const before = torch.get(count);
      torch.set(count, typeof before === 'object' && typeof now === 'object' ? betterTorch(before, now) : (before ?? now));
    }
  }
  return { rounds, engine: [...engine.values()], torch: [...torch.values()] };
}

function inProcess(place: Place, threads: number): ShapeMeasured | { readonly missing: string } {
  const args = [join(ROOT, 'scripts/vitrine.mjs'), 'bench', '--only', `shape/${place}/${threads}`];
  // Node 20 has relaxed SIMD behind a flag; browsers have it without.
  const flag = hasRelaxedSimd() ? [] : ['--experimental-wasm-relaxed-simd'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flag, ...args], { encoding: 'utf8' });
  if (status !== 0) return { missing: stderr.trim().split('\n').at(-1) ?? 'no message' };
  return JSON.parse(stdout) as ShapeMeasured;
}

function better(a: ShapeMeasured, b: ShapeMeasured | { readonly missing: string }): ShapeMeasured {
  if ('missing' in b) return a;
  return {
    ...a,
    promptGflops: Math.max(a.promptGflops, b.promptGflops),
    tokenGflops: Math.max(a.tokenGflops, b.tokenGflops),
    prefillMs: Math.min(a.prefillMs, b.prefillMs),
    tokensPerSecond: Math.max(a.tokensPerSecond, b.tokensPerSecond),
  };
}

const betterTorch = (a: TorchShape, b: TorchShape): TorchShape => ({
  threads: a.threads,
  prefillMs: Math.min(a.prefillMs, b.prefillMs),
  tokensPerSecond: Math.max(a.tokensPerSecond, b.tokensPerSecond),
});
