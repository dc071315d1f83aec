import type { ModelConfig } from '../../../core/model-config.ts';
import { gatherRows, tf, type Tensor } from '../../kernels/index.ts';
import type { Hooks } from '../hook-run.ts';
import type { ModelWeights } from '../weights.ts';

/**
 * Token and (learned) position embeddings of [batch, length] ids, without hooks. `pos` is null with rotary positions.
 * Tokens are scaled where the family says so, so that `hook_embed` is what enters the residual stream, as in TransformerLens.
 */
export function embeddings(
  ids: Int32Array,
  batch: number,
  length: number,
  offset: number,
  weights: ModelWeights,
  { embedScale }: ModelConfig,
): { readonly tokens: Tensor; readonly positions: Tensor | null } {
  const { k } = weights.embed;
  const looked = tf.reshape(gatherRows(weights.embed, tf.tensor1d(ids, 'int32')), [batch, length, k]);
  const tokens = embedScale === 1 ? looked : tf.mul(looked, embedScale);
  if (!weights.pos) return { tokens, positions: null };
  const rows = gatherRows(weights.pos, tf.range(offset, offset + length, 1, 'int32'));
  return { tokens, positions: tf.tile(tf.expandDims(rows, 0), [batch, 1, 1]) };
}

/** The first residual stream, through `hook_embed` and `hook_pos_embed`. */
export function embed(
  { tokens, positions }: { readonly tokens: Tensor; readonly positions: Tensor | null },
  hooks: Hooks,
): Tensor {
  const e = hooks.at('embed', null, tokens);
  return positions ? tf.add(e, hooks.at('pos_embed', null, positions)) : e;
}
