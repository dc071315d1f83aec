import { topK } from '../stats/index.ts';
import type { Column } from './columns.ts';
import { BINS, NEIGHBOURS } from './record.ts';

/** Maximum, mean of the active tokens (both as float32) and the histogram of one feature's activations. */
export function activationStats({ values }: Column): {
  readonly max: number;
  readonly mean: number;
  readonly histogram: readonly number[];
} {
  let max = 0;
  let sum = 0;
  for (const v of values) {
    if (v > max) max = v;
    sum += v;
  }
  const histogram = new Array<number>(BINS).fill(0);
  for (const v of values) {
    const bin = Math.min(BINS - 1, Math.floor((v / max) * BINS));
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  return { max, mean: values.length === 0 ? 0 : Math.fround(sum / values.length), histogram };
}

/**
 * The features that share most of their active tokens with one, by Jaccard's index (ties: lower index); none that never meets it.
 * @param joint  [dSae]: tokens on which both are active; 0 for the feature itself
 * @param active [dSae]: tokens on which each is active
 */
export function coactive(
  feature: number,
  joint: ArrayLike<number>,
  active: ArrayLike<number>,
): { readonly feature: number; readonly both: number }[] {
  const own = active[feature] ?? 0;
  const jaccard = new Float64Array(active.length).fill(NaN);
  for (let other = 0; other < active.length; other++) {
    const both = joint[other] ?? 0;
    if (both > 0 && other !== feature) jaccard[other] = both / (own + (active[other] ?? 0) - both);
  }
  return topK(jaccard, NEIGHBOURS).map((other) => ({ feature: other, both: joint[other] ?? 0 }));
}

/** Bins of `densitySpectrum`: log10(density) from −6 to 0. */
export const SPECTRUM = { from: -6, to: 0, bins: 24 } as const;

/** The bin of a density; null for 0. */
export function spectrumBin(density: number): number | null {
  if (!(density > 0)) return null;
  const at = Math.floor(((Math.log10(density) - SPECTRUM.from) / (SPECTRUM.to - SPECTRUM.from)) * SPECTRUM.bins);
  return Math.max(0, Math.min(SPECTRUM.bins - 1, at));
}

/** How often the features of a dictionary are active, [bins], and how many never are. */
export function densitySpectrum(
  active: ArrayLike<number>,
  tokens: number,
): { readonly counts: Int32Array; readonly dead: number } {
  const counts = new Int32Array(SPECTRUM.bins);
  let dead = 0;
  for (let f = 0; f < active.length; f++) {
    const bin = spectrumBin((active[f] ?? 0) / tokens);
    if (bin === null) dead++;
    else counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { counts, dead };
}
