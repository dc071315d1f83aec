import type { HookName } from '../../core/hooks.ts';
import type { WireTensor } from '../../core/protocol/wire-tensor.ts';
import type { TokenText } from '../../core/tokens.ts';
import type { Side, WritingChunk, WrittenBoth } from '../../core/written.ts';
import type { Method } from './spec.ts';

/** How strongly something is there: mean over the new tokens of a text; null where it has none that could be read. */
export interface Reading {
  /** In the default text. */
  readonly default: number | null;
  /** In the steered text, read without steering: what the words themselves carry. */
  readonly text: number | null;
  /** In the steered text, read with the steering at work. */
  readonly steered: number | null;
}

/** What one steer adds, and what it did. In the order of `params.steers`. */
export interface SteerFacts {
  /** `steerKey` of the steer. */
  readonly key: string;
  readonly hook: HookName;
  /**
   * What a strength of 1 means. `max`: the feature's largest known activation, `scale` in its own units; `own`: no largest
   * activation is known, so 1 is one of its own units; `vector`: the vector as it is.
   */
  readonly unit: 'max' | 'own' | 'vector';
  readonly scale: number;
  /** Length of the decoder row or of the vector. */
  readonly norm: number;
  /** Mean length of the activation at that hook over the prompt's tokens (BOS left out), unedited. */
  readonly streamNorm: number;
  /**
   * Features: activation, own units. Vectors: ⟨h, v⟩ / ‖v‖², how many times v is in the activation.
   */
  readonly reading: Reading;
  /**
   * The same token by token, f32 [pos], over the prompt and the new tokens as far as the context reaches, read without steering:
   * of the default text and of the steered one.
   */
  readonly along: Readonly<Record<Side, WireTensor>>;
}

/** The strongest features of the prompt in one dictionary, by share of their largest known activation. */
export interface PromptFeatures {
  readonly sae: string;
  readonly hook: HookName;
  readonly dSae: number;
  readonly top: readonly {
    readonly feature: number;
    /** Own units, at the token where it is largest. */
    readonly activation: number;
    /** 0 where unknown. */
    readonly max: number;
    readonly position: number;
  }[];
}

/** Another feature that the steering moved: mean over the steered text's new tokens, with and without steering. */
export interface MovedFeature {
  readonly sae: string;
  readonly feature: number;
  readonly without: number;
  readonly with: number;
  readonly max: number;
}

export interface NeutralLoss {
  /** Which text, in words. */
  readonly name: string;
  readonly texts: number;
  /** Tokens that are predicted. */
  readonly tokens: number;
  /** Nats per token, without and with the steering at every token. */
  readonly default: number;
  readonly steered: number;
}

export interface SweepPoint {
  readonly strength: number;
  /** As `SteerFacts.reading.text` of the swept steer. */
  readonly effect: number | null;
  /** Loss of the unsteered model on the steered texts, nats per new token. */
  readonly loss: number;
  /** Share of 4-grams that occurred before in their text; null for texts of fewer than five new tokens. */
  readonly repeats: number | null;
}

export interface Sweep {
  readonly steer: number;
  /** New tokens of each text, at most. */
  readonly tokens: number;
  readonly texts: number;
  /** The same texts without any steering. */
  readonly reference: SweepPoint;
  readonly points: readonly SweepPoint[];
  /** The other methods at the same strengths, where they were asked for; the steer's own is `points`. */
  readonly compared?: readonly { readonly method: Method; readonly points: readonly SweepPoint[] }[];
}

/** How probable an answer is as the next token of the prompt, by layer and strength of a contrast. */
export interface Grid {
  readonly steer: number;
  /** The token that counts: the first of the answer. */
  readonly answer: TokenText;
  readonly strengths: readonly number[];
  /** One row a layer, at the same site as the steer's own hook. */
  readonly hooks: readonly HookName[];
  /** Without the contrast, the other steers as they stand. */
  readonly reference: number;
  /** f32 [layer, step], as far as it has come: probability of the answer. */
  readonly probability: WireTensor;
  /** Length of each layer's vector, as it is added at strength 1. */
  readonly norms: readonly number[];
}

/** How well the unsteered model expects the texts, and how much they repeat themselves. */
export interface Coherence {
  /** Nats per new token under the unsteered model. */
  readonly loss: Readonly<Record<Side, number>>;
  /** Share of 4-grams that occurred before in the same text; null for texts of fewer than five new tokens. */
  readonly repeats: Readonly<Record<Side, number | null>>;
}

/** Streamed: the prompt, both texts token by token, then what was measured of them. */
export type SteeringChunk =
  | (Extract<WritingChunk, { readonly part: 'prompt' }> & { readonly features: readonly PromptFeatures[] })
  | Extract<WritingChunk, { readonly part: 'token' | 'written' }>
  | {
      readonly part: 'measured';
      readonly kl: WireTensor;
      readonly coherence: Coherence;
      readonly steers: readonly SteerFacts[];
      readonly moved: readonly MovedFeature[];
    }
  | { readonly part: 'neutral'; readonly neutral: NeutralLoss }
  | { readonly part: 'sweep'; readonly sweep: Sweep }
  | { readonly part: 'grid'; readonly grid: Grid };

export interface SteeringResult extends WrittenBoth {
  readonly features: readonly PromptFeatures[];
  readonly coherence: Coherence;
  readonly steers: readonly SteerFacts[];
  readonly moved: readonly MovedFeature[];
  readonly neutral: NeutralLoss;
  readonly sweep: Sweep | null;
  readonly grid: Grid | null;
}
