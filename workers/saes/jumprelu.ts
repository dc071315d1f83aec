import { disposeMatrix, encodeAndRead, linear, matrixBytes, tf } from '../kernels/index.ts';
import type { WeightLoader } from '../model/weights.ts';
import { encoderMatrix, gated, type SaeArchitecture, type SaeEncoder } from './architecture.ts';
import type { SaeConfig } from './config.ts';

/**
 * f = ReLU(p) · 1[p > θ], p = x W_enc + b_enc, with a threshold of its own per feature, strictly above it.
 * BatchTopK and Matryoshka SAEs are saved in this form too.
 * Source: arXiv 2407.14435; inference as in SAELens' `JumpReLUSAE`.
 */
export const jumprelu: SaeArchitecture = {
  name: 'jumprelu',
  load: async (loader, config) => thresholded(loader, config, await loader.vector('threshold', config.dSae)),
};

/** The encoder of JumpReLU, and with thresholds of zero that of a plain ReLU SAE. Owns `threshold`. */
export async function thresholded(loader: WeightLoader, config: SaeConfig, threshold: tf.Tensor1D): Promise<SaeEncoder> {
  const wEncT = await encoderMatrix(loader, config);
  const bEnc = await loader.vector('b_enc', config.dSae);
  return {
    sparse: (x) => encodeAndRead(x, wEncT, bEnc, threshold),
    dense: (x) => gated(linear(x, wEncT, bEnc), (p) => tf.cast(tf.greater(p, threshold), 'float32')) as tf.Tensor2D,
    wEncT,
    bEnc,
    bytes: () => matrixBytes(wEncT) + (bEnc.size + threshold.size) * 4,
    dispose: () => {
      disposeMatrix(wEncT);
      tf.dispose([bEnc, threshold]);
    },
  };
}
