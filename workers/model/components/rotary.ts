import type { RopeScaling, Rotary } from '../../../core/model-config.ts';
import { tf, type Tensor } from '../../kernels/index.ts';

/** What queries and keys grow by where they turn. */
const rotaryGain = (scaling: RopeScaling | null): number => (scaling?.type === 'yarn' ? scaling.attentionFactor : 1);

/** Rotation frequency of each pair, scaled for long contexts as the checkpoint says. float64. */
export function rotaryFrequencies(base: number, dims: number, scaling: RopeScaling | null): Float64Array {
  const ramp = scaling?.type === 'yarn' ? yarnRamp(base, dims, scaling) : null;
  return Float64Array.from({ length: dims / 2 }, (_, j) => {
    const f = base ** ((-2 * j) / dims);
    if (scaling === null) return f;
    if (scaling.type === 'linear') return f / scaling.factor;
    if (scaling.type === 'factors') return f / (scaling.factors[j] ?? 1);
    if (scaling.type === 'yarn') {
      const divided = ramp?.(j) ?? 0;
      return f * (1 - divided) + (f / scaling.factor) * divided;
    }
    const { factor, lowFreqFactor, highFreqFactor, originalContext } = scaling;
    const wavelength = (2 * Math.PI) / f;
    if (wavelength > originalContext / lowFreqFactor) return f / factor;
    if (wavelength < originalContext / highFreqFactor) return f;
    const smooth = (originalContext / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return ((1 - smooth) * f) / factor + smooth * f;
  });
}

/** How much of a pair's frequency is divided, 0 … 1. Source: arXiv 2309.00071, as transformers computes it. */
function yarnRamp(
  base: number,
  dims: number,
  { originalContext, betaFast, betaSlow, truncate }: Extract<RopeScaling, { type: 'yarn' }>,
): (pair: number) => number {
  /** The pair that turns so often within the original context. */
  const pairOf = (turns: number): number => (dims * Math.log(originalContext / (turns * 2 * Math.PI))) / (2 * Math.log(base));
  const [fast, slow] = [pairOf(betaFast), pairOf(betaSlow)];
  const from = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const to = Math.min(truncate ? Math.ceil(slow) : slow, dims - 1);
  const width = to === from ? 0.001 : to - from;
  return (pair) => Math.min(1, Math.max(0, (pair - from) / width));
}

export interface RotaryTables {
  /** [1, pos, 1, dims]; the second half repeats the first. */
  readonly cos: Tensor;
  readonly sin: Tensor;
  readonly dims: number;
}

/** Cosines and sines for positions offset … offset + length − 1, computed in float64. `dims` of each head turn. */
export function rotaryTables({ base, scaling }: Rotary, dims: number, offset: number, length: number): RotaryTables {
  const frequencies = rotaryFrequencies(base, dims, scaling);
  const gain = rotaryGain(scaling);
  const table = (f: (angle: number) => number): Tensor => {
    const values = new Float32Array(length * dims);
    for (let t = 0; t < length; t++)
      for (let j = 0; j < dims; j++) values[t * dims + j] = gain * f((offset + t) * (frequencies[j % (dims / 2)] ?? 0));
    return tf.tensor4d(values, [1, length, 1, dims]);
  };
  return { cos: table(Math.cos), sin: table(Math.sin), dims };
}

/** Half-split rotation (pairs j and j + dims/2), as in all Hugging Face families. x [batch, pos, head, d_head]. */
export function rotate(x: Tensor, { cos, sin, dims }: RotaryTables): Tensor {
  const [batch = 1, length = 0, heads = 0, width = 0] = x.shape;
  const half = dims / 2;
  const slice = (from: number, size: number): Tensor => tf.slice(x, [0, 0, 0, from], [batch, length, heads, size]);
  const turned = dims === width ? x : slice(0, dims);
  const rotatedHalf = tf.concat([tf.neg(slice(half, half)), slice(0, half)], 3);
  const rotated = tf.add(tf.mul(turned, cos), tf.mul(rotatedHalf, sin));
  return dims === width ? rotated : tf.concat([rotated, slice(dims, width - dims)], 3);
}
