import { tf } from './tf.ts';

/** Active features of each row on the host: indices ascending, values > 0. */
export interface SparseActs {
  readonly indices: readonly Int32Array[];
  readonly values: readonly Float32Array[];
}

/** The same on the device, each row padded to `cap` entries; entries from `counts[row]` on are undefined. */
export interface SparseActsGpu {
  readonly t: number;
  readonly cap: number;
  /** i32 [t]. */
  readonly counts: tf.Tensor1D;
  /** i32 [t, cap]. */
  readonly indices: tf.Tensor2D;
  /** f32 [t, cap]. */
  readonly values: tf.Tensor2D;
}

export function disposeSparse(acts: SparseActsGpu): void {
  tf.dispose([acts.counts, acts.indices, acts.values]);
}

/** Puts sparse rows on the device; `cap` is at least the longest row. */
export function uploadSparse(acts: SparseActs, atLeast = 1): SparseActsGpu {
  const t = acts.indices.length;
  const cap = acts.indices.reduce((max, row) => Math.max(max, row.length), atLeast);
  const indices = new Int32Array(t * cap);
  const values = new Float32Array(t * cap);
  const counts = new Int32Array(t);
  for (const [row, ids] of acts.indices.entries()) {
    indices.set(ids, row * cap);
    values.set(acts.values[row] ?? [], row * cap);
    counts[row] = ids.length;
  }
  return {
    t,
    cap,
    counts: tf.tensor1d(counts, 'int32'),
    indices: tf.tensor2d(indices, [t, cap], 'int32'),
    values: tf.tensor2d(values, [t, cap]),
  };
}

interface DenseRows {
  readonly rows: number;
  /** Entries of a row that count. */
  readonly width: number;
  /** Numbers from one row to the next; default `width`. */
  readonly stride?: number;
  /** [width], added first; absent: nothing. */
  readonly bias?: ArrayLike<number>;
  /** [width]. */
  readonly threshold: ArrayLike<number>;
}

/** Entries of dense rows, a bias added in float32, that are above their column's threshold, and above 0. */
export function compactRows(dense: Float32Array, { rows, width, stride = width, bias, threshold }: DenseRows): SparseActs {
  const indices: Int32Array[] = [];
  const values: Float32Array[] = [];
  const ids = new Int32Array(width);
  const acts = new Float32Array(width);
  for (let row = 0; row < rows; row++) {
    let count = 0;
    const from = row * stride;
    for (let i = 0; i < width; i++) {
      const p = bias ? Math.fround((dense[from + i] as number) + (bias[i] as number)) : (dense[from + i] as number);
      if (p > 0 && p > (threshold[i] as number)) {
        ids[count] = i;
        acts[count++] = p;
      }
    }
    indices.push(ids.slice(0, count));
    values.push(acts.slice(0, count));
  }
  return { indices, values };
}
