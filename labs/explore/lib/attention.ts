import { hookName } from '../../../core/hooks.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { RunContext, RunOutput, Tensor } from '../../../workers/api.ts';
import type { Attention } from '../result.ts';
import { captured } from './capture.ts';

/** Patterns of every head, and the same weighted by the size of what each key's value would write (Kobayashi et al. 2020). */
export async function attentionMaps(ctx: RunContext, output: RunOutput): Promise<Attention> {
  const { tf, model } = ctx;
  const { nLayers, nHeads, nKvHeads } = model.config;
  const patterns: Tensor[] = [];
  const weighted: Tensor[] = [];
  for (let layer = 0; layer < nLayers; layer++) {
    const pattern = captured(output, hookName('pattern', layer));
    const scaled = tf.tidy(() => {
      const norms = tf.norm(
        model.headOutput(layer, perHead(ctx, captured(output, hookName('v', layer)), nHeads / nKvHeads)),
        'euclidean',
        -1,
      );
      return tf.mul(pattern, tf.expandDims(tf.transpose(norms, [0, 2, 1]), 2));
    });
    patterns.push(pattern);
    weighted.push(scaled);
  }
  const read = await ctx.read([...patterns, ...weighted]);
  tf.dispose(weighted);
  const positions = patterns[0]?.shape[2] ?? 0;
  const join = (from: number): Float32Array => {
    const block = nHeads * positions * positions;
    const all = new Float32Array(nLayers * block);
    for (let layer = 0; layer < nLayers; layer++) all.set(read[from + layer] ?? [], layer * block);
    return all;
  };
  const shape = [nLayers, nHeads, positions, positions];
  const axes = ['layer', 'head', 'query', 'key'] as const;
  return { pattern: wireTensor(join(0), shape, axes), valueWeighted: wireTensor(join(nLayers), shape, axes) };
}

/** Repeats each key/value head for the query heads that share it: [b, pos, kv, dh] → [b, pos, head, dh]. */
function perHead(ctx: RunContext, v: Tensor, times: number): Tensor {
  if (times === 1) return v;
  const [batch = 1, positions = 0, heads = 0, width = 0] = v.shape;
  return ctx.tf.reshape(ctx.tf.mul(ctx.tf.expandDims(v, 3), ctx.tf.ones([1, 1, 1, times, 1])), [
    batch,
    positions,
    heads * times,
    width,
  ]);
}
