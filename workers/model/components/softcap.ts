import { tf, type Tensor } from '../../kernels/index.ts';

/** cap · tanh(x / cap): numbers far below the cap stay as they are, none gets beyond it. Without a cap, x itself. */
export function softcap(x: Tensor, cap: number | null): Tensor {
  return cap === null ? x : tf.mul(tf.tanh(tf.div(x, cap)), cap);
}
