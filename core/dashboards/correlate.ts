import { topK } from '../stats/index.ts';
import type { SparseRows } from './columns.ts';
import { TABLE_ROWS } from './weights.ts';

/** Something whose value over the tokens goes with the feature's activation. */
export interface Correlated {
  /** Component of the hook, or feature of the same dictionary. */
  readonly index: number;
  /** Pearson correlation over all tokens, those on which the feature is silent among them. */
  readonly pearson: number;
  /** Σ f·x / √(Σ f² · Σ x²): the same without centring. */
  readonly cosine: number;
}

/** One-pass sums, in float64, of a feature's activation f and of many streams x over the same tokens. */
export class Correlation {
  #n = 0;
  #f = 0;
  #ff = 0;
  readonly #x: Float64Array;
  readonly #xx: Float64Array;
  readonly #fx: Float64Array;

  constructor(width: number) {
    [this.#x, this.#xx, this.#fx] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)];
  }

  /** A token: the feature's activation and the streams' values `data[from …]`. */
  add(f: number, data: ArrayLike<number>, from: number): void {
    this.#n++;
    this.#f += f;
    this.#ff += f * f;
    for (let i = 0; i < this.#x.length; i++) {
      const x = data[from + i] ?? 0;
      this.#x[i] = (this.#x[i] ?? 0) + x;
      this.#xx[i] = (this.#xx[i] ?? 0) + x * x;
      if (f !== 0) this.#fx[i] = (this.#fx[i] ?? 0) + f * x;
    }
  }

  /** A token on which few streams are not 0. */
  addSparse(f: number, indices: ArrayLike<number>, values: ArrayLike<number>): void {
    this.#n++;
    this.#f += f;
    this.#ff += f * f;
    for (let e = 0; e < indices.length; e++) {
      const [i, x] = [indices[e] ?? 0, values[e] ?? 0];
      this.#x[i] = (this.#x[i] ?? 0) + x;
      this.#xx[i] = (this.#xx[i] ?? 0) + x * x;
      this.#fx[i] = (this.#fx[i] ?? 0) + f * x;
    }
  }

  of(index: number): Correlated {
    const [n, f, ff] = [this.#n, this.#f, this.#ff];
    const [x, xx, fx] = [this.#x[index] ?? 0, this.#xx[index] ?? 0, this.#fx[index] ?? 0];
    const spread = (n * ff - f * f) * (n * xx - x * x);
    return {
      index,
      pearson: spread > 0 ? (n * fx - f * x) / Math.sqrt(spread) : NaN,
      cosine: ff > 0 && xx > 0 ? fx / Math.sqrt(ff * xx) : NaN,
    };
  }

  /** Those with the largest correlation, largest first; what never varies takes no part, nor does `except`. */
  top(except?: number): Correlated[] {
    const all = Array.from(this.#x, (_, i) => this.of(i));
    const scores = all.map(({ index, pearson }) => (index === except ? NaN : pearson));
    return topK(scores, TABLE_ROWS).flatMap((i) => all[i] ?? []);
  }
}

/** The features of a dictionary whose activation goes with one's own, of the same dictionary. */
export function correlatedFeatures(parts: readonly SparseRows[], dSae: number, feature: number): Correlated[] {
  const sums = new Correlation(dSae);
  for (const { offsets, features, values } of parts)
    for (let t = 0; t + 1 < offsets.length; t++) {
      const row = features.subarray(offsets[t], offsets[t + 1]);
      const own = row.indexOf(feature);
      sums.addSparse(own < 0 ? 0 : (values[(offsets[t] ?? 0) + own] ?? 0), row, values.subarray(offsets[t], offsets[t + 1]));
    }
  return sums.top(feature);
}
