/** One candidate of a ranking. */
export interface Candidate {
  /** Place of the dictionary in the experiment. */
  readonly site: number;
  readonly feature: number;
  /** What is ranked by, largest first; NaN: cannot be ranked by that, and comes after all that can. */
  readonly key: number;
  /** What orders those that cannot. */
  readonly fallback: number;
}

/** Largest key first; of equal ones the earlier dictionary, then the lower feature, so that the order is one. */
export function compare(a: Candidate, b: Candidate): number {
  const known = Number(Number.isNaN(a.key)) - Number(Number.isNaN(b.key));
  if (known !== 0) return known;
  const by = Number.isNaN(a.key) ? b.fallback - a.fallback : b.key - a.key;
  return by || a.site - b.site || a.feature - b.feature;
}

/**
 * A score as a share of the largest activation known; NaN where none is known or the feature was never active on the card's
 * text. More than 1 means more than was ever seen there.
 */
export const share = (score: number, maxKnown: number): number => (maxKnown > 0 ? score / maxKnown : NaN);
