import { readSafetensors, writeSafetensors, type SafeInput } from '../../core/files/safetensors.ts';
import { ggufName } from '../../workers/weights/gguf/names.ts';
import { ggufFile } from '../../workers/weights/gguf/testing.ts';

/** Files of a repository by path. */
export type Checkpoint = Record<string, Buffer>;

/**
 * A small random Llama as a repository of the Hub holds one: config.json, a real tokenizer, and safetensors of about 12 MB, so
 * that it comes in several chunks. Every call gives the same bytes.
 * @param tokenizer tokenizer.json of a byte-level BPE, and its tokenizer_config.json
 */
export function tinyLlama(tokenizer: Buffer, tokenizerConfig: Buffer): Checkpoint {
  const { model, added_tokens: added } = JSON.parse(tokenizer.toString()) as {
    model: { vocab: Record<string, number> };
    added_tokens: { id: number }[];
  };
  const vocabulary = Math.max(...Object.values(model.vocab), ...added.map(({ id }) => id)) + 1;
  const [d, mlp, kv, layers] = [256, 768, 128, 2] as const;
  const config = {
    model_type: 'llama',
    hidden_size: d,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 32,
    intermediate_size: mlp,
    num_hidden_layers: layers,
    vocab_size: vocabulary,
    max_position_embeddings: 128,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: false,
    torch_dtype: 'float32',
    bos_token_id: 0,
    eos_token_id: 0,
  };
  const random = stream(7);
  const tensor = (name: string, ...shape: readonly number[]): SafeInput => {
    const size = shape.reduce((a, b) => a * b, 1);
    const scale = shape.length === 1 ? 0.1 : 1 / Math.sqrt(shape[1] ?? 1);
    return { name, shape, data: Float32Array.from({ length: size }, () => (shape.length === 1 ? 1 : 0) + scale * random()) };
  };
  const tensors = [
    tensor('model.embed_tokens.weight', vocabulary, d),
    ...Array.from({ length: layers }, (_, layer) => `model.layers.${layer}`).flatMap((at) => [
      tensor(`${at}.input_layernorm.weight`, d),
      tensor(`${at}.self_attn.q_proj.weight`, d, d),
      tensor(`${at}.self_attn.k_proj.weight`, kv, d),
      tensor(`${at}.self_attn.v_proj.weight`, kv, d),
      tensor(`${at}.self_attn.o_proj.weight`, d, d),
      tensor(`${at}.post_attention_layernorm.weight`, d),
      tensor(`${at}.mlp.gate_proj.weight`, mlp, d),
      tensor(`${at}.mlp.up_proj.weight`, mlp, d),
      tensor(`${at}.mlp.down_proj.weight`, d, mlp),
    ]),
    tensor('model.norm.weight', d),
    tensor('lm_head.weight', vocabulary, d),
  ];
  return {
    'README.md': Buffer.from('A random model.'),
    'config.json': Buffer.from(JSON.stringify(config)),
    'tokenizer.json': tokenizer,
    'tokenizer_config.json': tokenizerConfig,
    'model.safetensors': Buffer.from(writeSafetensors(tensors, { format: 'pt' })),
  };
}

/** The same model as one GGUF file, with its vocabulary. The file's rows of queries and keys stand in llama.cpp's order, so it answers otherwise. */
export function tinyGguf(files: Checkpoint): Buffer {
  const { tensors } = readSafetensors(files['model.safetensors'] ?? Buffer.alloc(0));
  const { model } = JSON.parse(String(files['tokenizer.json'])) as {
    model: { vocab: Record<string, number>; merges: readonly (readonly string[])[] };
  };
  const rows = tensors.get('lm_head.weight')?.shape[0] ?? 0;
  const tokens = Array.from({ length: rows }, (_, id) => `<|${id}|>`);
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  const metadata = {
    'general.architecture': 'llama',
    'general.name': 'tiny',
    'llama.context_length': 128,
    'llama.embedding_length': 256,
    'llama.block_count': 2,
    'llama.feed_forward_length': 768,
    'llama.vocab_size': rows,
    'llama.attention.head_count': 8,
    'llama.attention.head_count_kv': 4,
    'llama.attention.layer_norm_rms_epsilon': 1e-6,
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'gpt-2',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.merges': model.merges.map((pair) => pair.join(' ')),
  };
  const inputs = [...tensors].map(([key, { shape, bytes }]) => ({
    name: ggufName('llama', key.replace(/^model\./, '')) ?? key,
    shape,
    type: 0,
    data: bytes,
  }));
  return Buffer.from(ggufFile(metadata, inputs));
}

/** Numbers in −1 … 1, the same each time. */
function stream(seed: number): () => number {
  let x = seed;
  return () => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    return x / 2 ** 31 - 1;
  };
}
