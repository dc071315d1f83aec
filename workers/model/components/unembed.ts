import type { ModelConfig } from '../../../core/model-config.ts';
import { linear, type Tensor } from '../../kernels/index.ts';
import { NO_HOOKS, type Hooks } from '../hook-run.ts';
import type { ModelWeights } from '../weights.ts';
import { norm } from './norm.ts';
import { softcap } from './softcap.ts';

/** Residual stream [..., d_model] → logits [..., d_vocab], through the final norm and its hooks, capped where the family caps. */
export function unembed(residual: Tensor, weights: ModelWeights, config: ModelConfig, hooks: Hooks = NO_HOOKS): Tensor {
  const normed = norm(residual, weights.final, config, hooks, {
    scale: 'final_scale',
    normalized: 'final_normalized',
    layer: null,
  });
  return softcap(linear(normed, weights.unembed), config.finalSoftcap);
}
