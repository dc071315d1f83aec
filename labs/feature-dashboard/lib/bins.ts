import type { BinnedCounts } from '../../../core/dashboards/types.ts';

/** counts + 1 edges of equal bins. */
export function edgesOf({ from, to, counts }: BinnedCounts): number[] {
  const n = counts.shape[0] ?? 0;
  return Array.from({ length: n + 1 }, (_, i) => from + (i * (to - from)) / Math.max(1, n));
}

/** Percentage of a density on a log10 axis: −2 → “1 %”. */
export function powerPercent(log10: number): string {
  const share = 10 ** (log10 + 2);
  return `${share >= 1 ? Math.round(share) : Number(share.toPrecision(1))} %`;
}
