import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readSafetensors, safeFloats } from '../../../core/files/safetensors.ts';
import { hookName } from '../../../core/hooks.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import { histogram, summarize } from '../../../core/stats/index.ts';
import type { ActivationEntry, ActivationsResult } from '../result.ts';
import { namedTensors, toNpz, toSafetensors } from './export.ts';
import { axesOf, hookConfig, matchAll, numbersOf, suggestions } from './hook-config.ts';
import { pythonSnippet } from './python.ts';
import { headCount, sliceOf } from './slices.ts';

const count = (shape: readonly number[]): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);

describe('slices', () => {
  it('takes one head of [pos, head, d_head]', () => {
    const tensor = wireTensor(count([3, 2, 4]), [3, 2, 4], ['pos', 'head', 'd_head']);
    const slice = sliceOf(tensor, 1);
    expect(headCount(tensor)).toBe(2);
    expect(slice).toMatchObject({ rows: 3, columns: 4, rowAxis: 'pos', columnAxis: 'd_head' });
    expect([slice.at(0, 0), slice.at(2, 3)]).toEqual([4, 23]);
  });

  it('takes one head of [head, query, key], and a plain matrix whole', () => {
    const pattern = sliceOf(wireTensor(count([2, 3, 3]), [2, 3, 3], ['head', 'query', 'key']), 1);
    expect(pattern).toMatchObject({ rows: 3, columns: 3, rowAxis: 'query', columnAxis: 'key' });
    expect(pattern.at(2, 0)).toBe(15);
    const plain = sliceOf(wireTensor(count([3, 5]), [3, 5], ['pos', 'd_model']), 7);
    expect([plain.rows, plain.columns, plain.at(2, 4)]).toEqual([3, 5, 14]);
  });

  it('takes the last head where the asked one is not there', () => {
    expect(sliceOf(wireTensor(count([1, 2, 2]), [1, 2, 2], ['pos', 'head', 'd_head']), 9).at(0, 0)).toBe(2);
  });
});

function entry(prompt: number, values: Float32Array, positions: number): ActivationEntry {
  const shape = [positions, values.length / positions];
  return {
    hook: hookName('resid_post', 0),
    prompt,
    tensor: wireTensor(values, shape, ['pos', 'd_model']),
    summary: summarize(values),
    histogram: histogram(values, 4),
    perPosition: wireTensor(new Float32Array(positions * 3), [positions, 3], ['pos', 'stat']),
  };
}
const tokens = (n: number) => Array.from({ length: n }, (_, id) => ({ id, text: `t${id}` }));
const one: ActivationsResult = { prompts: [tokens(2)], entries: [entry(0, count([2, 3]), 2)], logits: [] };
const two: ActivationsResult = {
  prompts: [tokens(2), tokens(1)],
  entries: [entry(0, count([2, 3]), 2), entry(1, count([1, 3]), 1)],
  logits: [wireTensor(count([2, 4]), [2, 4], ['pos', 'd_vocab']), wireTensor(count([1, 4]), [1, 4], ['pos', 'd_vocab'])],
};

describe('files', () => {
  it('name a tensor as its hook, with the prompt in front where there are several', () => {
    expect(namedTensors(one).map(({ name }) => name)).toEqual(['blocks.0.hook_resid_post']);
    expect(namedTensors(two).map(({ name }) => name)).toEqual([
      'prompt0/blocks.0.hook_resid_post',
      'prompt1/blocks.0.hook_resid_post',
      'prompt0/logits',
      'prompt1/logits',
    ]);
  });

  it('hold every bit, the token ids and where it came from', () => {
    const file = readSafetensors(toSafetensors(two, { provenance: '{"seed":1}' }));
    const tensor = file.tensors.get('prompt1/blocks.0.hook_resid_post')!;
    expect(tensor.shape).toEqual([1, 3]);
    expect([...safeFloats(tensor, 'x')]).toEqual([0, 1, 2]);
    expect(JSON.parse(file.metadata.get('tokens')!)).toEqual([[0, 1], [0]]);
    expect(file.metadata.get('provenance')).toBe('{"seed":1}');
  });

  it('are an npz archive with the tokens beside the tensors', () => {
    expect(Object.keys(unzipSync(toNpz(one)))).toEqual(['tokens.npy', 'blocks.0.hook_resid_post.npy']);
    expect(Object.keys(unzipSync(toNpz(two)))).toContain('prompt1/tokens.npy');
  });
});

const GPT2 = {
  model_type: 'gpt2',
  n_embd: 64,
  n_head: 4,
  n_layer: 3,
  n_positions: 32,
  vocab_size: 100,
  n_inner: 128,
  bos_token_id: 0,
};
const LLAMA = {
  model_type: 'llama',
  hidden_size: 64,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  num_hidden_layers: 2,
  intermediate_size: 96,
  max_position_embeddings: 32,
  vocab_size: 100,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
};

const NEOX = {
  model_type: 'gpt_neox',
  hidden_size: 64,
  num_attention_heads: 4,
  num_hidden_layers: 2,
  intermediate_size: 256,
  max_position_embeddings: 32,
  vocab_size: 100,
  rotary_pct: 0.25,
};

describe('hooks of a model that only its manifest tells of', () => {
  it.each([
    ['gpt2', GPT2, ['hook_pos_embed', 'blocks.2.hook_resid_mid'], ['blocks.0.attn.hook_rot_q', 'blocks.0.mlp.hook_pre_linear']],
    ['llama', LLAMA, ['blocks.1.attn.hook_rot_k', 'blocks.1.mlp.hook_pre_linear'], ['hook_pos_embed', 'blocks.2.hook_mlp_out']],
    ['gpt-neox', NEOX, ['blocks.1.attn.hook_rot_k', 'blocks.1.mlp.hook_in'], ['hook_pos_embed', 'blocks.1.hook_resid_mid']],
  ] as const)('are those of its family: %s', (_family, json, there, missing) => {
    const config = hookConfig(json)!;
    expect(matchAll(there, config).map((m) => m.hooks)).toEqual(there.map((hook) => [hook]));
    expect(matchAll(missing, config).flatMap((m) => m.hooks)).toEqual([]);
    expect(numbersOf(hookName('z', 0), config, 5)).toBe(5 * 64);
  });

  it('are not told where the config lacks a size', () => {
    expect(hookConfig({ model_type: 'gpt2', n_embd: 64 })).toBeNull();
    expect(hookConfig({ model_type: 'unheard of' })).toBeNull();
  });

  it('are suggested once per place, and every suggestion matches', () => {
    const config = hookConfig(GPT2)!;
    const offered = suggestions(config);
    expect(new Set(offered.map(({ pattern }) => pattern)).size).toBe(offered.length);
    for (const { hooks } of matchAll(
      offered.map(({ pattern }) => pattern),
      config,
    ))
      expect(hooks.length).toBeGreaterThan(0);
    expect(offered.map(({ pattern }) => pattern)).toContain('blocks.*.attn.hook_z');
    expect(axesOf(hookName('z', 0))).toEqual(['pos', 'head', 'd_head']);
  });
});

describe('the Python snippet', () => {
  it('quotes what it is given, so that no name ends its strings', () => {
    const code = pythonSnippet({
      file: 'a"b.safetensors',
      tensor: 'x',
      folder: 'https://a/',
      family: 'gpt2',
      quantization: 'int8',
    });
    expect(code).toContain('safe_open("a\\"b.safetensors"');
    expect(code).toContain('folder = "https://a/"');
  });
});
