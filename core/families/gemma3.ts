import { plainParts, type ModelConfig } from '../model-config.ts';
import { isObject, llamaLike, maybeNumber, rope, size, unsupportedField, windows } from './config-fields.ts';
import { gemmaParts } from './gemma2.ts';
import type { FamilyDefinition, JsonObject } from './index.ts';
import { llamaNames } from './llama.ts';

/**
 * Gemma 3, text: as Gemma 2 without caps, with norms of queries and keys, and five layers with a window, which turn by a
 * base of their own, for each one without. Of the models that also see (`Gemma3ForConditionalGeneration`) the text part.
 */
export const gemma3: FamilyDefinition = {
  modelTypes: ['gemma3_text', 'gemma3'],

  parseConfig(whole): ModelConfig {
    const json = textPart(whole);
    if (json['use_bidirectional_attention'] === true)
      throw unsupportedField('use_bidirectional_attention', 'is not supported: the engine runs causal models');
    const shape = llamaLike(json, { tied: true, eps: 1e-6, headDim: 256, nCtx: 131_072 });
    const pattern = size(json, '_sliding_window_pattern', size(json, 'sliding_window_pattern', 6));
    return {
      ...plainParts(shape.nLayers),
      ...shape,
      ...gemmaParts(json, shape.dModel),
      family: 'gemma3',
      finalSoftcap: maybeNumber(json, 'final_logit_softcapping'),
      qkNorm: true,
      windows: windows(json, shape.nLayers, size(json, 'sliding_window', 4_096), (layer) => (layer + 1) % pattern !== 0),
      positional: { kind: 'rotary', ...rope(json, 1_000_000), dims: shape.dHead, local: localRope(json) },
    };
  },

  names: (_config, has) =>
    llamaNames(has, {
      plus: 1,
      postNorms: true,
      qkNorm: true,
      prefixes: ['', 'language_model.model.', 'model.language_model.', 'model.'],
    }),
};

/** Layers with a window: `rope_local_base_freq`, never scaled; or their own entry in `rope_parameters` (transformers 5). */
function localRope(json: JsonObject): ReturnType<typeof rope> {
  const parameters = isObject(json['rope_parameters']) ? json['rope_parameters'] : {};
  const nested = isObject(parameters['sliding_attention']) ? parameters['sliding_attention'] : {};
  return rope({ rope_parameters: { rope_theta: json['rope_local_base_freq'], ...nested } }, 10_000);
}

/** The defaults of transformers' Gemma3TextConfig, which the text part of a larger model leaves out. */
const TEXT_DEFAULTS: JsonObject = {
  vocab_size: 262_208,
  hidden_size: 2_304,
  intermediate_size: 9_216,
  num_hidden_layers: 26,
  num_attention_heads: 8,
  num_key_value_heads: 4,
};
const OUTER = ['bos_token_id', 'eos_token_id', 'tie_word_embeddings'] as const;

function textPart(json: JsonObject): JsonObject {
  const inner = json['text_config'];
  if (!isObject(inner)) return json;
  return { ...TEXT_DEFAULTS, ...Object.fromEntries(OUTER.flatMap((key) => (key in json ? [[key, json[key]]] : []))), ...inner };
}
