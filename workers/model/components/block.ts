import { tf, type Tensor } from '../../kernels/index.ts';
import type { BlockWeights } from '../weights.ts';
import { attention, type AttentionContext } from './attention.ts';
import { mlp } from './mlp.ts';
import { norm } from './norm.ts';

/**
 * One pre-norm transformer block: x + attention(norm(x)), then + mlp(norm(x)) of the sum; or, in parallel, both of x.
 */
export function runBlock(input: Tensor, weights: BlockWeights, ctx: AttentionContext): Tensor {
  const { config, hooks, layer } = ctx;
  const pre = hooks.at('resid_pre', layer, input);
  const normed = norm(pre, weights.ln1, config, hooks, { scale: 'ln1_scale', normalized: 'ln1_normalized', layer });
  const out = attention(pre, normed, weights, ctx);
  const sum = tf.add(pre, out);
  const mid = config.parallel ? sum : hooks.at('resid_mid', layer, sum);
  const read = config.parallel ? pre : mid;
  const mlpIn = hooks.wants('mlp_in', layer) ? hooks.at('mlp_in', layer, read) : read;
  const mlpNormed = norm(mlpIn, weights.ln2, config, hooks, { scale: 'ln2_scale', normalized: 'ln2_normalized', layer });
  const written = mlp(mlpNormed, weights, config, hooks, layer);
  return hooks.at('resid_post', layer, tf.add(mid, written));
}
