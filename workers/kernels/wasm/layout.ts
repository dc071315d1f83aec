/** Rows of a unit: what one vector pair of the kernels holds of a column. */
export const UNIT = 8;
/**
 * i32 that describe a matrix to the kernels: bits, group (of numbers of 16 bits: 1 for bfloat16, 0 for f16), n, k, addresses of
 * values, scales, minimums.
 */
export const DESCRIPTOR = 7;

export const padded = (n: number): number => Math.ceil(n / UNIT) * UNIT;

export interface Sizes {
  readonly values: number;
  readonly scales: number;
  readonly mins: number;
}

/** How the weights of a matrix lie in memory. */
export interface Form {
  readonly bits: 4 | 8 | 16 | 32;
  /** See `DESCRIPTOR`. */
  readonly group: number;
  readonly mins: boolean;
}

/** Bytes of each part of a packed matrix. */
export function packedSizes({ bits, group, mins }: Form, n: number, k: number): Sizes {
  const rows = padded(n);
  const scales = bits >= 16 ? 0 : (rows * k * 4) / group;
  return { values: (rows * k * bits) / 8, scales, mins: mins ? scales : 0 };
}

/** Float32 [n, k] → [unit][k][8]; rows that are not there are 0. */
export function packF32(values: Float32Array, n: number, k: number, out: Float32Array): void {
  out.fill(0);
  for (let row = 0; row < n; row++) {
    let to = (row >> 3) * k * UNIT + (row & 7);
    const from = row * k;
    for (let c = 0; c < k; c++, to += UNIT) out[to] = values[from + c] as number;
  }
}

/** Numbers of 16 bits [n, k] → [unit][k / 2][8], two columns of a row in a word, the first in its low half. */
export function pack16(values: Uint16Array, n: number, k: number, out: Int32Array): void {
  out.fill(0);
  for (let row = 0; row < n; row++) {
    let to = (row >> 3) * (k >> 1) * UNIT + (row & 7);
    const from = row * k;
    for (let c = 0; c < k; c += 2, to += UNIT) out[to] = (values[from + c] as number) | ((values[from + c + 1] as number) << 16);
  }
}

/**
 * Quantized [n, k] → words [unit][k / columns][8], four (int8) or eight (int4) columns of a row in a word, the first in its
 * low bits: q + 128 (8), but the last one signed, as it is the word's sign. See `assembly/matrix.ts`.
 */
export function packQuantized(q: Int8Array, bits: 4 | 8, n: number, k: number, out: Int32Array): void {
  const columns = 32 / bits;
  const words = k / columns;
  out.fill(0);
  for (let row = 0; row < n; row++) {
    let to = (row >> 3) * words * UNIT + (row & 7);
    let at = row * k;
    for (let w = 0; w < words; w++, to += UNIT, at += columns) {
      out[to] = bits === 4 ? nibbles(q, at) : bytes(q, at);
    }
  }
}

function nibbles(q: Int8Array, at: number): number {
  return (
    ((q[at] as number) + 8) |
    (((q[at + 1] as number) + 8) << 4) |
    (((q[at + 2] as number) + 8) << 8) |
    (((q[at + 3] as number) + 8) << 12) |
    (((q[at + 4] as number) + 8) << 16) |
    (((q[at + 5] as number) + 8) << 20) |
    (((q[at + 6] as number) + 8) << 24) |
    ((q[at + 7] as number) << 28)
  );
}

function bytes(q: Int8Array, at: number): number {
  return (
    ((q[at] as number) + 128) |
    (((q[at + 1] as number) + 128) << 8) |
    (((q[at + 2] as number) + 128) << 16) |
    ((q[at + 3] as number) << 24)
  );
}

/** Scales or minimums [n, groups] → [unit][group][8]; rows that are not there are 0. */
export function packGroups(values: Float32Array, n: number, groups: number, out: Float32Array): void {
  packF32(values, n, groups, out);
}
