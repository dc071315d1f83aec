import type { WireTensor } from './protocol/wire-tensor.ts';
import type { TokenText } from './tokens.ts';

/** The two texts of a steering experiment: what the model writes by itself, and what it writes with a hand on the dial. */
export type Side = 'default' | 'steered';

/** One new token, as it was drawn. Natural logarithms, of the distribution before temperature, top-p and penalty. */
export interface WrittenToken {
  readonly token: TokenText;
  readonly logProb: number;
  /** The five most probable tokens there, most probable first. */
  readonly top: readonly { readonly token: TokenText; readonly logit: number; readonly logProb: number }[];
}

/** Why a text ends: its length was reached, the model ended it, or the model's context is full. */
export type Ending = 'length' | 'stop' | 'context';

export interface Written {
  readonly tokens: readonly WrittenToken[];
  readonly ending: Ending;
}

/** What a steering experiment's answer holds of both texts. */
export interface WrittenBoth {
  /** What the steered text goes on from, and the default text too unless `defaultPrompt` is there. */
  readonly prompt: readonly TokenText[];
  /** In a chat that was continued: what the default text goes on from, its own conversation. */
  readonly defaultPrompt?: readonly TokenText[];
  readonly default: Written;
  readonly steered: Written;
  /**
   * f32 [pos], nats, for each new token of the steered text: KL(steered ‖ default) of the next-token distributions there,
   * both after the steered text up to it, before temperature, top-p and penalty.
   */
  readonly kl: WireTensor;
}

/** What is streamed of both texts; other parts may come between. */
export type WritingChunk =
  | { readonly part: 'prompt'; readonly tokens: readonly TokenText[]; readonly defaultTokens?: readonly TokenText[] }
  | { readonly part: 'token'; readonly side: Side; readonly tokens: readonly WrittenToken[] }
  | { readonly part: 'written'; readonly side: Side; readonly ending: Ending }
  | { readonly part: 'measured'; readonly kl: WireTensor };

export interface ShownText {
  readonly tokens: readonly WrittenToken[];
  /** Null while it is being written. */
  readonly ending: Ending | null;
}

/** Both texts as far as they have come. */
export interface ShownTexts {
  readonly prompts: Readonly<Record<Side, readonly TokenText[]>>;
  readonly texts: Readonly<Record<Side, ShownText>>;
  /** Null until it was measured. */
  readonly kl: WireTensor | null;
}

/** Both texts of a finished answer. */
export const textsOfResult = ({ prompt, defaultPrompt = prompt, default: plain, steered, kl }: WrittenBoth): ShownTexts => ({
  prompts: { default: defaultPrompt, steered: prompt },
  texts: { default: plain, steered },
  kl,
});

/** Both texts of an answer that is being streamed; null before its first new token. */
export function textsOfChunks(
  chunks: readonly (WritingChunk | { readonly part: 'neutral' | 'sweep' | 'grid' })[],
): ShownTexts | null {
  const tokens: Record<Side, WrittenToken[]> = { default: [], steered: [] };
  const ending: Record<Side, Ending | null> = { default: null, steered: null };
  let prompts: ShownTexts['prompts'] = { default: [], steered: [] };
  let kl: WireTensor | null = null;
  for (const chunk of chunks) {
    switch (chunk.part) {
      case 'prompt':
        prompts = { default: chunk.defaultTokens ?? chunk.tokens, steered: chunk.tokens };
        break;
      case 'token':
        tokens[chunk.side].push(...chunk.tokens);
        break;
      case 'written':
        ending[chunk.side] = chunk.ending;
        break;
      case 'measured':
        kl = chunk.kl;
        break;
    }
  }
  if (tokens.steered.length === 0 && ending.steered === null) return null;
  const text = (side: Side): ShownText => ({ tokens: tokens[side], ending: ending[side] });
  return { prompts, texts: { default: text('default'), steered: text('steered') }, kl };
}
