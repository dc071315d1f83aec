import type { ActivationName, ModelConfig } from '../../../core/model-config.ts';
import { linear, tf, type Tensor } from '../../kernels/index.ts';
import type { Hooks } from '../hook-run.ts';
import type { BlockWeights } from '../weights.ts';
import { norm } from './norm.ts';

const GELU_CUBIC = 0.044715;

/** The nonlinearities of the families. gelu_new is the tanh form, gelu the exact one. */
export function activate(x: Tensor, name: ActivationName): Tensor {
  switch (name) {
    case 'gelu_new':
      return tf.mul(
        tf.mul(x, 0.5),
        tf.add(tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), GELU_CUBIC)), Math.sqrt(2 / Math.PI))), 1),
      );
    case 'gelu':
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    case 'silu':
      return tf.mul(x, tf.sigmoid(x));
    case 'relu':
      return tf.relu(x);
  }
}

/**
 * Gated: post = act(gate(x)) · in(x), where `hook_pre` is gate(x) and `hook_pre_linear` is in(x).
 * @param normed the residual stream after the second norm
 */
export function mlp(normed: Tensor, block: BlockWeights, config: ModelConfig, hooks: Hooks, layer: number): Tensor {
  const { mlp: weights, ln2Post } = block;
  const x = hooks.at('mlp_hook_in', layer, normed);
  const up = linear(x, weights.in.w, weights.in.b ?? undefined);
  const pre = hooks.at('mlp_pre', layer, weights.gate ? linear(x, weights.gate.w, weights.gate.b ?? undefined) : up);
  const activated = activate(pre, config.mlp.activation);
  const post = hooks.at('mlp_post', layer, weights.gate ? tf.mul(activated, hooks.at('mlp_pre_linear', layer, up)) : activated);
  const written = hooks.at('mlp_hook_out', layer, linear(post, weights.out.w, weights.out.b ?? undefined));
  return hooks.at('mlp_out', layer, ln2Post ? norm(written, ln2Post, config) : written);
}
