import { plainParts, type ModelConfig } from '../model-config.ts';
import { activation, flag, headWidth, layerCount, number, size, tokenId, unsupportedField } from './config-fields.ts';
import type { FamilyDefinition } from './index.ts';
import { rowRange, type LinearNames, type NormNames } from './layout.ts';

/** GPT-2: learned positions, LayerNorm with bias, Conv1D weights ([in, out]) with fused QKV, tied embeddings. */
export const gpt2: FamilyDefinition = {
  modelTypes: ['gpt2'],

  parseConfig(json): ModelConfig {
    const dModel = size(json, 'n_embd');
    const nHeads = size(json, 'n_head');
    const dHead = headWidth(dModel, nHeads);
    if (json['scale_attn_by_inverse_layer_idx'] === true)
      throw unsupportedField('scale_attn_by_inverse_layer_idx', 'is not supported');
    const nLayers = layerCount(json, 'n_layer');
    return {
      ...plainParts(nLayers),
      family: 'gpt2',
      nLayers,
      nHeads,
      nKvHeads: nHeads,
      dModel,
      dHead,
      dMlp: size(json, 'n_inner', 4 * dModel),
      dVocab: size(json, 'vocab_size'),
      nCtx: size(json, 'n_positions', typeof json['n_ctx'] === 'number' ? json['n_ctx'] : undefined),
      norm: { kind: 'layerNorm', eps: number(json, 'layer_norm_epsilon', 1e-5) },
      positional: { kind: 'learned' },
      mlp: { activation: activation(json, 'activation_function', 'gelu_new'), gated: false },
      attentionDivisor: flag(json, 'scale_attn_weights', true) ? Math.sqrt(dHead) : 1,
      tiedEmbeddings: flag(json, 'tie_word_embeddings', true),
      bosTokenId: tokenId(json, 'bos_token_id'),
      eosTokenId: tokenId(json, 'eos_token_id'),
    };
  },

  names({ dModel: d }, has) {
    const prefix = has('transformer.wpe.weight') ? 'transformer.' : '';
    const norm = (name: string): NormNames => ({ name: prefix + name, bias: true });
    const conv1d = (name: string): LinearNames => ({ name: prefix + name, bias: true, conv1d: true });
    return {
      embed: `${prefix}wte.weight`,
      pos: `${prefix}wpe.weight`,
      final: norm('ln_f'),
      unembed: 'lm_head.weight',
      block: (layer) => ({
        ln1: norm(`h.${layer}.ln_1`),
        ln2: norm(`h.${layer}.ln_2`),
        ln1Post: null,
        ln2Post: null,
        qkv: {
          kind: 'fused',
          ...conv1d(`h.${layer}.attn.c_attn`),
          rows: [rowRange(0, d), rowRange(d, 2 * d), rowRange(2 * d, 3 * d)],
        },
        o: conv1d(`h.${layer}.attn.c_proj`),
        qNorm: null,
        kNorm: null,
        mlp: { in: conv1d(`h.${layer}.mlp.c_fc`), gate: null, out: conv1d(`h.${layer}.mlp.c_proj`) },
      }),
    };
  },
};
