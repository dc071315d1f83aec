/** Active features of consecutive tokens, as compressed rows: of token t, entries offsets[t] … offsets[t + 1] − 1. */
export interface SparseRows {
  readonly offsets: Int32Array;
  /** Ascending within a row. */
  readonly features: Int32Array;
  /** > 0. */
  readonly values: Float32Array;
}

/** The same by feature: of feature f, entries offsets[f] … offsets[f + 1] − 1, tokens ascending. */
export interface SparseColumns {
  readonly dSae: number;
  readonly nTokens: number;
  readonly offsets: Int32Array;
  readonly tokens: Int32Array;
  readonly values: Float32Array;
}

/** One feature over the corpus: its active tokens, ascending, and their activations. */
export interface Column {
  readonly tokens: Int32Array;
  readonly values: Float32Array;
}

/** Makes rows of lists, one a token. */
export function sparseRows(indices: readonly Int32Array[], values: readonly Float32Array[]): SparseRows {
  const offsets = new Int32Array(indices.length + 1);
  for (const [t, row] of indices.entries()) offsets[t + 1] = (offsets[t] ?? 0) + row.length;
  const features = new Int32Array(offsets[indices.length] ?? 0);
  const all = new Float32Array(features.length);
  for (const [t, row] of indices.entries()) {
    features.set(row, offsets[t]);
    all.set(values[t] ?? [], offsets[t]);
  }
  return { offsets, features, values: all };
}

/** @param parts rows of consecutive stretches of the corpus, in order */
export function columnsOf(parts: readonly SparseRows[], dSae: number): SparseColumns {
  const offsets = new Int32Array(dSae + 1);
  for (const { features } of parts) for (const f of features) offsets[f + 1] = (offsets[f + 1] ?? 0) + 1;
  for (let f = 0; f < dSae; f++) offsets[f + 1] = (offsets[f + 1] ?? 0) + (offsets[f] ?? 0);
  const next = offsets.slice(0, dSae);
  const tokens = new Int32Array(offsets[dSae] ?? 0);
  const values = new Float32Array(tokens.length);
  let first = 0;
  for (const part of parts) {
    const n = part.offsets.length - 1;
    for (let t = 0; t < n; t++) {
      const end = part.offsets[t + 1] ?? 0;
      for (let e = part.offsets[t] ?? 0; e < end; e++) {
        const f = part.features[e] ?? 0;
        const at = next[f] ?? 0;
        next[f] = at + 1;
        tokens[at] = first + t;
        values[at] = part.values[e] ?? 0;
      }
    }
    first += n;
  }
  return { dSae, nTokens: first, offsets, tokens, values };
}

export function columnOf({ offsets, tokens, values }: SparseColumns, feature: number): Column {
  const from = offsets[feature] ?? 0;
  const to = offsets[feature + 1] ?? from;
  return { tokens: tokens.subarray(from, to), values: values.subarray(from, to) };
}

/**
 * Tokens on which two features are both active, for all pairs: i32 [dSae, dSae], filled where the second index is the larger
 * one. 4 · dSae² bytes.
 */
export function jointCounts(parts: readonly SparseRows[], dSae: number): Int32Array {
  const counts = new Int32Array(dSae * dSae);
  for (const { offsets, features } of parts)
    for (let t = 0; t + 1 < offsets.length; t++) {
      const end = offsets[t + 1] ?? 0;
      for (let a = offsets[t] ?? 0; a < end; a++) {
        const row = (features[a] ?? 0) * dSae;
        for (let b = a + 1; b < end; b++) {
          const at = row + (features[b] ?? 0);
          counts[at] = (counts[at] ?? 0) + 1;
        }
      }
    }
  return counts;
}

/** One feature's row of `jointCounts`, [dSae], both orders; 0 for the feature itself. */
export function jointRow(counts: Int32Array, dSae: number, feature: number): Int32Array {
  const row = new Int32Array(dSae);
  for (let other = 0; other < dSae; other++)
    if (other !== feature) row[other] = counts[Math.min(feature, other) * dSae + Math.max(feature, other)] ?? 0;
  return row;
}

/** The same for one feature without the whole matrix. */
export function jointRowOf(parts: readonly SparseRows[], dSae: number, feature: number): Int32Array {
  const counts = new Int32Array(dSae);
  for (const { offsets, features } of parts)
    for (let t = 0; t + 1 < offsets.length; t++) {
      const row = features.subarray(offsets[t], offsets[t + 1]);
      if (!row.includes(feature)) continue;
      for (const other of row) if (other !== feature) counts[other] = (counts[other] ?? 0) + 1;
    }
  return counts;
}
