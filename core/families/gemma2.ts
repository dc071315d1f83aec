import { plainParts, type ModelConfig } from '../model-config.ts';
import { activation, llamaLike, maybeNumber, number, rope, size, windows } from './config-fields.ts';
import type { FamilyDefinition, JsonObject } from './index.ts';
import { llamaNames } from './llama.ts';

/** Gemma 2: norms before and after attention and MLP, capped scores and logits, every other layer with a window. */
export const gemma2: FamilyDefinition = {
  modelTypes: ['gemma2'],

  parseConfig(json): ModelConfig {
    const shape = llamaLike(json, { tied: true, eps: 1e-6, headDim: 256, nCtx: 8_192 });
    return {
      ...plainParts(shape.nLayers),
      ...shape,
      ...gemmaParts(json, shape.dModel),
      family: 'gemma2',
      // Older files say neither cap; null switches one off.
      attentionSoftcap: json['attn_logit_softcapping'] === undefined ? 50 : maybeNumber(json, 'attn_logit_softcapping'),
      finalSoftcap: json['final_logit_softcapping'] === undefined ? 30 : maybeNumber(json, 'final_logit_softcapping'),
      windows: windows(json, shape.nLayers, size(json, 'sliding_window', 4_096), (layer) => layer % 2 === 0),
      positional: { kind: 'rotary', ...rope(json, 10_000), dims: shape.dHead, local: null },
    };
  },

  names: (_config, has) => llamaNames(has, { plus: 1, postNorms: true }),
};

/**
 * What Gemma 2 and 3 share. Embeddings are multiplied by √d_model rounded to float32, as transformers does in float32 and
 * llama.cpp always does: our activations are float32, and so are those of the references. (transformers in bfloat16 rounds
 * the factor to bfloat16, e.g. 25.25 instead of 25.298 for d 640.)
 */
export function gemmaParts(
  json: JsonObject,
  dModel: number,
): Pick<ModelConfig, 'postNorms' | 'embedScale' | 'mlp' | 'attentionDivisor'> {
  return {
    postNorms: true,
    embedScale: Math.fround(Math.sqrt(dModel)),
    mlp: { activation: activation(json, 'hidden_activation', 'gelu_pytorch_tanh'), gated: true },
    attentionDivisor: Math.sqrt(number(json, 'query_pre_attn_scalar', 256)),
  };
}
