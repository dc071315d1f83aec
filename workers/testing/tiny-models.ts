import type { Quantization } from '../../core/model-config.ts';
import type { HookedModel, Sae, Tokenizer } from '../api.ts';
import { familyOf, type JsonObject } from '../model/families/index.ts';
import { createHookedModel } from '../model/hooked-model.ts';
import { WeightLoader, type RawMatrix, type WeightSource } from '../model/weights.ts';
import { random } from './numbers.ts';

export const TINY_GPT2: JsonObject = {
  model_type: 'gpt2',
  n_embd: 32,
  n_head: 4,
  n_layer: 2,
  n_positions: 40,
  vocab_size: 61,
  bos_token_id: 0,
  eos_token_id: 0,
};
export const TINY_LLAMA: JsonObject = {
  model_type: 'llama',
  hidden_size: 32,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  intermediate_size: 64,
  num_hidden_layers: 2,
  vocab_size: 61,
  max_position_embeddings: 40,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: false,
  bos_token_id: 0,
  eos_token_id: 0,
};

/** Random weights of any name and shape: large enough that attention is far from uniform. */
class RandomSource implements WeightSource {
  readonly #config: JsonObject;
  constructor(config: JsonObject) {
    this.#config = config;
  }
  has(name: string): boolean {
    return this.#config['model_type'] === 'gpt2'
      ? !name.startsWith('transformer.')
      : name.startsWith('model.') && !name.endsWith('.bias');
  }
  async vector(name: string): Promise<Float32Array> {
    const d = Number(this.#config['n_embd'] ?? this.#config['hidden_size']);
    const length = name.includes('c_attn') ? 3 * d : name.includes('c_fc') ? 4 * d : d;
    const noise = random(length, seedOf(name), 0.3);
    return name.endsWith('.weight') ? noise.map((x) => 1 + x) : noise;
  }
  async matrix(name: string): Promise<RawMatrix> {
    const [n, k] = this.shape(name);
    return { n, k, kind: 'f32', values: random(n * k, seedOf(name), 1.2 / Math.sqrt(/wte|wpe|embed/.test(name) ? 4 : k)) };
  }
  async *pieces(name: string): AsyncGenerator<RawMatrix> {
    yield await this.matrix(name);
  }
  shape(name: string): [number, number] {
    const c = this.#config;
    const d = Number(c['n_embd'] ?? c['hidden_size']);
    const vocabulary = Number(c['vocab_size']);
    const mlp = Number(c['intermediate_size'] ?? 4 * d);
    const kv = Number(c['num_key_value_heads'] ?? 0) * Number(c['head_dim'] ?? 0);
    const shapes: readonly (readonly [RegExp, number, number])[] = [
      [/wpe/, Number(c['n_positions']), d],
      [/wte|embed_tokens|lm_head/, vocabulary, d],
      [/c_attn/, 3 * d, d],
      [/c_fc|up_proj|gate_proj/, mlp, d],
      [/mlp\.c_proj|down_proj/, d, mlp],
      [/[kv]_proj/, kv, d],
      [/c_proj|[qo]_proj/, d, d],
    ];
    const found = shapes.find(([pattern]) => pattern.test(name));
    if (!found) throw new Error(`no shape for ${name}`);
    return [found[1], found[2]];
  }
}

function seedOf(name: string): number {
  return [...name].reduce((hash, c) => (Math.imul(hash, 31) + c.charCodeAt(0)) >>> 0, 7);
}

export const NO_TOKENIZER: Tokenizer = {
  size: 61,
  bosId: 0,
  eosId: 0,
  hasChat: false,
  encode: () => [],
  encodePrompt: () => [],
  applyChat: () => Promise.reject(new Error('no chat template')),
  decode: (ids) => ids.join(' '),
  token: (id) => ({ id, text: String(id) }),
  single: () => null,
  byteOffsets: () => [],
};

/** A tiny random model on the backend that is open. */
export async function tinyModel(
  json: JsonObject,
  quantization: Quantization = 'f32',
  saes: ReadonlyMap<string, Sae> = new Map(),
): Promise<HookedModel> {
  const family = familyOf(json);
  const config = family.parseConfig(json);
  const weights = await family.load(new WeightLoader(new RandomSource(json), quantization), config);
  const sae = (id: string): Promise<Sae> => {
    const found = saes.get(id);
    return found ? Promise.resolve(found) : Promise.reject(new Error(`no SAE ${id}`));
  };
  return createHookedModel({ id: 'tiny', config, weights, tokenizer: NO_TOKENIZER, quantization, digest: 'none', sae });
}
