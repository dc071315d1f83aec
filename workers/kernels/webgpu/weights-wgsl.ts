import type { Matrix, Packed } from '../matrix.ts';

/** How a packed matrix lies in memory; part of every pipeline key. */
export type Packing = 'f32' | 'int8' | 'int4';

export function packed(matrix: Matrix): { readonly packing: Packing; readonly store: Packed } {
  if (matrix.store.type !== 'packed') throw new Error('the matrix was made on another backend');
  return { packing: matrix.store.scales ? (matrix.kind as Packing) : 'f32', store: matrix.store };
}

/** The buffers of a packed matrix, in binding order. */
export function packedInputs(store: Packed): [Packed['words']] | [Packed['words'], Packed['words']] {
  return store.scales ? [store.words, store.scales] : [store.words];
}

/**
 * Declares the matrix at bindings `at` (and `at + 1` for scales) and `fn weight(n, k, K)`: one dequantized weight.
 * For kernels that touch few weights; the matmuls unpack whole vectors.
 */
export function weightFunction(packing: Packing, at: number): string {
  if (packing === 'f32') {
    return `@group(0) @binding(${at}) var<storage, read> W: array<f32>;
fn weight(n: u32, k: u32, K: u32) -> f32 { return W[n * K + k]; }`;
  }
  const unpack =
    packing === 'int8'
      ? 'let q = f32(i32(W[n * (K / 4u) + k / 4u] << (24u - 8u * (k % 4u))) >> 24u);'
      : 'let j = k % 8u; let q = f32((W[n * (K / 8u) + k / 8u] >> (8u * (j % 4u) + 4u * (j / 4u))) & 15u) - 8.0;';
  return `@group(0) @binding(${at}) var<storage, read> W: array<u32>;
@group(0) @binding(${at + 1}) var<storage, read> S: array<f32>;
fn weight(n: u32, k: u32, K: u32) -> f32 { ${unpack} return q * S[n * (K / 32u) + k / 32u]; }`;
}

/** First binding after the matrix. */
export const afterWeights = (packing: Packing, at: number): number => at + (packing === 'f32' ? 1 : 2);

/** Vectors of four neighbours of a packed word: int8 (the 127 of unpack4x8snorm is folded into the scale), int4 low and high half. */
export const UNPACK = `
fn int8x4(w: u32) -> vec4<f32> { return unpack4x8snorm(w); }
fn int4lo(w: u32) -> vec4<f32> { return unpack4x8unorm(w & 0x0f0f0f0fu) * 255.0 - 8.0; }
fn int4hi(w: u32) -> vec4<f32> { return unpack4x8unorm((w >> 4u) & 0x0f0f0f0fu) * 255.0 - 8.0; }
`;
