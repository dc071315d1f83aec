import { logSumExp } from '../../core/stats/index.ts';
import type { GeneratedToken, Sampling } from '../api.ts';
import { entriesAbove, logSumExpRows, penalized, readMany, tf, topKRows } from '../kernels/index.ts';
import { choose } from './sampling.ts';

/** Entries that are read at once; they nearly always hold the nucleus. */
const FIRST = 64;
/** Draws are multiples of 2^-32, so a tail with less than half of that is never drawn. */
const NEVER = 2 ** -33;

/**
 * Draws the next token from logits that stay on the device: what is read back are the most probable entries and sums over
 * the rest. Where they do not hold the nucleus, all entries are read that can: those so large that what is left out has
 * less probability than the nucleus leaves. The same token as `sample` gives for the whole row.
 * @param logits [1, d_vocab]
 * @param occurred for the repetition penalty
 * @param top      how many most probable tokens (before penalty and temperature) ride along, of the first `tokens`
 * @param tokens   of the tokenizer: a padded vocabulary has further rows, which are drawn like any other but not listed
 */
export async function drawNext(
  logits: tf.Tensor2D,
  occurred: readonly number[],
  sampling: Sampling,
  top: number,
  uniform: () => number,
  tokens: number = logits.shape[1],
): Promise<GeneratedToken> {
  const { temperature, topK, topP } = sampling;
  const size = logits.shape[1];
  const greedy = temperature === 0;
  const draw = greedy ? 0 : uniform();
  const scores = scoresOf(logits, occurred, sampling);
  try {
    const wanted = Math.max(1, Math.min(size, greedy ? 1 : (topK ?? FIRST)));
    const complete = topK !== undefined || wanted === size;
    const tensors = tf.tidy(() => {
      const best = topKRows(scores, wanted);
      const riding = top > 0 ? topKRows(logits, Math.min(top, size, tokens), tokens) : null;
      return [
        best.values,
        best.indices,
        tf.gather(tf.reshape(logits, [-1]), tf.reshape(best.indices, [-1])),
        logSumExpRows(logits),
        ...(complete || greedy ? [] : [logSumExpRows(scores)]),
        ...(riding ? [riding.indices, riding.values] : []),
      ];
    });
    const read = await readMany(tensors);
    tf.dispose(tensors);
    const [values, ids, raw, total] = read as [Float32Array, Int32Array, Float32Array, Float32Array];
    const [topIds, topLogits] = top > 0 ? read.slice(-2) : [];
    const whole = total[0] ?? NaN;
    const answer = (token: number, logit: number): GeneratedToken => ({
      token,
      logProb: logit - whole,
      top: Array.from(topIds ?? [], (id, i) => ({
        token: id,
        logit: topLogits?.[i] ?? NaN,
        logProb: (topLogits?.[i] ?? NaN) - whole,
      })),
    });
    if (greedy) return answer(ids[0] ?? 0, raw[0] ?? NaN);
    const sum = complete ? logSumExp(values) : (read[4]?.[0] ?? NaN);
    const at = choose(values, sum, topP, draw, complete);
    if (at !== null) return answer(ids[at] ?? 0, raw[at] ?? NaN);

    const left = topP < 1 ? (1 - topP) / 2 : NEVER;
    const more = await entriesAbove(scores, sum + Math.log(left / size));
    const found = more.ids[choose(more.values, sum, topP, draw, true) ?? 0] ?? 0;
    const one = tf.tidy(() => tf.slice(logits, [0, found], [1, 1]));
    const [logit] = await readMany([one]);
    one.dispose();
    return answer(found, logit?.[0] ?? NaN);
  } finally {
    if (scores !== logits) scores.dispose();
  }
}

/** What is sampled from: logits after repetition penalty and temperature. */
function scoresOf(logits: tf.Tensor2D, occurred: readonly number[], { temperature, repetitionPenalty }: Sampling): tf.Tensor2D {
  return tf.tidy(() => {
    const allowed = repetitionPenalty === 1 ? logits : penalized(logits, occurred, repetitionPenalty);
    return temperature === 0 || temperature === 1 ? allowed : tf.div<tf.Tensor2D>(allowed, temperature);
  });
}
