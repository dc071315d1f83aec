export type Family = 'gpt2' | 'gpt-neox' | 'gpt-neo' | 'llama' | 'qwen2' | 'qwen3' | 'gemma2' | 'gemma3';

export type Positional =
  | { readonly kind: 'learned' }
  | { readonly kind: 'rotary'; readonly base: number; readonly dims: number; readonly scaling: RopeScaling | null };

export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalContext: number;
    };

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
  /** Scores are divided by this: √d_head in all families so far. */
  readonly attentionDivisor: number;
  readonly tiedEmbeddings: boolean;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number | null;
}

/** How weights are held in memory while the model runs; activations are always float32. */
export type Quantization = 'f32' | 'int8' | 'int4';
export type BackendName = 'webgpu' | 'wasm' | 'cpu';
