import type { HookName } from '../../core/hooks.ts';
import type { WireTensor } from '../../core/protocol/wire-tensor.ts';
import type { TokenText } from '../../core/tokens.ts';

/** What was found in one dictionary by prompt, best first by the chosen ranking; never more than `params.results`. */
export interface PromptHits {
  readonly sae: string;
  readonly hook: HookName;
  readonly dSae: number;
  /** Features active on a chosen token. */
  readonly active: number;
  /** Of those, left out because they are active on too much text. */
  readonly dense: number;
  /** i32 [feature]: ids. */
  readonly features: WireTensor;
  /** f32 [feature]: the largest activation on the chosen tokens, or the sum there; the dictionary's units. */
  readonly scores: WireTensor;
  /** f32 [feature, pos]: activation at every position, BOS too. */
  readonly values: WireTensor;
  /** f32 [feature]: the largest activation over the card's text; 0 where the feature was never active, NaN where unknown. */
  readonly maxKnown: WireTensor;
  /** f32 [feature]: share of the card's tokens on which the feature is active; NaN where unknown. */
  readonly density: WireTensor;
}

/** One direction of what was found in one dictionary by token. */
export interface EffectHits {
  /** i32 [feature]: ids, strongest effect first. */
  readonly features: WireTensor;
  /** f32 [feature]: logits that one unit of the feature adds to the token, final norm at scale 1; signed. */
  readonly effects: WireTensor;
  /** f32 [feature], as in `PromptHits`. */
  readonly maxKnown: WireTensor;
  readonly density: WireTensor;
}

export interface TokenHits {
  readonly sae: string;
  readonly hook: HookName;
  readonly dSae: number;
  /** Features that were never active on the card's text: their directions mean nothing, so they are left out. */
  readonly dead: number;
  /** Left out because they are active on too much text. */
  readonly dense: number;
  /** False: what this dictionary reads is not written into the residual stream, so it has no effect to rank by. */
  readonly writes: boolean;
  readonly raises: EffectHits;
  readonly lowers: EffectHits;
}

/** Streamed as dictionaries are done; each part can be drawn as soon as it is there. */
export type SearchChunk =
  | { readonly part: 'tokens'; readonly tokens: readonly TokenText[] }
  | { readonly part: 'token'; readonly token: TokenText }
  | { readonly part: 'prompt-site'; readonly site: PromptHits }
  | { readonly part: 'token-site'; readonly site: TokenHits };

/** i32 [rank, stat]: dictionary (index of `sites`) and place in it, best first over all dictionaries. */
export type Ranking = WireTensor;

export type SearchResult =
  | {
      readonly by: 'prompt';
      readonly tokens: readonly TokenText[];
      readonly sites: readonly PromptHits[];
      readonly ranking: Ranking;
    }
  | {
      readonly by: 'token';
      readonly token: TokenText;
      readonly sites: readonly TokenHits[];
      readonly raises: Ranking;
      readonly lowers: Ranking;
    };
