import { plainParts, type ModelConfig } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { BlockWeights, Linear } from '../weights.ts';
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
    const nLayers = size(json, 'num_hidden_layers', undefined, 1_000);
    return {
      ...plainParts(nLayers),
      family: 'llama',
      nLayers,
      nHeads,
      nKvHeads,
      dModel,
      dHead,
      dMlp: size(json, 'intermediate_size'),
      dVocab: size(json, 'vocab_size'),
      nCtx: size(json, 'max_position_embeddings'),
      norm: { kind: 'rmsNorm', eps: number(json, 'rms_norm_eps', 1e-6) },
      positional: { kind: 'rotary', base, dims: dHead, scaling, local: null },
      mlp: { activation: activation(json, 'hidden_act', 'silu'), gated: true },
      attentionDivisor: Math.sqrt(dHead),
      tiedEmbeddings: flag(json, 'tie_word_embeddings', false),
      bosTokenId: tokenId(json, 'bos_token_id'),
      eosTokenId: tokenId(json, 'eos_token_id'),
    };
  },

  async load(loader, config) {
    const { dModel: d, dHead, nHeads, nKvHeads, dMlp, dVocab, nLayers } = config;
    const prefix = loader.has('embed_tokens.weight') ? '' : 'model.';
    const block = async (layer: number): Promise<BlockWeights> => {
      const at = `${prefix}layers.${layer}`;
      const attention = (name: string, n: number, k: number): Promise<Linear> =>
        loader.linear(`${at}.self_attn.${name}_proj`, n, k, { bias: loader.has(`${at}.self_attn.${name}_proj.bias`) });
      const mlp = (name: string, n: number, k: number): Promise<Linear> =>
        loader.linear(`${at}.mlp.${name}_proj`, n, k, { bias: loader.has(`${at}.mlp.${name}_proj.bias`) });
      return {
        ln1: await loader.norm(`${at}.input_layernorm`, d, { bias: false }),
        ln2: await loader.norm(`${at}.post_attention_layernorm`, d, { bias: false }),
        ln1Post: null,
        ln2Post: null,
        attn: {
          q: await attention('q', nHeads * dHead, d),
          k: await attention('k', nKvHeads * dHead, d),
          v: await attention('v', nKvHeads * dHead, d),
          o: await attention('o', d, nHeads * dHead),
          qNorm: null,
          kNorm: null,
        },
        mlp: { in: await mlp('up', dMlp, d), gate: await mlp('gate', dMlp, d), out: await mlp('down', d, dMlp) },
      };
    };
    const embed = await loader.matrix(`${prefix}embed_tokens.weight`, dVocab, d);
    const blocks: BlockWeights[] = [];
    for (let layer = 0; layer < nLayers; layer++) blocks.push(await block(layer));
    return {
      embed,
      pos: null,
      blocks,
      final: await loader.norm(`${prefix}norm`, d, { bias: false }),
      unembed: config.tiedEmbeddings ? embed : await loader.matrix('lm_head.weight', dVocab, d),
    };
  },
};
