export type Family = 'gpt2' | 'gpt-neox' | 'gpt-neo' | 'llama' | 'qwen2' | 'qwen3' | 'gemma2' | 'gemma3';

export interface Rotary {
  readonly base: number;
  readonly scaling: RopeScaling | null;
}

export type Positional =
  | { readonly kind: 'learned' }
  /** The first `dims` of each head turn. `local`: what layers with a window use instead, null where they use the same. */
  | (Rotary & { readonly kind: 'rotary'; readonly dims: number; readonly local: Rotary | null });

export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalContext: number;
    }
  /** Frequencies that turn often within the original context stay, slow ones are divided by `factor`; queries and keys grow by `attentionFactor`. */
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly originalContext: number;
      /** Turns within the original context from which on a frequency stays, and up to which it is divided. */
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly attentionFactor: number;
      /** The pairs between which it changes are whole numbers. */
      readonly truncate: boolean;
    }
  /** Each frequency is divided by its own factor, as GGUF files hold llama3 scaling (`rope_freqs.weight`). */
  | { readonly type: 'factors'; readonly factors: readonly number[] };

export type ActivationName = 'gelu_new' | 'gelu' | 'silu' | 'relu';

/** The shape of a decoder-only transformer, independent of where its weights come from. */
export interface ModelConfig {
  readonly family: Family;
  readonly nLayers: number;
  readonly nHeads: number;
  /** Key/value heads; equals nHeads without grouped-query attention. */
  readonly nKvHeads: number;
  readonly dModel: number;
  readonly dHead: number;
  readonly dMlp: number;
  readonly dVocab: number;
  readonly nCtx: number;
  readonly norm: { readonly kind: 'layerNorm' | 'rmsNorm'; readonly eps: number };
  readonly positional: Positional;
  readonly mlp: { readonly activation: ActivationName; readonly gated: boolean };
  /** Scores are divided by this: √d_head, or what the family says. */
  readonly attentionDivisor: number;
  /** Scores become c · tanh(score / c) before the mask; null: they stay. */
  readonly attentionSoftcap: number | null;
  /** The same for the final logits. */
  readonly finalSoftcap: number | null;
  /** Of each layer: a query sees this many keys, its own included; null: all before it. */
  readonly windows: readonly (number | null)[];
  /** q and k are RMS-normed per head, after projection and before rotation. */
  readonly qkNorm: boolean;
  /** What attention and MLP write is normed once more before it is added. */
  readonly postNorms: boolean;
  /** Attention and MLP both read the block's input; there is no `hook_resid_mid`. */
  readonly parallel: boolean;
  /** Token embeddings are multiplied by this. */
  readonly embedScale: number;
  readonly tiedEmbeddings: boolean;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number | null;
}

/** What most families have: no caps, no windows, no further norms. */
export function plainParts(
  nLayers: number,
): Pick<ModelConfig, 'attentionSoftcap' | 'finalSoftcap' | 'windows' | 'qkNorm' | 'postNorms' | 'parallel' | 'embedScale'> {
  return {
    attentionSoftcap: null,
    finalSoftcap: null,
    windows: Array.from({ length: nLayers }, () => null),
    qkNorm: false,
    postNorms: false,
    parallel: false,
    embedScale: 1,
  };
}

/**
 * How weights are held in memory while the model runs; activations are always float32. `gguf`: as the GGUF file holds them,
 * each matrix in its own blocks.
 */
export type Quantization = (typeof QUANTIZATIONS)[number];
export const QUANTIZATIONS = ['f32', 'int8', 'int4', 'gguf'] as const;
export const isQuantization = (value: unknown): value is Quantization => QUANTIZATIONS.some((known) => known === value);
export type BackendName = 'webgpu' | 'wasm' | 'cpu';
