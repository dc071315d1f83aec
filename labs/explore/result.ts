import type { HookName } from '../../core/hooks.ts';
import type { WireTensor } from '../../core/protocol/wire-tensor.ts';
import type { TokenText } from '../../core/tokens.ts';

/** The active features of one dictionary at every position, as compressed rows. */
export interface FeatureRows {
  readonly sae: string;
  readonly hook: HookName;
  readonly dSae: number;
  /** i32 [pos + 1]: features of position p are entries offsets[p] … offsets[p + 1] − 1. */
  readonly offsets: WireTensor;
  /** i32 [feature]: ids, ascending within a position. */
  readonly indices: WireTensor;
  /** f32 [feature]: activations > 0 in the SAE's own units. */
  readonly values: WireTensor;
  /** f32 [feature]: the largest activation of that feature over the card's text; 0 where unknown. */
  readonly maxKnown: WireTensor;
  /**
   * Share of the variance of the activations that the dictionary fails to reconstruct on this prompt (BOS left out). Null where
   * it is not defined: nothing varies over a single token.
   */
  readonly fvu: number | null;
}

/** What writes the logit difference of two tokens at one position, with the final norm's scale frozen at this run. */
export interface Attribution {
  readonly a: TokenText;
  readonly b: TokenText;
  readonly position: number;
  /** logit(a) − logit(b). */
  readonly difference: number;
  /** Logits each component adds to the difference; together with `constant` they sum to `difference`. */
  readonly components: readonly {
    readonly kind: 'embed' | 'position' | 'head' | 'attentionBias' | 'mlp';
    readonly layer: number | null;
    readonly head: number | null;
    readonly value: number;
  }[];
  /** The unembedding's and the final norm's bias. */
  readonly constant: number;
  /** Direct effect of each active feature through the unembedding only, per dictionary, strongest first (at most 40). */
  readonly features: readonly {
    readonly sae: string;
    readonly feature: number;
    readonly activation: number;
    readonly value: number;
  }[];
}

/** Streamed in this order; each part can be drawn as soon as it is there. */
export type ExploreChunk =
  | { readonly part: 'tokens'; readonly tokens: readonly TokenText[] }
  | { readonly part: 'next'; readonly next: NextTokens; readonly surprisal: WireTensor; readonly vocabulary: Vocabulary }
  | { readonly part: 'features'; readonly rows: FeatureRows }
  | { readonly part: 'lens'; readonly lens: Lens; readonly vocabulary: Vocabulary }
  | { readonly part: 'attention'; readonly attention: Attention }
  | { readonly part: 'attribution'; readonly attribution: Attribution };

/** Text of token ids. */
export type Vocabulary = Readonly<Record<string, TokenText>>;

export interface NextTokens {
  /** i32 [pos, rank] token ids, most probable first. */
  readonly ids: WireTensor;
  /** f32 [pos, rank]. */
  readonly logits: WireTensor;
  /** f32 [pos, rank], nats. */
  readonly logProbs: WireTensor;
}

/** The logit lens: the residual stream before each block, and after the last, through the final norm and the unembedding. */
export interface Lens {
  /** Names of the rows: resid_pre of each block, then resid_post of the last. */
  readonly hooks: readonly HookName[];
  /** i32 [layer, pos, rank]. */
  readonly ids: WireTensor;
  /** f32 [layer, pos, rank], nats. */
  readonly logProbs: WireTensor;
  /** i32 [layer, pos]: rank (0 = top) in that layer of the token that is the model's final answer at that position. */
  readonly finalRank: WireTensor;
}

export interface Attention {
  /** f32 [layer, head, query, key]; rows sum to 1. */
  readonly pattern: WireTensor;
  /** f32 [layer, head, query, key]: pattern × ‖v·W_O‖ of the key, in residual-stream units. */
  readonly valueWeighted: WireTensor;
}

export interface ExploreResult {
  readonly tokens: readonly TokenText[];
  /** f32 [pos], bits; NaN for the first token, which nothing predicts. */
  readonly surprisal: WireTensor;
  readonly next: NextTokens;
  /** Text of every token id that occurs in the result. */
  readonly vocabulary: Vocabulary;
  readonly features: readonly FeatureRows[];
  readonly lens: Lens;
  readonly attention: Attention;
  readonly attribution: Attribution | null;
}
