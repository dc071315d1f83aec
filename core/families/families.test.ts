import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../model-config.ts';
import {
  GEMMA2,
  GEMMA3,
  GEMMA3_4B,
  LLAMA32,
  PYTHIA,
  QWEN25,
  QWEN3,
  SMOLLM2,
  TINY_STORIES,
} from '../testing/checkpoint-configs.ts';
import { familyOf, type JsonObject } from './index.ts';

const parse = (json: JsonObject): ModelConfig => familyOf(json).parseConfig(json);
const without = (json: JsonObject, ...keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(json).filter(([key]) => !keys.includes(key)));

describe('config.json of real checkpoints', () => {
  it('SmolLM2-135M', () => {
    expect(parse(SMOLLM2)).toMatchObject({
      family: 'llama',
      nLayers: 30,
      nHeads: 9,
      nKvHeads: 3,
      dHead: 64,
      attentionDivisor: 8,
      tiedEmbeddings: true,
      positional: { kind: 'rotary', base: 100_000, dims: 64, scaling: null, local: null },
    });
  });

  it('Llama 3.2 1B', () => {
    expect(parse(LLAMA32)).toMatchObject({
      eosTokenId: 128_001,
      positional: {
        base: 500_000,
        scaling: { type: 'llama3', factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 },
      },
    });
  });

  it('Qwen 2.5 0.5B and Qwen 3 0.6B: windows are off; heads of Qwen 3 are wider than d_model / heads', () => {
    expect(parse(QWEN25)).toMatchObject({ dHead: 64, qkNorm: false, windows: Array(24).fill(null) });
    expect(parse(QWEN3)).toMatchObject({ dHead: 128, dModel: 1024, qkNorm: true, windows: Array(28).fill(null) });
    expect(parse(without(QWEN3, 'head_dim')).dHead).toBe(128);
  });

  it('Qwen with windows has them from a layer on', () => {
    const windows = parse({ ...QWEN25, use_sliding_window: true, max_window_layers: 22, sliding_window: 64 }).windows;
    expect(windows).toEqual([...Array(22).fill(null), 64, 64]);
    expect(parse({ ...QWEN25, use_sliding_window: true, max_window_layers: 0 }).windows).toEqual(Array(24).fill(32_768));
  });

  it('Gemma 2 2B: layers take turns, the first with a window; caps are there even where the file is silent', () => {
    const config = parse(GEMMA2);
    expect(config.windows.slice(0, 3)).toEqual([4096, null, 4096]);
    expect(config).toMatchObject({
      attentionSoftcap: 50,
      finalSoftcap: 30,
      embedScale: 48,
      postNorms: true,
      tiedEmbeddings: true,
    });
    expect(config.mlp).toEqual({ activation: 'gelu_new', gated: true });
    expect(config.attentionDivisor).toBe(16);
    expect(parse(without(GEMMA2, 'attn_logit_softcapping', 'final_logit_softcapping'))).toEqual(config);
    expect(parse({ ...GEMMA2, attn_logit_softcapping: null }).attentionSoftcap).toBeNull();
  });

  it('Gemma 3 270M: two bases, every sixth layer without a window, the scale in float32', () => {
    const config = parse(GEMMA3);
    expect(config.windows.flatMap((w, i) => (w === null ? [i] : []))).toEqual([5, 11, 17]);
    expect(config.windows[0]).toBe(512);
    expect(config).toMatchObject({ attentionSoftcap: null, finalSoftcap: null, qkNorm: true, dHead: 256, nKvHeads: 1 });
    expect(config.embedScale).toBe(Math.fround(Math.sqrt(640)));
    expect(config.positional).toEqual({
      kind: 'rotary',
      base: 1_000_000,
      dims: 256,
      scaling: null,
      local: { base: 10_000, scaling: null },
    });
  });

  it('Gemma 3 4B: the text part with its defaults; scaling is of layers without a window only', () => {
    const config = parse(GEMMA3_4B);
    expect(config).toMatchObject({
      nLayers: 34,
      nHeads: 8,
      nKvHeads: 4,
      dHead: 256,
      dVocab: 262_208,
      nCtx: 131_072,
      eosTokenId: 1,
      attentionDivisor: 16,
      positional: {
        base: 1_000_000,
        scaling: { type: 'linear', factor: 8 },
        local: { base: 10_000, scaling: null },
      },
    });
    expect(config.windows.slice(0, 6)).toEqual([1024, 1024, 1024, 1024, 1024, null]);
  });

  it('Pythia 70M: a quarter of each head turns; parallel unless the file says otherwise', () => {
    expect(parse(PYTHIA)).toMatchObject({
      dHead: 64,
      parallel: true,
      tiedEmbeddings: false,
      norm: { kind: 'layerNorm' },
      mlp: { activation: 'gelu', gated: false },
      positional: { dims: 16, base: 10_000 },
    });
    expect(parse({ ...PYTHIA, use_parallel_residual: false }).parallel).toBe(false);
  });

  it('TinyStories: scores are not divided, every second layer has a window', () => {
    const config = parse(TINY_STORIES);
    expect(config).toMatchObject({ attentionDivisor: 1, dMlp: 3072, dHead: 48, windows: [null, 256, null, 256] });
    expect(parse(without(TINY_STORIES, 'attention_layers'))).toEqual(config);
  });
});

