import type { Coherence, NeutralLoss } from '../result.ts';

/**
 * Nats by which the unsteered model's loss may rise before a text is called incoherent: the convention of SAE-targeted steering
 * (arXiv 2411.02193), which scales its vectors to about half a nat.
 */
export const LOSS_RISE = 0.5;
/** Share of repeated 4-grams from which a text is called repetitive. */
export const REPEATED = 0.25;

export type Trouble = 'repeats' | 'loss' | 'neutral';

/** What speaks for damage rather than for a change of mind. */
export function troubles(coherence: Coherence | null, neutral: NeutralLoss | null): readonly Trouble[] {
  const found: Trouble[] = [];
  if (coherence) {
    const { loss, repeats } = coherence;
    const own = repeats.default ?? 0;
    if (repeats.steered !== null && repeats.steered >= REPEATED && own < repeats.steered) found.push('repeats');
    if (loss.steered - loss.default > LOSS_RISE) found.push('loss');
  }
  if (neutral && neutral.steered - neutral.default > LOSS_RISE) found.push('neutral');
  return found;
}
