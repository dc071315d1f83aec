import type { Quantization } from '../../core/model-config.ts';

/**
 * How far the engine may be from its references, on every backend. All are max |a − b| / max |b| of one tensor (one hook,
 * one row of logits), so they bound the largest error by the largest value. Measured maxima are in docs/parity.md.
 */
export const TOLERANCE = {
  /** Activations, logits and logits under interventions, against float32 runs of the same (dequantized) weights in transformers. */
  activation: { f32: 2e-5, int8: 2e-5, int4: 2e-5 } as Readonly<Record<Quantization, number>>,
  /** Gradients of any metric at any hook, against torch autograd. */
  gradient: 1e-4,
  /** Features and reconstructions, against SAELens. */
  sae: 1e-5,
  /** Log-probabilities in nats, absolute. */
  logProb: 1e-4,
  /**
   * Logits of weights rounded on load, against the float32 weights that they were rounded from. Nothing but a statement of
   * how much rounding costs on random weights of 32 columns; trained models are closer.
   */
  rounding: { int8: 3e-2, int4: 4e-1 },
  /** The same computation in another order of operations, float32: invariants, cached against uncached. */
  reordering: 2e-5,
} as const;