describe('key styles of all versions give the same shape', () => {
  const five = (json: JsonObject, rope_parameters: JsonObject, ...gone: readonly string[]): JsonObject => ({
    ...without(json, 'rope_theta', 'rope_scaling', 'rope_local_base_freq', 'torch_dtype', ...gone),
    rope_parameters,
    dtype: 'bfloat16',
  });

  it('rope_parameters in place of rope_theta and rope_scaling', () => {
    expect(parse(five(SMOLLM2, { rope_theta: 100_000, rope_type: 'default' }))).toEqual(parse(SMOLLM2));
    expect(parse(five(LLAMA32, { ...LLAMA32.rope_scaling, rope_theta: 500_000 }))).toEqual(parse(LLAMA32));
    const pythia = { rope_theta: 10_000, rope_type: 'default', partial_rotary_factor: 0.25 };
    expect(parse(five(PYTHIA, pythia, 'rotary_pct', 'rotary_emb_base'))).toEqual(parse(PYTHIA));
    // `type` is what came before `rope_type`.
    expect(parse({ ...SMOLLM2, rope_scaling: { type: 'linear', factor: 2 } }).positional).toMatchObject({
      scaling: { type: 'linear', factor: 2 },
    });
  });

  it('rope_parameters nested per type of layer', () => {
    const nested = {
      full_attention: { rope_theta: 1_000_000, rope_type: 'default' },
      sliding_attention: { rope_theta: 10_000, rope_type: 'default' },
    };
    expect(parse(five(GEMMA3, nested))).toEqual(parse(GEMMA3));
    const scaled = { ...nested, full_attention: { rope_theta: 1_000_000, rope_type: 'linear', factor: 8 } };
    const whole = { ...GEMMA3_4B, text_config: five(GEMMA3_4B.text_config, scaled) };
    expect(parse(whole)).toEqual(parse(GEMMA3_4B));
  });

  it('sliding_window_pattern in place of layer_types', () => {
    expect(parse({ ...without(GEMMA3, 'layer_types', '_sliding_window_pattern'), sliding_window_pattern: 6 })).toEqual(
      parse(GEMMA3),
    );
    expect(parse(without(GEMMA3, 'layer_types', '_sliding_window_pattern'))).toEqual(parse(GEMMA3));
    const types = Array.from({ length: 26 }, (_, i) => (i % 2 === 0 ? 'sliding_attention' : 'full_attention'));
    expect(parse({ ...GEMMA2, layer_types: types })).toEqual(parse(GEMMA2));
  });

  it('yarn as Qwen2.5 has it, with the defaults of transformers; dynamic is none within the context', () => {
    const yarn = { type: 'yarn', factor: 4, betaFast: 32, betaSlow: 1, attentionFactor: 0.1 * Math.log(4) + 1, truncate: true };
    const asked = { type: 'yarn', factor: 4, original_max_position_embeddings: 2048 };
    expect(parse({ ...SMOLLM2, rope_scaling: asked }).positional).toMatchObject({
      scaling: { ...yarn, originalContext: 2048 },
    });
    const alone = parse({ ...SMOLLM2, rope_scaling: { rope_type: 'yarn', factor: 4, attention_factor: 1.5 } });
    expect(alone.positional).toMatchObject({ scaling: { ...yarn, attentionFactor: 1.5, originalContext: alone.nCtx } });
    expect(parse({ ...SMOLLM2, rope_scaling: { type: 'dynamic', factor: 2 } })).toEqual(parse(SMOLLM2));
  });

  it('a scaling that is not known comes with what is', () => {
    expect(() => parse({ ...SMOLLM2, rope_scaling: { rope_type: 'longrope' } })).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/yarn/) as string }) as Error,
    );
  });

  it('factors of a GGUF file', () => {
    const json = { ...SMOLLM2, rope_scaling: { rope_type: 'factors', factors: [1, 2.5] } };
    expect(parse(json).positional).toMatchObject({ scaling: { type: 'factors', factors: [1, 2.5] } });
  });
});

