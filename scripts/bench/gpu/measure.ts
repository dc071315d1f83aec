import type { ModelConfig } from '../../../core/model-config.ts';
import { setMatmulChoice, type MatmulChoice } from '../../../workers/kernels/dequant-matmul/choice.ts';
import { allowFusedBlocks, disposeMatrix, linear, matrixBytes, readMany, tf } from '../../../workers/kernels/index.ts';
import { dispatchCount, webgpuBackend } from '../../../workers/kernels/webgpu/dispatch.ts';
import { firstResidual, HookRun, padTokens, runBlocks } from '../../../workers/model/forward.ts';
import { generate } from '../../../workers/model/generate.ts';
import type { ModelWeights } from '../../../workers/model/weights.ts';
import { someMatrix } from './weights.ts';

async function finished(): Promise<void> {
  const backend = webgpuBackend();
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  await backend.queue.onSubmittedWorkDone();
}

/** Milliseconds of one of `times` runs in a row, the best of some series, after one to warm up. */
async function best(run: () => void, times: number, series: number): Promise<number> {
  let found = Infinity;
  for (let i = 0; i <= series; i++) {
    const from = performance.now();
    for (let j = 0; j < (i === 0 ? 1 : times); j++) tf.tidy(run);
    await finished();
    if (i > 0) found = Math.min(found, (performance.now() - from) / times);
  }
  return found;
}

export interface MatmulRow {
  readonly shape: string;
  readonly bits: number;
  readonly shader: string;
  readonly ms: number;
  /** Bytes of weights read per second, in GB. */
  readonly gigabytes: number;
  readonly gigaflops: number;
}

/** One product of m rows with a matrix [n, k] in one shader. */
export async function measureMatmul(
  m: number,
  n: number,
  k: number,
  bits: 4 | 8,
  choice: MatmulChoice,
  quick: boolean,
): Promise<MatmulRow> {
  setMatmulChoice(choice);
  const matrix = someMatrix(n, k, bits);
  const x = tf.tensor2d(
    Float32Array.from({ length: m * k }, (_, i) => Math.sin(i)),
    [m, k],
  );
  const ms = await best(() => void linear(x, matrix), quick ? 2 : 50, quick ? 2 : 8);
  const row = {
    shape: `${m} × ${k} → ${n}`,
    bits,
    shader: m <= 4 ? choice.few : choice.many,
    ms,
    gigabytes: matrixBytes(matrix) / ms / 1e6,
    gigaflops: (2 * m * n * k) / ms / 1e6,
  };
  disposeMatrix(matrix);
  x.dispose();
  return row;
}

export interface ModelRow {
  readonly bits: number;
  readonly path: 'fused' | 'step by step';
  readonly prefill: number;
  readonly decode: number;
  readonly dispatches: number;
  /** Time in which one token's kernels are handed to the driver, without waiting for them, ms. */
  readonly enqueue: number;
}

/** Prefill tokens/s, decode tokens/s (greedy, reading each token back) and dispatches of own kernels per decoded token. */
export async function measureModel(
  weights: ModelWeights,
  config: ModelConfig,
  bits: number,
  fused: boolean,
  prompt: number,
  steps: number,
): Promise<ModelRow> {
  allowFusedBlocks(fused);
  const ids = Array.from({ length: prompt }, (_, i) => (i * 7919) % config.dVocab);
  const pass = async (rows: readonly number[]): Promise<void> => {
    const tokens = padTokens([rows]);
    const hooks = new HookRun({ offset: 0, length: rows.length, promptLengths: [rows.length] }, new Map(), new Map(), []);
    const input = { weights, config, tokens, hooks, offset: 0 };
    (await runBlocks(firstResidual(input), input, 0, config.nLayers)).dispose();
  };
  await pass(ids);
  await finished();
  let from = performance.now();
  await pass(ids);
  await finished();
  const prefill = (prompt / (performance.now() - from)) * 1e3;

  await pass([1]);
  await finished();
  from = performance.now();
  await pass([1]);
  const enqueue = performance.now() - from;
  await finished();

  const marks: { readonly ms: number; readonly count: number }[] = [];
  const greedy = { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 };
  for await (const { token } of generate(weights, config, ids.slice(0, 16), new Map(), {
    maxNewTokens: steps + 2,
    sampling: greedy,
  }))
    if (token >= 0) marks.push({ ms: performance.now(), count: dispatchCount() });
  const [first, last] = [marks[1], marks[marks.length - 1]];
  if (!first || !last) throw new Error('nothing was generated');
  allowFusedBlocks(true);
  return {
    bits,
    path: fused ? 'fused' : 'step by step',
    prefill,
    decode: (steps / (last.ms - first.ms)) * 1e3,
    dispatches: (last.count - first.count) / steps,
    enqueue,
  };
}

/** Milliseconds from asking for one number until it is there. */
export async function measureRoundTrip(): Promise<number> {
  const x = tf.ones([4]);
  let found = Infinity;
  for (let i = 0; i < 20; i++) {
    const from = performance.now();
    await readMany([x]);
    found = Math.min(found, performance.now() - from);
  }
  x.dispose();
  return found;
}
