import type { Reductions } from '../api.ts';
import { logSumExpRows, readMany, tf, topKRows } from '../kernels/index.ts';

const asFloat = (x: Float32Array | Int32Array | undefined): Float32Array =>
  x instanceof Float32Array ? x : Float32Array.from(x ?? []);
const asInt = (x: Float32Array | Int32Array | undefined): Int32Array => (x instanceof Int32Array ? x : Int32Array.from(x ?? []));

/**
 * See `Reductions`: [n, d_vocab] never leaves the device.
 * @param tokens of the tokenizer; rows of the vocabulary beyond them are padding, which stands for nothing
 */
export const reductionsFor = (tokens: number): Reductions => ({
  async topLogits(logits, k) {
    const rows = logits as tf.Tensor2D;
    const within = Math.min(tokens, rows.shape[1]);
    const { values, indices } = topKRows(rows, Math.min(k, within), within);
    const total = logSumExpRows(rows);
    const read = await readMany([values, indices, total]);
    tf.dispose([values, indices, total]);
    const top = asFloat(read[0]);
    const sums = asFloat(read[2]);
    const width = top.length / Math.max(1, rows.shape[0]);
    return { ids: asInt(read[1]), logits: top, logProbs: top.map((x, i) => x - (sums[Math.floor(i / width)] ?? NaN)) };
  },
  async tokenLogits(logits, ids) {
    const rows = logits as tf.Tensor2D;
    const [picked, ranks, total] = tf.tidy(() => {
      const width = rows.shape[1];
      const at = tf.tensor1d(
        ids.map((id, row) => row * width + id),
        'int32',
      );
      const value = tf.gather(tf.reshape(rows, [-1]), at);
      const real = width > tokens ? tf.slice(rows, [0, 0], [-1, tokens]) : rows;
      const higher = tf.greater(real, tf.expandDims(value, 1));
      return [value, tf.sum(tf.cast(higher, 'int32'), 1), logSumExpRows(rows)] as const;
    });
    const read = await readMany([picked, ranks, total]);
    tf.dispose([picked, ranks, total]);
    const value = asFloat(read[0]);
    const sums = asFloat(read[2]);
    return { logits: value, logProbs: value.map((x, i) => x - (sums[i] ?? NaN)), ranks: asInt(read[1]) };
  },
});
