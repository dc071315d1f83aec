import type { serveHub } from '../../scripts/lib/hub-server.ts';
import type { ModelTarget } from '../../core/files/target.ts';
import { HUB_CHUNK } from '../weights/hub/open.ts';

/** Repositories of a Hub on this machine: what tests of the Hub look up and download. */

export const CONFIG = {
  model_type: 'llama',
  hidden_size: 32,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  intermediate_size: 64,
  num_hidden_layers: 2,
  vocab_size: 37,
  max_position_embeddings: 40,
  torch_dtype: 'bfloat16',
  tie_word_embeddings: false,
};
/** Two whole chunks and a piece. */
export const WEIGHTS = noise(2 * HUB_CHUNK + 12_345, 1);
/** Of the 37 tokens that the model has; long enough for large-file storage. */
export const TOKENIZER = JSON.stringify({
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
  post_processor: null,
  decoder: { type: 'ByteLevel' },
  model: {
    type: 'BPE',
    vocab: Object.fromEntries(Array.from({ length: 37 }, (_, id) => [String.fromCharCode(65 + id), id])),
    merges: [],
  },
  comment: 'x'.repeat(20_000),
});

/** A repository by its name, as it is looked up. */
export const repository = (repo: string, revision: string | null = null): ModelTarget => ({
  kind: 'hub',
  repo,
  revision,
  file: null,
});

export function hubRepositories(): Parameters<typeof serveHub>[0] {
  const files = {
    'README.md': 'a model',
    'config.json': JSON.stringify(CONFIG),
    'tokenizer.json': TOKENIZER,
    'tokenizer_config.json': '{}',
    'model.safetensors': WEIGHTS,
    'onnx/model.onnx': 'no',
  };
  return {
    'tiny/plain': { files, license: 'apache-2.0', formerly: 'old/name' },
    'tiny/gated': { files, tokens: ['hf_mine'] },
    'tiny/sharded': {
      files: {
        'config.json': JSON.stringify(CONFIG),
        'tokenizer.json': TOKENIZER,
        'model-00002-of-00002.safetensors': 'b',
        'model-00001-of-00002.safetensors': 'a',
        'model.safetensors.index.json': '{}',
        'adapter_model.safetensors': 'x',
      },
    },
    'tiny/gguf': {
      files: { 'big-Q8_0.gguf': noise(900, 2), 'small-Q4_0.gguf': noise(500, 3), 'mmproj-x.gguf': 'no', 'README.md': '' },
    },
    'tiny/chat': {
      files: {
        ...files,
        'tokenizer_config.json': '{"chat_template":"of the configuration"}',
        'additional_chat_templates/tools.jinja': 'for tools\n',
        'chat_template.jinja': '{{ messages[0].content }}\n',
        'other/chat_template.jinja': 'of something else',
      },
    },
    'tiny/incomplete': {
      files: { 'config.json': '{}', 'tokenizer.json': TOKENIZER, 'model-00001-of-000012.safetensors': 'x' },
    },
    'tiny/torch': { files: { 'config.json': '{}', 'tokenizer.json': TOKENIZER, 'pytorch_model.bin': 'x' } },
  };
}

function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0, x = seed; i < length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = x >>> 24;
  }
  return bytes;
}
