import { topK } from '../stats/index.ts';
import { NEIGHBOURS, type CosineRecord } from './record.ts';

/** Directions of one dictionary's features, each of length 1 (or 0 where a row is zero); row-major [n, width], float64. */
export interface UnitRows {
  readonly sae: string;
  readonly n: number;
  readonly width: number;
  readonly data: Float64Array;
}

export function unitRows(sae: string, rows: Float32Array | Int32Array, width: number): UnitRows {
  const n = rows.length / width;
  const data = Float64Array.from(rows);
  for (let r = 0; r < n; r++) {
    let squares = 0;
    for (let i = r * width; i < (r + 1) * width; i++) squares += (data[i] ?? 0) ** 2;
    const norm = Math.sqrt(squares);
    for (let i = r * width; i < (r + 1) * width; i++) data[i] = norm === 0 ? 0 : (data[i] ?? 0) / norm;
  }
  return { sae, n, width, data };
}

/** Cosines of one row with every row of a dictionary, [n]. Sums run in one order, so the same rows give the same bits. */
export function cosines(of: UnitRows, row: number, among: UnitRows): Float64Array {
  const { width } = among;
  const query = of.data.subarray(row * width, (row + 1) * width);
  const { data } = among;
  const out = new Float64Array(among.n);
  for (let r = 0; r < among.n; r++) {
    // Four sums at once: a single one would wait for each addition.
    const sums = [0, 0, 0, 0] as [number, number, number, number];
    const from = r * width;
    let i = 0;
    for (; i + 3 < width; i += 4) {
      sums[0] += (query[i] as number) * (data[from + i] as number);
      sums[1] += (query[i + 1] as number) * (data[from + i + 1] as number);
      sums[2] += (query[i + 2] as number) * (data[from + i + 2] as number);
      sums[3] += (query[i + 3] as number) * (data[from + i + 3] as number);
    }
    for (; i < width; i++) sums[0] += (query[i] as number) * (data[from + i] as number);
    out[r] = sums[0] + sums[1] + (sums[2] + sums[3]);
  }
  return out;
}

/** The features of the same dictionary with the largest cosines; ties: lower index. */
export function nearestInside(rows: UnitRows, feature: number): CosineRecord[] {
  const cos = cosines(rows, feature, rows);
  cos[feature] = NaN;
  return topK(cos, NEIGHBOURS).map((other) => ({ sae: rows.sae, feature: other, cosine: cos[other] ?? 0 }));
}

/**
 * The nearest feature among candidates of another dictionary whose rows are in the same space; ties: lower index.
 * @param candidates at least one
 */
export function nearestOf(rows: UnitRows, feature: number, other: UnitRows, candidates: readonly number[]): CosineRecord {
  const { width } = rows;
  const cosine = (f: number): number => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += (rows.data[feature * width + i] ?? 0) * (other.data[f * width + i] ?? 0);
    return sum;
  };
  const scored = candidates.map((f) => ({ sae: other.sae, feature: f, cosine: cosine(f) }));
  return scored.reduce((a, b) => (b.cosine > a.cosine || (b.cosine === a.cosine && b.feature < a.feature) ? b : a));
}
