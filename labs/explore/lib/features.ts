import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { RunContext, RunOutput, Sae } from '../../../workers/api.ts';
import type { FeatureRows } from '../result.ts';
import { captured } from './capture.ts';

/** Active features of one dictionary at every position of a single-prompt run. */
export async function featureRows(ctx: RunContext, sae: Sae, output: RunOutput, hasBos: boolean): Promise<FeatureRows> {
  const { tf } = ctx;
  const activation = captured(output, sae.hookName);
  const positions = activation.shape[1] ?? 0;
  const x = tf.reshape(activation, [positions, sae.dIn]);
  const sparse = await sae.encodeSparse(x);
  const unexplained = await fractionUnexplained(ctx, sae, x, hasBos ? 1 : 0);
  x.dispose();
  const offsets = new Int32Array(positions + 1);
  for (let p = 0; p < positions; p++) offsets[p + 1] = (offsets[p] ?? 0) + (sparse.indices[p]?.length ?? 0);
  const total = offsets[positions] ?? 0;
  const indices = new Int32Array(total);
  const values = new Float32Array(total);
  for (let p = 0; p < positions; p++) {
    indices.set(sparse.indices[p] ?? [], offsets[p]);
    values.set(sparse.values[p] ?? [], offsets[p]);
  }
  const maxKnown = Float32Array.from(indices, (f) => sae.maxActivation?.[f] ?? 0);
  return {
    sae: sae.id,
    hook: sae.hookName,
    dSae: sae.dSae,
    offsets: wireTensor(offsets, [positions + 1], ['pos']),
    indices: wireTensor(indices, [total], ['feature']),
    values: wireTensor(values, [total], ['feature']),
    maxKnown: wireTensor(maxKnown, [total], ['feature']),
    fvu: unexplained,
  };
}

/** Σ‖x − x̂‖² / Σ‖x − mean‖² over this prompt from position `from` on; null where nothing varies, as with a single token. */
async function fractionUnexplained(
  ctx: RunContext,
  sae: Sae,
  x: ReturnType<RunContext['tf']['reshape']>,
  from: number,
): Promise<number | null> {
  const { tf } = ctx;
  const positions = x.shape[0] ?? 0;
  if (positions - from < 2) return null;
  const [error, variance] = tf.tidy(() => {
    const rows = tf.slice(x, [from, 0]);
    const reconstruction = sae.decode(sae.encode(rows));
    return [tf.sum(tf.square(tf.sub(rows, reconstruction))), tf.sum(tf.square(tf.sub(rows, tf.mean(rows, 0, true))))] as const;
  });
  const [e, v] = await ctx.read([error, variance]);
  tf.dispose([error, variance]);
  const [left, all] = [e?.[0] ?? NaN, v?.[0] ?? NaN];
  return all > 0 ? left / all : null;
}
