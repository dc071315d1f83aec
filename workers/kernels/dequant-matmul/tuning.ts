import { matrixFromGrouped, disposeMatrix, type Matrix } from '../matrix.ts';
import { readMany } from '../read.ts';
import { tf } from '../tf.ts';
import { webgpuBackend } from '../webgpu/dispatch.ts';
import { FLAT, matmulChoice, setMatmulChoice, type FewRows, type ManyRows, type MatmulChoice } from './choice.ts';
import { linear } from './kernel.ts';

/** Shapes of a small model's MLP; int4, as most files come. */
const [N, K, ROWS] = [1536, 576, 64] as const;
const ROUNDS = 8;
/** What each candidate may take, in all. */
const BUDGET_MS = 25;
/** Relative to the largest number: beyond it, a driver computes something else than it was asked. */
const WRONG = 1e-4;

interface Limits {
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/**
 * Times each matmul shader on the device that is open, for about 200 ms in all, and returns the fastest of those whose
 * numbers agree with the plain one's. Leaves the choice as it was.
 */
export async function tuneMatmul({ features, limits }: Limits): Promise<MatmulChoice> {
  const before = matmulChoice();
  const q = Int8Array.from({ length: N * K }, (_, i) => ((i * 7919) % 16) - 8);
  const scales = new Float32Array((N * K) / 32).fill(0.01);
  const matrix = matrixFromGrouped({ bits: 4, group: 32, q, scales, mins: null }, N, K, 'gguf');
  const wide =
    (limits['maxComputeInvocationsPerWorkgroup'] ?? 0) >= 256 && (limits['maxComputeWorkgroupStorageSize'] ?? 0) >= 16_384;
  const few: FewRows[] = ['flat', 'gemv-8', 'gemv-32', ...(features.includes('subgroups') ? (['subgroup'] as const) : [])];
  const many: ManyRows[] = ['flat', 'gemm-32', ...(wide ? (['gemm-64'] as const) : [])];
  try {
    return {
      few: await fastest(few, (f) => ({ ...FLAT, few: f }), matrix, 1),
      many: await fastest(many, (m) => ({ ...FLAT, many: m }), matrix, ROWS),
    };
  } finally {
    setMatmulChoice(before);
    disposeMatrix(matrix);
  }
}

async function fastest<T extends string>(
  candidates: readonly T[],
  choose: (candidate: T) => MatmulChoice,
  matrix: Matrix,
  rows: number,
): Promise<T> {
  const x = tf.tensor2d(
    Float32Array.from({ length: rows * K }, (_, i) => Math.sin(i)),
    [rows, K],
  );
  const times: { readonly candidate: T; readonly ms: number }[] = [];
  let plain: Float32Array | null = null;
  for (const candidate of candidates) {
    setMatmulChoice(choose(candidate));
    const y = tf.tidy(() => linear(x, matrix));
    const [numbers] = await readMany([y]);
    y.dispose();
    plain ??= Float32Array.from(numbers ?? []);
    if (agrees(numbers ?? [], plain)) times.push({ candidate, ms: await time(x, matrix) });
  }
  x.dispose();
  const [best] = times.sort((a, b) => a.ms - b.ms);
  if (!best) throw new Error('no matmul shader works on this device');
  return best.candidate;
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
  do {
    const from = performance.now();
    for (let i = 0; i < ROUNDS; i++) tf.tidy(() => void linear(x, matrix));
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.submitQueue();
    await backend.queue.onSubmittedWorkDone();
    best = Math.min(best, (performance.now() - from) / ROUNDS);
  } while (performance.now() < until);
  return best;
}

const CACHE = 'vitrine-kernels';

/** The choice for a kind of adapter: kept from the last visit, or measured now. */
export async function keptChoice(
  adapter: { readonly vendor: string; readonly architecture: string },
  limits: Limits,
): Promise<MatmulChoice> {
  const address = `https://kernels.invalid/1/${encodeURIComponent(adapter.vendor)}/${encodeURIComponent(adapter.architecture)}`;
  const named = adapter.vendor !== '' && adapter.architecture !== '';
  // No cache in Node or in a page without a secure context.
  const cache = named ? await (globalThis as Partial<typeof globalThis>).caches?.open(CACHE).catch(() => null) : null;
  const kept = (await cache?.match(address).then((found) => found?.json())) as Partial<MatmulChoice> | undefined;
  if (kept?.few && kept.many && (kept.few !== 'subgroup' || limits.features.includes('subgroups')))
    return { few: kept.few, many: kept.many };
  const choice = await tuneMatmul(limits);
  await cache?.put(address, new Response(JSON.stringify(choice))).catch(() => undefined);
  return choice;
}
