import { KERNELS_CACHE } from '../../../core/files/kept.ts';
import { matrixFromGrouped, disposeMatrix, type Matrix } from '../matrix.ts';
import { readMany } from '../read.ts';
import { tf } from '../tf.ts';
import { webgpuBackend } from '../webgpu/dispatch.ts';
import { FLAT, matmulChoice, setMatmulChoice, type FewRows, type ManyRows, type MatmulChoice } from './choice.ts';
import { linear } from './kernel.ts';

interface Shape {
  readonly n: number;
  readonly k: number;
  readonly bits: 4 | 8;
}
/** What a token of a small model costs: matrices of its MLP both ways, int4 as most files come, and a piece of its vocabulary. */
const TOKEN: readonly Shape[] = [
  { n: 1536, k: 576, bits: 4 },
  { n: 576, k: 1536, bits: 4 },
  { n: 8192, k: 576, bits: 8 },
];
/** What a prompt of so many tokens costs. */
const PROMPT: readonly Shape[] = [
  { n: 1536, k: 576, bits: 4 },
  { n: 576, k: 1536, bits: 8 },
];
const ROWS = 64;
const ROUNDS = 8;
/** What each candidate may take for each shape, in all. */
const BUDGET_MS = 12;
/** Relative to the largest number: beyond it, a driver computes something else than it was asked. */
const WRONG = 1e-4;

interface Limits {
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/**
 * Times each matmul shader on the device that is open, for some 200 ms in all, and returns the fastest of those whose
 * numbers agree with the plain one's. Leaves the choice as it was.
 */
export async function tuneMatmul({ features, limits }: Limits): Promise<MatmulChoice> {
  const before = matmulChoice();
  const wide =
    (limits['maxComputeInvocationsPerWorkgroup'] ?? 0) >= 256 && (limits['maxComputeWorkgroupStorageSize'] ?? 0) >= 16_384;
  const few: FewRows[] = ['flat', 'gemv-8', 'gemv-32', ...(features.includes('subgroups') ? (['subgroup'] as const) : [])];
  const many: ManyRows[] = ['flat', 'gemm-32', ...(wide ? (['gemm-64'] as const) : [])];
  try {
    return {
      few: await fastest(few, (f) => ({ ...FLAT, few: f }), TOKEN, 1),
      many: await fastest(many, (m) => ({ ...FLAT, many: m }), PROMPT, ROWS),
    };
  } finally {
    setMatmulChoice(before);
  }
}

/** The one that takes least time over all shapes, each counted against the best for it, so that no shape outweighs the others. */
async function fastest<T extends string>(
  candidates: readonly T[],
  choose: (candidate: T) => MatmulChoice,
  shapes: readonly Shape[],
  rows: number,
): Promise<T> {
  const scores = new Map<T, number>(candidates.map((candidate) => [candidate, 0]));
  for (const shape of shapes) {
    const times = await timesOf(candidates, choose, shape, rows);
    const best = Math.min(...times);
    candidates.forEach((candidate, i) => scores.set(candidate, (scores.get(candidate) ?? 0) + (times[i] ?? Infinity) / best));
  }
  const [first] = [...scores].filter(([, score]) => Number.isFinite(score)).sort(([, a], [, b]) => a - b);
  if (!first) throw new Error('no matmul shader works on this device');
  return first[0];
}

/** Milliseconds of each candidate; infinite where its numbers are others than the first one's. */
async function timesOf<T extends string>(
  candidates: readonly T[],
  choose: (candidate: T) => MatmulChoice,
  { n, k, bits }: Shape,
  rows: number,
): Promise<number[]> {
  const q = Int8Array.from({ length: n * k }, (_, i) => ((i * 7919) % 16) - 8);
  const scales = new Float32Array((n * k) / 32).fill(0.01);
  const matrix = matrixFromGrouped({ bits, group: 32, q, scales, mins: null }, n, k, 'gguf');
  const x = tf.tensor2d(
    Float32Array.from({ length: rows * k }, (_, i) => Math.sin(i)),
    [rows, k],
  );
  try {
    const times: number[] = [];
    let plain: Float32Array | null = null;
    for (const candidate of candidates) {
      setMatmulChoice(choose(candidate));
      const y = tf.tidy(() => linear(x, matrix));
      const [numbers] = await readMany([y]);
      y.dispose();
      plain ??= Float32Array.from(numbers ?? []);
      times.push(agrees(numbers ?? [], plain) ? await time(x, matrix) : Infinity);
    }
    return times;
  } finally {
    x.dispose();
    disposeMatrix(matrix);
  }
}

function agrees(numbers: ArrayLike<number>, plain: Float32Array): boolean {
  const largest = plain.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return plain.every((v, i) => Math.abs((numbers[i] ?? NaN) - v) <= WRONG * largest);
}

/** Milliseconds of one product, the best of several series. */
async function time(x: tf.Tensor2D, matrix: Matrix): Promise<number> {
  const backend = webgpuBackend();
  const until = performance.now() + BUDGET_MS;
  let best = Infinity;
  // A shader that is slow here is known for it after one product.
  let rounds = 1;
  do {
    const from = performance.now();
    for (let i = 0; i < rounds; i++) tf.tidy(() => void linear(x, matrix));
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.submitQueue();
    await backend.queue.onSubmittedWorkDone();
    best = Math.min(best, (performance.now() - from) / rounds);
    rounds = ROUNDS;
  } while (performance.now() < until);
  return best;
}

/**
 * The choice for a kind of adapter: kept from the last visit, or measured now. Browsers that do not name the adapter are told
 * apart by what it can do.
 */
export async function keptChoice(
  adapter: { readonly vendor: string; readonly architecture: string },
  limits: Limits,
): Promise<MatmulChoice> {
  const able = [...limits.features, ...Object.entries(limits.limits).map(([name, value]) => `${name}=${value}`)].sort();
  const path = [adapter.vendor || 'unnamed', adapter.architecture || 'unnamed', able.join()].map(encodeURIComponent).join('/');
  const address = `https://kernels.invalid/2/${path}`;
  // No cache in Node or in a page without a secure context.
  const cache = await (globalThis as Partial<typeof globalThis>).caches?.open(KERNELS_CACHE).catch(() => null);
  const kept = (await cache?.match(address).then((found) => found?.json())) as Partial<MatmulChoice> | undefined;
  if (kept?.few && kept.many) return { few: kept.few, many: kept.many };
  const choice = await tuneMatmul(limits);
  await cache?.put(address, new Response(JSON.stringify(choice))).catch(() => undefined);
  return choice;
}
