import { unitRows, type UnitRows } from '../../../core/dashboards/directions.ts';
import { parseHook } from '../../../core/hooks.ts';
import type { RunContext, Sae, Tensor } from '../../../workers/api.ts';

const ROWS = 256;

/**
 * Directions that features write into the residual stream, [k, d_model]: decoder rows as they are where the hook is d_model
 * wide, through W_O of their layer at `hook_z`. Null where the way to the residual stream is another one (neurons).
 */
export function writtenRows({ tf, model }: RunContext, sae: Sae, features: readonly number[]): Tensor | null {
  const { nHeads, dHead, dModel } = model.config;
  const address = parseHook(sae.hookName);
  if (address?.site === 'z' && address.layer !== null) {
    const layer = address.layer;
    return tf.tidy(() => {
      const z = tf.reshape(sae.decoderRows(features), [1, features.length, nHeads, dHead]);
      return tf.reshape(tf.sum(model.headOutput(layer, z), 2), [features.length, dModel]);
    });
  }
  return sae.dIn === dModel && address?.site !== 'mlp_post' ? sae.decoderRows(features) : null;
}

/** All decoder rows of a dictionary, as unit vectors; `written`: in the residual stream (null: there is no way). */
export async function unitDirections(ctx: RunContext, sae: Sae, space: 'own' | 'written'): Promise<UnitRows | null> {
  const width = space === 'own' ? sae.dIn : ctx.model.config.dModel;
  const all = new Float32Array(sae.dSae * width);
  for (let from = 0; from < sae.dSae; from += ROWS) {
    await ctx.checkpoint();
    const features = Array.from({ length: Math.min(ROWS, sae.dSae - from) }, (_, i) => from + i);
    const rows = space === 'own' ? sae.decoderRows(features) : writtenRows(ctx, sae, features);
    if (!rows) return null;
    const [data] = await ctx.read([rows]);
    rows.dispose();
    if (data) all.set(data, from * width);
  }
  return unitRows(sae.id, all, width);
}
