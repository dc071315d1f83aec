import type { ModelConfig } from '../../../core/model-config.ts';
import { linear, type Tensor } from '../../kernels/index.ts';
import { NO_HOOKS, type Hooks } from '../hook-run.ts';
import type { ModelWeights } from '../weights.ts';
import { norm } from './norm.ts';
import { softcap } from './softcap.ts';

/** Residual stream [..., d_model] through the final norm and its hooks. */
export function finalNorm(residual: Tensor, weights: ModelWeights, config: ModelConfig, hooks: Hooks = NO_HOOKS): Tensor {
  return norm(residual, weights.final, config, hooks, { scale: 'final_scale', normalized: 'final_normalized', layer: null });
}

/** What the final norm gives [..., d_model] → logits [..., d_vocab], capped where the family caps. */
export function logitsOfNormed(normed: Tensor, weights: ModelWeights, config: ModelConfig): Tensor {
  return softcap(linear(normed, weights.unembed), config.finalSoftcap);
}

/** Residual stream [..., d_model] → logits [..., d_vocab], through the final norm and its hooks. */
export function unembed(residual: Tensor, weights: ModelWeights, config: ModelConfig, hooks: Hooks = NO_HOOKS): Tensor {
  return logitsOfNormed(finalNorm(residual, weights, config, hooks), weights, config);
}
