import type { SparseFeatures } from '../../../workers/api.ts';
import type { SearchParams } from '../spec.ts';
import { compare, share, type Candidate } from './rank.ts';

/** What of a dictionary the scores need; each null where unknown. */
export interface SiteStats {
  /** [dSae], largest activation over the card's text, 0 where never active. */
  readonly maxActivation: Float32Array | null;
  /** [dSae], share of the card's tokens. */
  readonly density: Float32Array | null;
}

export interface Scored extends Candidate {
  readonly score: number;
}

type Rules = Pick<SearchParams, 'score' | 'rank' | 'maxDensity' | 'results'>;

export interface ScoredSite {
  readonly active: number;
  readonly dense: number;
  /** Best first, at most `results`. */
  readonly hits: readonly Scored[];
}

/**
 * Scores the features of one dictionary on chosen positions, in float64.
 * @param site      place of the dictionary in the experiment: decides between equals
 * @param features  active features of every position
 * @param positions chosen ones
 */
export function scoreSite(
  site: number,
  features: SparseFeatures,
  positions: readonly number[],
  { maxActivation, density }: SiteStats,
  rules: Rules,
): ScoredSite {
  const scores = new Map<number, number>();
  for (const p of positions) {
    const ids = features.indices[p] ?? new Int32Array(0);
    const values = features.values[p] ?? new Float32Array(0);
    for (const [i, feature] of ids.entries()) {
      const value = values[i] ?? 0;
      const before = scores.get(feature) ?? 0;
      scores.set(feature, rules.score === 'sum' ? before + value : Math.max(before, value));
    }
  }
  const hits: Scored[] = [];
  let dense = 0;
  for (const [feature, score] of scores) {
    if (isDense(density, feature, rules.maxDensity)) dense++;
    else {
      const key = rules.rank === 'share' ? share(score, maxActivation?.[feature] ?? NaN) : score;
      hits.push({ site, feature, score, key, fallback: score });
    }
  }
  return { active: scores.size, dense, hits: hits.sort(compare).slice(0, rules.results) };
}

/** Whether a feature is active on more text than is asked for. A feature of unknown density stays. */
export const isDense = (density: Float32Array | null, feature: number, most: number | null): boolean =>
  most !== null && (density?.[feature] ?? 0) > most;

/** Activations of some features at every position, [feature, pos]. */
export function traces(features: SparseFeatures, ids: readonly number[]): Float32Array {
  const positions = features.indices.length;
  const rows = new Map(ids.map((feature, row) => [feature, row]));
  const out = new Float32Array(ids.length * positions);
  for (let p = 0; p < positions; p++)
    for (const [i, feature] of (features.indices[p] ?? new Int32Array(0)).entries()) {
      const row = rows.get(feature);
      if (row !== undefined) out[row * positions + p] = features.values[p]?.[i] ?? 0;
    }
  return out;
}

/** Positions that are searched: the chosen ones or all, without BOS unless it is to take part. */
export function searched(params: Pick<SearchParams, 'tokens' | 'bos'>, length: number, hasBos: boolean): number[] {
  const all = params.tokens ?? Array.from({ length }, (_, p) => p);
  return [...new Set(all)].filter((p) => p < length && (p > 0 || params.bos || !hasBos)).sort((a, b) => a - b);
}
