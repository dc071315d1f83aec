import { pieces } from '../../../core/pieces.ts';
import type { RunContext, Tensor } from '../../../workers/api.ts';

/** Reductions of logits at every position, flat, position by position. */
export interface Reduced {
  /** Of the `width` most probable tokens, [pos · rank]. */
  readonly top: { readonly ids: Int32Array; readonly logits: Float32Array; readonly logProbs: Float32Array };
  /** Of one given token per position. */
  readonly given: { readonly logProbs: Float32Array; readonly ranks: Int32Array };
  readonly width: number;
}

/**
 * Reduces logits some positions at a time, so that a long prompt and a large vocabulary need no more memory at once.
 * @param logits of positions from … to − 1, [to − from, d_vocab]; disposed of here
 * @param given  one token per position
 */
export async function reducePieces(
  ctx: RunContext,
  logits: (from: number, to: number) => Tensor,
  k: number,
  given: readonly number[],
): Promise<Reduced> {
  const n = given.length;
  const width = Math.min(k, ctx.model.config.dVocab);
  const top = { ids: new Int32Array(n * width), logits: new Float32Array(n * width), logProbs: new Float32Array(n * width) };
  const tokens = { logProbs: new Float32Array(n), ranks: new Int32Array(n) };
  for (const [from, to] of pieces(n, ctx.model.logitRows)) {
    await ctx.checkpoint();
    const piece = logits(from, to);
    const [best, one] = [await ctx.reduce.topLogits(piece, width), await ctx.reduce.tokenLogits(piece, given.slice(from, to))];
    piece.dispose();
    top.ids.set(best.ids, from * width);
    top.logits.set(best.logits, from * width);
    top.logProbs.set(best.logProbs, from * width);
    tokens.logProbs.set(one.logProbs, from);
    tokens.ranks.set(one.ranks, from);
  }
  return { top, given: tokens, width };
}
