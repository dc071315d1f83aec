import { plainParts, type ModelConfig } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { range, type BlockWeights } from '../weights.ts';
import { activation, flag, number, size, tokenId } from './config-fields.ts';
import type { FamilyDefinition } from './index.ts';

/** GPT-2: learned positions, LayerNorm with bias, Conv1D weights ([in, out]) with fused QKV, tied embeddings. */
export const gpt2: FamilyDefinition = {
  modelTypes: ['gpt2'],

  parseConfig(json): ModelConfig {
    const dModel = size(json, 'n_embd');
    const nHeads = size(json, 'n_head');
    if (dModel % nHeads !== 0)
      throw new VitrineError('bad-file', `config.json: ${nHeads} heads do not divide ${dModel} dimensions`);
    if (json['scale_attn_by_inverse_layer_idx'] === true)
      throw new VitrineError('unsupported-file', 'config.json: scale_attn_by_inverse_layer_idx is not supported');
    const dHead = dModel / nHeads;
    const nLayers = size(json, 'n_layer', undefined, 1_000);
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

  async load(loader, config) {
    const { dModel: d, dMlp, dVocab, nCtx, nLayers } = config;
    const prefix = loader.has('transformer.wpe.weight') || loader.has('transformer.wpe.weight.q8') ? 'transformer.' : '';
    const block = async (layer: number): Promise<BlockWeights> => {
      const h = `${prefix}h.${layer}`;
      const [q, k, v] = await loader.split(
        `${h}.attn.c_attn`,
        [0, d, 2 * d].map((from) => range(from, from + d)),
        d,
        {
          conv1d: true,
        },
      );
      if (!q || !k || !v) throw new VitrineError('bad-file', `${h}.attn.c_attn does not hold q, k and v`);
      return {
        ln1: await loader.norm(`${h}.ln_1`, d, { bias: true }),
        ln2: await loader.norm(`${h}.ln_2`, d, { bias: true }),
        ln1Post: null,
        ln2Post: null,
        attn: {
          q,
          k,
          v,
          o: await loader.linear(`${h}.attn.c_proj`, d, d, { bias: true, conv1d: true }),
          qNorm: null,
          kNorm: null,
        },
        mlp: {
          in: await loader.linear(`${h}.mlp.c_fc`, dMlp, d, { bias: true, conv1d: true }),
          gate: null,
          out: await loader.linear(`${h}.mlp.c_proj`, d, dMlp, { bias: true, conv1d: true }),
        },
      };
    };
    const embed = await loader.matrix(`${prefix}wte.weight`, dVocab, d);
    const pos = await loader.exact(`${prefix}wpe.weight`, nCtx, d);
    const blocks: BlockWeights[] = [];
    for (let layer = 0; layer < nLayers; layer++) blocks.push(await block(layer));
    return {
      embed,
      pos,
      blocks,
      final: await loader.norm(`${prefix}ln_f`, d, { bias: true }),
      unembed: config.tiedEmbeddings ? embed : await loader.matrix('lm_head.weight', dVocab, d),
    };
  },
};
