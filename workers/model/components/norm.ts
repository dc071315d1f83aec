import type { ModelConfig } from '../../../core/model-config.ts';
import type { SiteId } from '../../../core/hooks.ts';
import { tf, type Tensor } from '../../kernels/index.ts';
import { NO_HOOKS, type Hooks } from '../hook-run.ts';
import type { Norm } from '../weights.ts';

export interface NormSites {
  readonly scale: SiteId;
  readonly normalized: SiteId;
  readonly layer: number | null;
}
const NOWHERE: NormSites = { scale: 'ln1_scale', normalized: 'ln1_normalized', layer: null };

/**
 * LayerNorm or RMSNorm over the last axis. As in TransformerLens 3, `hook_scale` is √(mean x² + ε) after centring (no
 * centring for RMSNorm) and `hook_normalized` is x / scale, before gain and bias.
 */
export function norm(
  x: Tensor,
  { gain, bias }: Norm,
  config: ModelConfig,
  hooks: Hooks = NO_HOOKS,
  sites: NormSites = NOWHERE,
): Tensor {
  const centred = config.norm.kind === 'layerNorm' ? tf.sub(x, tf.mean(x, -1, true)) : x;
  const scale = hooks.at(sites.scale, sites.layer, rmsScale(centred, config));
  const normalized = hooks.at(sites.normalized, sites.layer, tf.div(centred, scale));
  const scaled = tf.mul(normalized, gain);
  return bias ? tf.add(scaled, bias) : scaled;
}

/** √(mean x² + ε) over the last axis, [..., 1]. */
export function rmsScale(x: Tensor, { norm: { eps } }: ModelConfig): Tensor {
  return tf.sqrt(tf.add(tf.mean(tf.square(x), -1, true), eps));
}
