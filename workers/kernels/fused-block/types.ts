import type { ModelConfig } from '../../../core/model-config.ts';
import type { Matrix } from '../matrix.ts';
import type { tf, Tensor } from '../tf.ts';

export interface FusedNorm {
  readonly gain: tf.Tensor1D;
  readonly bias: tf.Tensor1D | null;
}
export interface FusedLinear {
  readonly w: Matrix;
  readonly b: tf.Tensor1D | null;
}
/** The weights of one block, as the model holds them (`BlockWeights`). */
export interface FusedWeights {
  readonly ln1: FusedNorm;
  readonly ln2: FusedNorm;
  readonly ln1Post: FusedNorm | null;
  readonly ln2Post: FusedNorm | null;
  readonly attn: {
    readonly q: FusedLinear;
    readonly k: FusedLinear;
    readonly v: FusedLinear;
    readonly o: FusedLinear;
    readonly qNorm: FusedNorm | null;
    readonly kNorm: FusedNorm | null;
  };
  readonly mlp: { readonly in: FusedLinear; readonly gate: FusedLinear | null; readonly out: FusedLinear };
}

/** Keys and values of one layer, both [batch, capacity, nKvHeads, dHead]; positions from `filled` on are undefined. */
export interface KvStore {
  readonly k: Tensor;
  readonly v: Tensor;
  readonly filled: number;
}

/** What a fused block needs to know beside its input and weights. */
export interface FusedContext {
  readonly config: ModelConfig;
  readonly layer: number;
  /** Position of the first row of x. */
  readonly offset: number;
  /** Real tokens of each row of the batch, counted from `offset`; no query sees a key beyond. */
  readonly lengths: readonly number[];
  /** Cosines and sines of this layer and these positions, [1, length, 1, dims]; null without rotary positions. */
  readonly rotary: { readonly cos: Tensor; readonly sin: Tensor; readonly dims: number } | null;
  /** Room for `length` more positions from `filled` on, where the block writes its keys and values; null: nobody needs them. */
  readonly kv: KvStore | null;
}

/**
 * One whole block without a stop, for when nobody listens inside: x [batch, length, dModel] → the same shape, a new tensor.
 * The same numbers as the unfused path up to the order of operations; no gradient. Null where this block, shape or device
 * is not supported: then nothing was written, and the caller takes the unfused path.
 */
export type FusedBlock = (x: Tensor, weights: FusedWeights, ctx: FusedContext) => Tensor | null;
