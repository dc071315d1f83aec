import type { JsonObject } from '../../../core/families/index.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { GgufMetadata, GgufTensor } from './header.ts';

/** `general.architecture` of what can be opened, with the `model_type` of config.json. */
const ARCHITECTURES = {
  llama: 'llama',
  qwen2: 'qwen2',
  qwen3: 'qwen3',
  gemma2: 'gemma2',
  gemma3: 'gemma3_text',
  gpt2: 'gpt2',
  gptneox: 'gpt_neox',
} as const;
export type Architecture = keyof typeof ARCHITECTURES;

export function architectureOf(metadata: GgufMetadata): Architecture {
  const name = metadata['general.architecture'];
  if (typeof name === 'string' && Object.hasOwn(ARCHITECTURES, name)) return name as Architecture;
  throw new VitrineError(
    'unsupported-file',
    typeof name === 'string'
      ? `the GGUF file holds a model of the architecture "${name}", which is not supported`
      : 'the GGUF file does not name an architecture',
    { hint: `Models of these can be opened: ${Object.keys(ARCHITECTURES).join(', ')}.` },
  );
}

export interface GgufParts {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, Pick<GgufTensor, 'shape'>>;
}

/**
 * What config.json would say of the model in a GGUF file, in Hugging Face's words, so that one parser reads both.
 * @param factors numbers of `rope_freqs.weight`, where the file has that tensor
 */
export function ggufConfig({ metadata, tensors }: GgufParts, factors: readonly number[] | null): JsonObject {
  const architecture = architectureOf(metadata);
  const get = (key: string): unknown => metadata[`${architecture}.${key}`];
  // llama.cpp keeps numbers that may differ from layer to layer as arrays.
  const same = (key: string): unknown => {
    const value = get(key);
    if (!Array.isArray(value)) return value;
    if (value.some((x) => x !== value[0]))
      throw new VitrineError('unsupported-file', `the layers of this model differ in "${key}", which is not supported`);
    return value[0] as unknown;
  };
  if (Number(get('expert_count') ?? 0) > 0)
    throw new VitrineError('unsupported-file', 'mixtures of experts are not supported', { hint: 'Take a dense model.' });
  const [vocabulary, width] = tensors.get('token_embd.weight')?.shape ?? [];
  const common: JsonObject = {
    model_type: ARCHITECTURES[architecture],
    vocab_size: vocabulary,
    bos_token_id: metadata['tokenizer.ggml.bos_token_id'],
    eos_token_id: metadata['tokenizer.ggml.eos_token_id'],
    tie_word_embeddings: !tensors.has('output.weight'),
  };
  const heads = same('attention.head_count');
  const dModel = get('embedding_length') ?? width;
  if (architecture === 'gpt2')
    return {
      ...common,
      n_embd: dModel,
      n_head: heads,
      n_layer: get('block_count'),
      n_inner: same('feed_forward_length'),
      n_positions: tensors.get('position_embd.weight')?.shape[0] ?? get('context_length'),
      layer_norm_epsilon: get('attention.layer_norm_epsilon'),
    };
  const shape: JsonObject = {
    ...common,
    hidden_size: dModel,
    num_attention_heads: heads,
    num_hidden_layers: get('block_count'),
    intermediate_size: same('feed_forward_length'),
    max_position_embeddings: get('context_length'),
    rope_theta: get('rope.freq_base'),
    rope_scaling: scaling(get, factors),
  };
  const headWidth = get('attention.key_length') ?? Number(dModel) / Number(heads);
  const turning = get('rope.dimension_count') ?? headWidth;
  if (architecture === 'gptneox')
    return {
      ...shape,
      layer_norm_eps: get('attention.layer_norm_epsilon'),
      rotary_pct: Number(turning) / Number(headWidth),
      use_parallel_residual: get('use_parallel_residual') ?? true,
    };
  if (turning !== headWidth)
    throw new VitrineError(
      'unsupported-file',
      `${String(turning)} of ${String(headWidth)} dimensions of a head turn, which is not supported for ${architecture}`,
    );
  return {
    ...shape,
    num_key_value_heads: same('attention.head_count_kv'),
    head_dim: headWidth,
    rms_norm_eps: get('attention.layer_norm_rms_epsilon'),
    ...(architecture === 'gemma2' || architecture === 'gemma3' ? gemma(architecture, get, Number(headWidth)) : {}),
  };
}

/** Of the largest models of both families, whose queries are scaled by d_model / heads rather than by a head's width. */
const LARGEST = { gemma2: 46, gemma3: 62 } as const;

function gemma(architecture: 'gemma2' | 'gemma3', get: (key: string) => unknown, headWidth: number): JsonObject {
  const largest = get('block_count') === LARGEST[architecture];
  const pattern = get('attention.sliding_window_pattern');
  return {
    sliding_window: get('attention.sliding_window'),
    query_pre_attn_scalar: largest ? Number(get('embedding_length')) / Number(get('attention.head_count')) : headWidth,
    attn_logit_softcapping: architecture === 'gemma2' ? (get('attn_logit_softcapping') ?? 50) : null,
    final_logit_softcapping: get('final_logit_softcapping') ?? (architecture === 'gemma2' ? 30 : null),
    ...(architecture === 'gemma3' ? { rope_local_base_freq: get('rope.freq_base_swa') ?? 10_000 } : {}),
    ...(typeof pattern === 'number' ? { sliding_window_pattern: pattern } : {}),
    ...(Array.isArray(pattern)
      ? { layer_types: pattern.map((windowed) => (windowed === true ? 'sliding_attention' : 'full_attention')) }
      : {}),
  };
}

function scaling(get: (key: string) => unknown, factors: readonly number[] | null): JsonObject | null {
  // Llama 3's scaling is in the file as factors; what the metadata say beside them is meant by them.
  if (factors) return { rope_type: 'factors', factors };
  const type = get('rope.scaling.type') ?? (get('rope.scale_linear') === undefined ? 'none' : 'linear');
  if (type === 'none') return null;
  const original = get('rope.scaling.original_context_length');
  return {
    rope_type: type,
    factor: get('rope.scaling.factor') ?? get('rope.scale_linear'),
    ...(original === undefined ? {} : { original_max_position_embeddings: original }),
  };
}
