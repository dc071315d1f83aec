import type { SparseActs } from '../kernels/index.ts';
import { tf } from '../kernels/index.ts';
import type { WeightLoader } from '../model/weights.ts';
import type { SaeConfig } from './config.ts';

/** How rows become features: the part in which architectures differ. */
export interface SaeEncoder {
  /** Active features of rows [n, dIn]. */
  sparse(x: tf.Tensor2D): Promise<SparseActs>;
  /** Dense features [n, dSae]; differentiable with respect to x. */
  dense(x: tf.Tensor2D): tf.Tensor2D;
  /** W_enc transposed, [dSae, dIn], and b_enc, [dSae]; they stay the encoder's. */
  readonly wEncT: Awaited<ReturnType<WeightLoader['matrix']>>;
  readonly bEnc: tf.Tensor1D;
  bytes(): number;
  dispose(): void;
}

/** What one architecture file exports. Input normalisation, `b_dec` and decoding are shared (`sae.ts`). */
export interface SaeArchitecture {
  /** SAELens' `architecture` string. */
  readonly name: string;
  load(loader: WeightLoader, config: SaeConfig): Promise<SaeEncoder>;
}

/** In SAELens' files W_enc is [d_in, d_sae]; in int8 bundles `W_enc_T` is [d_sae, d_in], which is how it is held here. */
export function encoderMatrix(loader: WeightLoader, { dIn, dSae }: SaeConfig): ReturnType<WeightLoader['matrix']> {
  return loader.has('W_enc_T') ? loader.matrix('W_enc_T', dSae, dIn) : loader.matrix('W_enc', dSae, dIn, true);
}

/**
 * Lets through what `keep` says, as ReLU: f = ReLU(p) · keep. The gradient is dy where f > 0, so that which features are
 * active is held fixed; comparisons have no gradient in tfjs and would throw on its tape.
 */
export function gated(p: tf.Tensor, keep: (p: tf.Tensor) => tf.Tensor): tf.Tensor {
  const gate: Parameters<typeof tf.customGrad>[0] = (...inputs) => {
    const [input] = inputs as tf.Tensor[];
    const save = inputs[1] as (tensors: tf.Tensor[]) => void;
    if (!input) throw new Error('gated needs its input');
    const value = tf.mul(tf.relu(input), keep(input));
    save([value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => (saved[0] ? tf.mul(dy, tf.step(saved[0])) : dy),
    };
  };
  return tf.customGrad(gate)(p);
}
