/** Statistics on typed arrays. All sums run in float64. */

/** Numerically safe log Σ exp(x). −Infinity for an empty array. */
export function logSumExp(x: ArrayLike<number>): number {
  let max = -Infinity;
  for (let i = 0; i < x.length; i++) max = Math.max(max, x[i] ?? -Infinity);
  if (max === -Infinity) return -Infinity;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.exp((x[i] ?? -Infinity) - max);
  return max + Math.log(sum);
}

export function softmax(x: ArrayLike<number>): Float64Array {
  const log = logSumExp(x);
  return Float64Array.from({ length: x.length }, (_, i) => Math.exp((x[i] ?? -Infinity) - log));
}

/** Indices of the k largest numbers, largest first; ties by lower index. NaN never counts. */
export function topK(x: ArrayLike<number>, k: number): number[] {
  const best: number[] = [];
  const value = (i: number): number => x[i] ?? -Infinity;
  for (let i = 0; i < x.length; i++) {
    const v = value(i);
    if (Number.isNaN(v)) continue;
    const last = best[best.length - 1];
    if (best.length >= k && (last === undefined || v <= value(last))) continue;
    let at = best.length;
    while (at > 0 && value(best[at - 1] ?? 0) < v) at--;
    best.splice(at, 0, i);
    if (best.length > k) best.pop();
  }
  return best;
}

/** Linear-interpolation quantile (R type 7), NaN for an empty array. `sorted` must be ascending. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export interface Summary {
  readonly count: number;
  readonly nonFinite: number;
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly norm: number;
  readonly zeros: number;
  /** 0, 5, 25, 50, 75, 95 and 100 % quantiles of the finite values. */
  readonly quantiles: readonly number[];
}

/** Population statistics of the finite values; NaN where there is none. */
export function summarize(x: ArrayLike<number>): Summary {
  const finite = Float64Array.from(Array.from(x).filter(Number.isFinite)).sort();
  const n = finite.length;
  let sum = 0;
  let squares = 0;
  let zeros = 0;
  for (const v of finite) {
    sum += v;
    squares += v * v;
    if (v === 0) zeros++;
  }
  const mean = sum / n;
  let spread = 0;
  for (const v of finite) spread += (v - mean) ** 2;
  const quantiles = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1].map((q) => quantile(finite, q));
  return {
    count: x.length,
    nonFinite: x.length - n,
    mean,
    std: Math.sqrt(spread / n),
    min: finite[0] ?? NaN,
    max: finite[n - 1] ?? NaN,
    norm: Math.sqrt(squares),
    zeros,
    quantiles,
  };
}

export interface Histogram {
  /** bins + 1 edges, ascending. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** Equal-width bins over the finite range; the last bin includes its upper edge. */
export function histogram(x: ArrayLike<number>, bins: number): Histogram {
  const finite = Array.from(x).filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  if (finite.length === 0) return { edges: [], counts: [] };
  const width = high > low ? (high - low) / bins : 1;
  const counts = new Array<number>(bins).fill(0);
  for (const v of finite) {
    const bin = Math.min(bins - 1, Math.floor((v - low) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { edges: Array.from({ length: bins + 1 }, (_, i) => low + i * width), counts };
}

/** [−m, m] with m the largest magnitude over all given arrays, so that signed colours are comparable; [−1, 1] if all are zero. */
export function symmetricDomain(...arrays: readonly ArrayLike<number>[]): [number, number] {
  let m = 0;
  for (const array of arrays)
    for (let i = 0; i < array.length; i++) if (Number.isFinite(array[i])) m = Math.max(m, Math.abs(array[i] ?? 0));
  return m === 0 ? [-1, 1] : [-m, m];
}
