import { BINS } from '../../../core/dashboards/record.ts';
import type { LogitEffects, TokenEffect } from '../../../core/dashboards/types.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import { histogram, topK } from '../../../core/stats/index.ts';
import type { RunContext, Sae, Tensor } from '../../../workers/api.ts';
import { writtenRows } from './directions.ts';

const SHOWN = 20;
/** Rows of W_U that are dequantized at a time. */
const CHUNK = 4_096;

/** See `LogitEffects`. Empty for a dictionary that does not write into the residual stream. */
export async function logitEffects(ctx: RunContext, sae: Sae, feature: number): Promise<LogitEffects[]> {
  const { tf, model } = ctx;
  const direction = writtenRows(ctx, sae, [feature]);
  if (!direction) return [];
  // Rows of a padded vocabulary that are no tokens are left out.
  const dVocab = Math.min(model.config.dVocab, model.tokenizer.size);
  const gain = new Float32Array(dVocab);
  const raw = new Float32Array(dVocab);
  for (let from = 0; from < dVocab; from += CHUNK) {
    await ctx.checkpoint();
    const ids = Array.from({ length: Math.min(CHUNK, dVocab - from) }, (_, i) => from + i);
    const [folded, plain] = tf.tidy((): [Tensor, Tensor] => {
      const unembed = model.unembedRows(ids);
      return [model.directLogits(direction, 1, unembed), tf.matMul(direction as never, unembed as never, false, true)];
    });
    const [a, b] = await ctx.read([folded, plain]);
    tf.dispose([folded, plain]);
    if (a) gain.set(a, from);
    if (b) raw.set(b, from);
  }
  direction.dispose();
  const effects = (convention: LogitEffects['convention'], values: Float32Array): LogitEffects => {
    const list = (order: readonly number[]): TokenEffect[] =>
      order.map((id) => ({ token: model.tokenizer.token(id), value: values[id] ?? NaN }));
    const { edges, counts } = histogram(values, BINS);
    return {
      convention,
      top: list(topK(values, SHOWN)),
      bottom: list(
        topK(
          values.map((x) => -x),
          SHOWN,
        ),
      ),
      histogram: {
        from: edges[0] ?? 0,
        to: edges[BINS] ?? 0,
        counts: wireTensor(Int32Array.from(counts), [counts.length], ['bin']),
      },
    };
  };
  return [effects('gain', gain), effects('raw', raw)];
}