describe('refused files', () => {
  it.each<[string, JsonObject, string, RegExp]>([
    ['an unknown model', { model_type: 'mamba' }, 'unsupported-file', /gpt_neox.*gemma3/],
    ['no model', {}, 'unsupported-file', /undefined/],
    ['a missing size', without(SMOLLM2, 'hidden_size'), 'bad-file', /hidden_size/],
    ['an absurd size', { ...SMOLLM2, num_hidden_layers: 1e9 }, 'bad-file', /num_hidden_layers/],
    ['heads that do not fit', { ...SMOLLM2, num_key_value_heads: 4 }, 'bad-file', /4 key\/value heads/],
    ['a width that heads do not divide', { ...PYTHIA, num_attention_heads: 7 }, 'bad-file', /7 heads/],
    ['yarn without its factor', { ...SMOLLM2, rope_scaling: { rope_type: 'yarn' } }, 'bad-file', /factor/],
    ['an unknown scaling', { ...SMOLLM2, rope_scaling: { rope_type: 'longrope', factor: 4 } }, 'unsupported-file', /longrope/],
    ['factors that are none', { ...SMOLLM2, rope_scaling: { rope_type: 'factors', factors: [1, -1] } }, 'bad-file', /factors/],
    ['an unknown nonlinearity', { ...PYTHIA, hidden_act: 'mish' }, 'bad-file', /mish/],
    ['half a turn', { ...PYTHIA, rotary_pct: 0.01 }, 'bad-file', /rotary_pct/],
    ['too few layer types', { ...GEMMA3, layer_types: ['full_attention'] }, 'bad-file', /layer_types/],
    ['an unknown layer type', { ...GEMMA3, layer_types: Array(18).fill('chunked_attention') }, 'unsupported-file', /chunked/],
    ['attention in both directions', { ...GEMMA3, use_bidirectional_attention: true }, 'unsupported-file', /bidirectional/],
    ['too few kinds', { ...TINY_STORIES, attention_layers: ['global'] }, 'bad-file', /attention_layers/],
    [
      'kinds in no list',
      { ...without(TINY_STORIES, 'attention_layers'), attention_types: [['x', 1e12]] },
      'bad-file',
      /attention_types/,
    ],
    [
      'scores divided by the layer',
      { model_type: 'gpt2', n_embd: 8, n_head: 2, scale_attn_by_inverse_layer_idx: true },
      'unsupported-file',
      /inverse_layer/,
    ],
  ])('%s', (_what, json, code, message) => {
    expect(() => parse(json)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error,
    );
  });
});

describe('names of tensors', () => {
  const names = (json: JsonObject, ...there: readonly string[]) =>
    familyOf(json).names(parse(json), (tensor) => there.includes(tensor));

  it('follow the prefix that the checkpoint has', () => {
    expect(names(SMOLLM2).embed).toBe('model.embed_tokens.weight');
    expect(names(SMOLLM2, 'embed_tokens.weight').embed).toBe('embed_tokens.weight');
    expect(names(GEMMA3_4B, 'language_model.model.embed_tokens.weight').final.name).toBe('language_model.model.norm');
    expect(names(GEMMA3_4B, 'model.language_model.embed_tokens.weight').final.name).toBe('model.language_model.norm');
    expect(names(PYTHIA).unembed).toBe('embed_out.weight');
  });

  it('post_attention_layernorm is ln2 of Llama, and the norm after attention of Gemma', () => {
    expect(names(SMOLLM2).block(1)).toMatchObject({ ln2: { name: 'model.layers.1.post_attention_layernorm' }, ln1Post: null });
    expect(names(GEMMA2).block(1)).toMatchObject({
      ln2: { name: 'model.layers.1.pre_feedforward_layernorm', plus: 1 },
      ln1Post: { name: 'model.layers.1.post_attention_layernorm', plus: 1 },
      ln2Post: { name: 'model.layers.1.post_feedforward_layernorm' },
    });
  });

  it('NeoX’s fused rows are head by head, and every row is taken once', () => {
    const { qkv } = names(PYTHIA).block(0);
    if (qkv.kind !== 'fused') throw new Error('not fused');
    expect(qkv.rows[1].slice(0, 2)).toEqual([64, 65]);
    expect(qkv.rows[0][64]).toBe(192);
    expect(qkv.rows.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 3 * 512 }, (_, i) => i));
  });
});
