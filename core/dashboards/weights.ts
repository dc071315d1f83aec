import { topK } from '../stats/index.ts';

/** Rows of SAEDashboard's tables of neurons. */
export const TABLE_ROWS = 3;

/** A component of the hook (its "neuron") along which a decoder row points. */
export interface Alignment {
  /** Component of the hook, heads flattened. */
  readonly index: number;
  /** Cosine of the decoder row with the component's axis: the row's own entry once its length is 1. */
  readonly cosine: number;
  /** |entry| / Σ |entries|. */
  readonly share: number;
}

/**
 * The components with the largest signed entries of a decoder row, as SAEDashboard lists them (`neuron_alignment_*`, after its
 * folding of decoder norms). Ties: lower index. All 0 where the row is.
 */
export function alignment(row: ArrayLike<number>): Alignment[] {
  let [squares, sum] = [0, 0];
  for (let i = 0; i < row.length; i++) {
    squares += (row[i] ?? 0) ** 2;
    sum += Math.abs(row[i] ?? 0);
  }
  const length = Math.sqrt(squares);
  const part = (x: number, of: number): number => (of === 0 ? 0 : x / of);
  return topK(row, TABLE_ROWS).map((index) => {
    const x = row[index] ?? 0;
    return { index, cosine: part(x, length), share: part(Math.abs(x), sum) };
  });
}

/**
 * How much of a decoder row at `hook_z` is each head's: ‖row[head]‖ / Σ ‖row[head]‖, [head], as SAEDashboard's
 * `decoder_weights_dist`. All 0 where the row is.
 */
export function headShares(row: ArrayLike<number>, heads: number): Float32Array {
  const width = row.length / heads;
  const norms = Float64Array.from({ length: heads }, (_, h) => {
    let squares = 0;
    for (let i = h * width; i < (h + 1) * width; i++) squares += (row[i] ?? 0) ** 2;
    return Math.sqrt(squares);
  });
  const sum = norms.reduce((a, b) => a + b, 0);
  return Float32Array.from(norms, (x) => (sum === 0 ? 0 : x / sum));
}

/** Cosine of two vectors of one width; 0 where one of them is 0. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    aa += (a[i] ?? 0) ** 2;
    bb += (b[i] ?? 0) ** 2;
    ab += (a[i] ?? 0) * (b[i] ?? 0);
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
