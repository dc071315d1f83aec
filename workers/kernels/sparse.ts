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
