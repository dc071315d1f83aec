import type { Metric } from '../../core/metrics.ts';
import type { ModelConfig } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { tf, type Tensor } from '../kernels/index.ts';
import type { PaddedTokens } from './forward.ts';

/** Which position of each row a metric reads; null: all of them. */
export function metricPositions(metric: Metric, { lengths }: PaddedTokens): number[] | null {
  if (metric.kind === 'loss') return null;
  return lengths.map((length) => {
    const p = metric.position ?? -1;
    const at = p < 0 ? length + p : p;
    if (at < 0 || at >= length)
      throw new VitrineError('bad-spec', `metric: position ${p} is outside of a prompt of ${length} tokens`);
    return at;
  });
}

/** One position of each row, [batch, pos, d] → [batch, d]; a product with a one-hot, since WASM has no gradient of gather. */
export function selectPositions(x: Tensor, positions: readonly number[]): Tensor {
  const [batch = 1, length = 0] = x.shape;
  if (length === 1) return tf.squeeze(x, [1]);
  const pick = tf.reshape(tf.cast(tf.oneHot(tf.tensor1d([...positions], 'int32'), length), 'float32'), [batch, length, 1]);
  return tf.sum(tf.mul(x, pick), 1);
}

/**
 * The metric of each row, [batch]; differentiable with respect to the logits.
 * @param logits [batch, d_vocab] at the metric's position; for `loss` [batch, pos, d_vocab]
 * @param reference for `kl`: logits of the reference run, [batch or 1, d_vocab]
 */
export function metricValues(
  metric: Metric,
  logits: Tensor,
  tokens: PaddedTokens,
  config: ModelConfig,
  reference?: Tensor,
): Tensor {
  const weights = (ids: readonly number[], sign = 1): Float32Array => {
    const row = new Float32Array(config.dVocab);
    for (const id of ids) {
      if (id >= config.dVocab)
        throw new VitrineError('bad-spec', `metric: there is no token ${id} in a vocabulary of ${config.dVocab}`);
      row[id] = (row[id] ?? 0) + sign;
    }
    return row;
  };
  const along = (x: Tensor, row: Float32Array): Tensor => tf.sum(tf.mul(x, tf.tensor2d(row, [1, config.dVocab])), 1);
  switch (metric.kind) {
    case 'logit':
      return along(logits, weights([metric.token]));
    case 'logitDiff': {
      const row = weights([metric.correct]);
      row.forEach((_, i) => (row[i] = (row[i] ?? 0) - (i === metric.wrong ? 1 : 0)));
      weights([metric.wrong]);
      return along(logits, row);
    }
    case 'probDiff': {
      const row = weights(metric.upper);
      weights(metric.lower, -1).forEach((w, i) => (row[i] = (row[i] ?? 0) + w));
      return along(tf.softmax(logits, -1), row);
    }
    case 'logProb':
      return along(tf.logSoftmax(logits, -1), weights([metric.token]));
    case 'kl': {
      if (!reference) throw new VitrineError('bad-spec', 'metric: KL needs a reference prompt');
      const p = tf.logSoftmax(reference, -1);
      return tf.sum(tf.mul(tf.exp(p), tf.sub(p, tf.logSoftmax(logits, -1))), 1);
    }
    case 'loss':
      return meanLoss(logits, tokens, config);
  }
}

/** Mean cross-entropy of each row's next tokens. */
function meanLoss(logits: Tensor, { ids, batch, length, lengths }: PaddedTokens, config: ModelConfig): Tensor {
  if (lengths.some((n) => n < 2)) throw new VitrineError('bad-spec', 'metric: the loss needs at least two tokens');
  const targets = new Int32Array(batch * length);
  const weights = new Float32Array(batch * length);
  for (let b = 0; b < batch; b++) {
    const n = lengths[b] ?? length;
    for (let t = 0; t + 1 < n; t++) {
      targets[b * length + t] = ids[b * length + t + 1] ?? 0;
      weights[b * length + t] = 1 / (n - 1);
    }
  }
  const picked = tf.sum(
    tf.mul(
      tf.logSoftmax(logits, -1),
      tf.reshape(tf.cast(tf.oneHot(tf.tensor1d(targets, 'int32'), config.dVocab), 'float32'), [batch, length, config.dVocab]),
    ),
    2,
  );
  return tf.neg(tf.sum(tf.mul(picked, tf.tensor2d(weights, [batch, length])), 1));
}
