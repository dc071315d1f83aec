import { plainParts, type ModelConfig } from '../model-config.ts';
import { activation, badField, flag, headWidth, isObject, layerCount, number, rope, size, tokenId } from './config-fields.ts';
import type { FamilyDefinition, JsonObject } from './index.ts';
import { rowRange, type LinearNames, type NormNames } from './layout.ts';

/** GPT-NeoX and Pythia: attention and MLP side by side, rotation of a part of each head, QKV fused head by head. */
export const gptNeox: FamilyDefinition = {
  modelTypes: ['gpt_neox'],

  parseConfig(json): ModelConfig {
    const dModel = size(json, 'hidden_size');
    const nHeads = size(json, 'num_attention_heads');
    const nLayers = layerCount(json, 'num_hidden_layers');
    const dHead = headWidth(dModel, nHeads);
    const { base, scaling } = rope(json, number(json, 'rotary_emb_base', 10_000));
    return {
      ...plainParts(nLayers),
      family: 'gpt-neox',
      nLayers,
      nHeads,
      nKvHeads: nHeads,
      dModel,
      dHead,
      dMlp: size(json, 'intermediate_size'),
      dVocab: size(json, 'vocab_size'),
      nCtx: size(json, 'max_position_embeddings'),
      norm: { kind: 'layerNorm', eps: number(json, 'layer_norm_eps', 1e-5) },
      positional: { kind: 'rotary', base, scaling, dims: rotaryDims(json, dHead), local: null },
      mlp: { activation: activation(json, 'hidden_act', 'gelu'), gated: false },
      attentionDivisor: Math.sqrt(dHead),
      parallel: flag(json, 'use_parallel_residual', true),
      tiedEmbeddings: flag(json, 'tie_word_embeddings', false),
      bosTokenId: tokenId(json, 'bos_token_id'),
      eosTokenId: tokenId(json, 'eos_token_id'),
    };
  },

  names({ nHeads, dHead }, has) {
    const prefix = has('embed_in.weight') ? '' : 'gpt_neox.';
    const norm = (name: string): NormNames => ({ name: prefix + name, bias: true });
    const linear = (name: string, bias: LinearNames['bias'] = true): LinearNames => ({ name: prefix + name, bias });
    // Rows are [head][q, k, v][d_head].
    const rowsOf = (part: number): number[] =>
      rowRange(0, nHeads).flatMap((head) => rowRange((3 * head + part) * dHead, (3 * head + part + 1) * dHead));
    return {
      embed: `${prefix}embed_in.weight`,
      pos: null,
      final: norm('final_layer_norm'),
      // What newer versions of transformers write.
      unembed: has('lm_head.weight') ? 'lm_head.weight' : 'embed_out.weight',
      block: (layer) => {
        const at = `layers.${layer}`;
        return {
          ln1: norm(`${at}.input_layernorm`),
          ln2: norm(`${at}.post_attention_layernorm`),
          ln1Post: null,
          ln2Post: null,
          qkv: { kind: 'fused', ...linear(`${at}.attention.query_key_value`, 'maybe'), rows: [rowsOf(0), rowsOf(1), rowsOf(2)] },
          o: linear(`${at}.attention.dense`, 'maybe'),
          qNorm: null,
          kNorm: null,
          mlp: { in: linear(`${at}.mlp.dense_h_to_4h`), gate: null, out: linear(`${at}.mlp.dense_4h_to_h`) },
        };
      },
    };
  },
};

/** How much of a head turns: `rotary_pct`, or `partial_rotary_factor` in `rope_parameters` (transformers 5). */
function rotaryDims(json: JsonObject, dHead: number): number {
  const parameters = isObject(json['rope_parameters']) ? json['rope_parameters'] : {};
  const part = number({ rotary_pct: parameters['partial_rotary_factor'] ?? json['rotary_pct'] }, 'rotary_pct', 0.25);
  const dims = Math.floor(dHead * part);
  if (dims > dHead || dims < 2 || dims % 2 !== 0) throw badField('rotary_pct', `turns ${dims} of ${dHead} dimensions`);
  return dims;
}
