import { parseHook, type HookName, type SiteId } from '../../../core/hooks.ts';
import type { RunContext, Sae } from '../../../workers/api.ts';
import type { SearchParams } from '../spec.ts';
import { compare, type Candidate } from './rank.ts';
import { isDense } from './score.ts';

/** Features whose effect is computed at once: bounds memory for wide dictionaries. */
const BLOCK = 4_096;
/** Sites whose values stand in the residual stream. */
const RESIDUAL: readonly SiteId[] = ['embed', 'resid_pre', 'resid_mid', 'resid_post', 'attn_out', 'mlp_out'];

/** Whether a dictionary at this hook writes into the residual stream, directly or through its layer's W_O. */
export const writesResidual = (hook: HookName): boolean => {
  const site = parseHook(hook)?.site;
  return site === 'z' || (site !== undefined && RESIDUAL.includes(site));
};

/**
 * Logits that one unit of each feature adds to a token through the unembedding alone: its decoder row (at `hook_z` through
 * W_O of its layer), centred where the final norm is a LayerNorm, times the norm's gain, · W_U[token]; the norm at scale 1.
 * @returns f32 [dSae]
 */
export async function tokenEffects(ctx: RunContext, sae: Sae, token: number): Promise<Float32Array> {
  const { model, tf } = ctx;
  const { config } = model;
  const address = parseHook(sae.hookName);
  const layer = address?.site === 'z' ? address.layer : null;
  const out = new Float32Array(sae.dSae);
  const direction = tf.tidy(() => model.unembedRows([token]));
  for (let from = 0; from < sae.dSae; from += BLOCK) {
    await ctx.checkpoint();
    const ids = Array.from({ length: Math.min(BLOCK, sae.dSae - from) }, (_, i) => from + i);
    const rows = sae.decoderRows(ids);
    const effects = tf.tidy(() => {
      const heads = [ids.length, config.nHeads, config.dHead];
      const parts = layer === null ? rows : tf.sum(model.headOutput(layer, tf.reshape(rows, heads)), 1);
      return tf.reshape(model.directLogits(parts, 1, direction), [ids.length]);
    });
    const [values] = await ctx.read([effects]);
    out.set(values ?? [], from);
    tf.dispose([rows, effects]);
  }
  direction.dispose();
  return out;
}

export interface RankedEffects {
  readonly raises: readonly Candidate[];
  readonly lowers: readonly Candidate[];
  readonly dead: number;
  readonly dense: number;
}

/** The features of one dictionary that raise and that lower the token most, each strongest first. */
export function rankEffects(
  site: number,
  effects: Float32Array,
  { maxActivation, density }: Pick<Sae, 'maxActivation' | 'density'>,
  { effect, maxDensity, results }: Pick<SearchParams, 'effect' | 'maxDensity' | 'results'>,
): RankedEffects {
  const raises: Candidate[] = [];
  const lowers: Candidate[] = [];
  let dead = 0;
  let dense = 0;
  for (const [feature, value] of effects.entries()) {
    const max = maxActivation?.[feature] ?? NaN;
    if (max === 0) dead++;
    else if (isDense(density, feature, maxDensity)) dense++;
    else if (value !== 0) {
      const size = Math.abs(value);
      (value > 0 ? raises : lowers).push({ site, feature, key: effect === 'max' ? size * max : size, fallback: size });
    }
  }
  return {
    raises: raises.sort(compare).slice(0, results),
    lowers: lowers.sort(compare).slice(0, results),
    dead,
    dense,
  };
}
