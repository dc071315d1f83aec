import type { ModelConfig } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { BlockWeights } from '../weights.ts';
import { activation, flag, number, rope, size, tokenId } from './config-fields.ts';
import type { FamilyDefinition } from './index.ts';

/** Llama and SmolLM2: rotary positions, RMSNorm, grouped-query attention, gated MLP. */
export const llama: FamilyDefinition = {
  modelTypes: ['llama'],

  parseConfig(json): ModelConfig {
    const dModel = size(json, 'hidden_size');
    const nHeads = size(json, 'num_attention_heads');
    const nKvHeads = size(json, 'num_key_value_heads', nHeads);
    if (nHeads % nKvHeads !== 0)
      throw new VitrineError('bad-file', `config.json: ${nKvHeads} key/value heads do not divide ${nHeads} heads`);
    const dHead = size(json, 'head_dim', dModel / nHeads);
    const { base, scaling } = rope(json, 10_000);
    return {
      family: 'llama',
      nLayers: size(json, 'num_hidden_layers', undefined, 1_000),
      nHeads,
      nKvHeads,
      dModel,
      dHead,
      dMlp: size(json, 'intermediate_size'),
      dVocab: size(json, 'vocab_size'),
      nCtx: size(json, 'max_position_embeddings'),
      norm: { kind: 'rmsNorm', eps: number(json, 'rms_norm_eps', 1e-6) },
      positional: { kind: 'rotary', base, dims: dHead, scaling },
      mlp: { activation: activation(json, 'hidden_act', 'silu'), gated: true },
      attentionDivisor: Math.sqrt(dHead),
      tiedEmbeddings: flag(json, 'tie_word_embeddings', false),
      bosTokenId: tokenId(json, 'bos_token_id'),
      eosTokenId: tokenId(json, 'eos_token_id'),
    };
  },

  load(loader, config) {
    const { dModel: d, dHead, nHeads, nKvHeads, dMlp, dVocab, nLayers } = config;
    const prefix = loader.has('embed_tokens.weight') ? '' : 'model.';
    const block = (layer: number): BlockWeights => {
      const at = `${prefix}layers.${layer}`;
      const attention = (name: string, n: number, k: number): BlockWeights['attn']['q'] =>
        loader.linear(`${at}.self_attn.${name}_proj`, n, k, { bias: loader.has(`${at}.self_attn.${name}_proj.bias`) });
      const mlp = (name: string, n: number, k: number): BlockWeights['mlp']['in'] =>
        loader.linear(`${at}.mlp.${name}_proj`, n, k, { bias: loader.has(`${at}.mlp.${name}_proj.bias`) });
      return {
        ln1: loader.norm(`${at}.input_layernorm`, d, { bias: false }),
        ln2: loader.norm(`${at}.post_attention_layernorm`, d, { bias: false }),
        attn: {
          q: attention('q', nHeads * dHead, d),
          k: attention('k', nKvHeads * dHead, d),
          v: attention('v', nKvHeads * dHead, d),
          o: attention('o', d, nHeads * dHead),
        },
        mlp: { in: mlp('up', dMlp, d), gate: mlp('gate', dMlp, d), out: mlp('down', d, dMlp) },
      };
    };
    const embed = loader.matrix(`${prefix}embed_tokens.weight`, dVocab, d);
    return {
      embed,
      pos: null,
      blocks: Array.from({ length: nLayers }, (_, layer) => block(layer)),
      final: loader.norm(`${prefix}norm`, d, { bias: false }),
      unembed: config.tiedEmbeddings ? embed : loader.matrix('lm_head.weight', dVocab, d),
    };
  },
};
