import { plainParts, type ModelConfig } from '../model-config.ts';
import { activation, badField, flag, headWidth, layerCount, number, size, tokenId, unsupportedField } from './config-fields.ts';
import type { FamilyDefinition, JsonObject } from './index.ts';
import type { LinearNames, NormNames } from './layout.ts';

/**
 * GPT-Neo and TinyStories: as GPT-2, but scores are not divided by √d_head, layers take turns between all keys and a
 * window, q, k and v are apart and have no bias.
 */
export const gptNeo: FamilyDefinition = {
  modelTypes: ['gpt_neo'],

  parseConfig(json): ModelConfig {
    const dModel = size(json, 'hidden_size');
    const nHeads = size(json, 'num_heads');
    const nLayers = layerCount(json, 'num_layers');
    const window = size(json, 'window_size', 256);
    return {
      ...plainParts(nLayers),
      family: 'gpt-neo',
      nLayers,
      nHeads,
      nKvHeads: nHeads,
      dModel,
      dHead: headWidth(dModel, nHeads),
      dMlp: size(json, 'intermediate_size', 4 * dModel),
      dVocab: size(json, 'vocab_size'),
      nCtx: size(json, 'max_position_embeddings'),
      norm: { kind: 'layerNorm', eps: number(json, 'layer_norm_epsilon', 1e-5) },
      positional: { kind: 'learned' },
      mlp: { activation: activation(json, 'activation_function', 'gelu_new'), gated: false },
      attentionDivisor: 1,
      windows: layerKinds(json, nLayers).map((kind) => (kind === 'local' ? window : null)),
      tiedEmbeddings: flag(json, 'tie_word_embeddings', true),
      bosTokenId: tokenId(json, 'bos_token_id'),
      eosTokenId: tokenId(json, 'eos_token_id'),
    };
  },

  names(_config, has) {
    const prefix = has('transformer.wpe.weight') ? 'transformer.' : '';
    const norm = (name: string): NormNames => ({ name: prefix + name, bias: true });
    const linear = (name: string, bias = true): LinearNames => ({ name: prefix + name, bias });
    return {
      embed: `${prefix}wte.weight`,
      pos: `${prefix}wpe.weight`,
      final: norm('ln_f'),
      unembed: 'lm_head.weight',
      block: (layer) => {
        const attention = `h.${layer}.attn.attention`;
        return {
          ln1: norm(`h.${layer}.ln_1`),
          ln2: norm(`h.${layer}.ln_2`),
          ln1Post: null,
          ln2Post: null,
          qkv: {
            kind: 'apart',
            q: linear(`${attention}.q_proj`, false),
            k: linear(`${attention}.k_proj`, false),
            v: linear(`${attention}.v_proj`, false),
          },
          o: linear(`${attention}.out_proj`),
          qNorm: null,
          kNorm: null,
          mlp: { in: linear(`h.${layer}.mlp.c_fc`), gate: null, out: linear(`h.${layer}.mlp.c_proj`) },
        };
      },
    };
  },
};

/** `global` or `local` of each layer: `attention_layers`, or `attention_types` [[kinds, times], …]. */
function layerKinds(json: JsonObject, nLayers: number): string[] {
  const types = json['attention_types'] ?? [[['global', 'local'], Math.ceil(nLayers / 2)]];
  const listed: unknown = json['attention_layers'] ?? expand(types);
  if (!Array.isArray(listed) || listed.length < nLayers) throw badField('attention_layers', `does not list ${nLayers} layers`);
  return listed.slice(0, nLayers).map((kind: unknown) => {
    if (kind !== 'global' && kind !== 'local')
      throw unsupportedField('attention_layers', `has "${String(kind)}", which is not known`);
    return kind;
  });
}

function expand(types: unknown): unknown[] {
  if (!Array.isArray(types)) throw badField('attention_types', 'is not a list');
  return types.flatMap((entry: unknown) => {
    const [kinds, times] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (!Array.isArray(kinds) || typeof times !== 'number' || !(times >= 0 && times <= 1_000))
      throw badField('attention_types', 'is not a list of [kinds, times]');
    return Array.from({ length: Math.floor(times) }, () => kinds as unknown[]).flat();
  });
}
