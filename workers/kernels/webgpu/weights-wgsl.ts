import type { Format16 } from '../../../core/files/float16.ts';
import type { Matrix } from '../matrix.ts';
import { HALF_SHIFT } from '../shifted-half.ts';
import type { Tensor } from '../tf.ts';

/**
 * How a matrix lies in GPU memory. Values: `f32`, two of 16 bits to a word, or int8/int4 words. Each group of 16 or 32 has a scale and perhaps a
 * minimum, w = q · scale + min, in one of these forms (`half`: f16, where that loses nothing):
 * scale f32 · scale half, two to a word · scale and min half in one word · scale and min f32.
 */
export type Meta = 'none' | 'scale' | 'half' | 'half-min' | 'min';
export interface Packing {
  readonly bits: 4 | 8 | 16 | 32;
  readonly group: 16 | 32;
  readonly meta: Meta;
  /** −128 occurs, which the quick way of unpacking int8 cannot hold. */
  readonly full: boolean;
  /** Of numbers of 16 bits; see `encode16`. */
  readonly format: Format16 | null;
  /** Says all of the above; part of every pipeline key. */
  readonly name: string;
}

/** Some rows of a matrix, few enough for one binding. */
export interface Shard {
  readonly first: number;
  readonly n: number;
  /** i32 [n, k/2], [n, k/4] or [n, k/8]; float32 [n, k]. */
  readonly words: Tensor;
  /** What `Packing.meta` says, row by row; null for floating-point numbers. */
  readonly scales: Tensor | null;
}
export interface Packed {
  readonly type: 'packed';
  readonly packing: Packing;
  readonly shards: readonly Shard[];
}

export const packingOf = (
  bits: Packing['bits'],
  group: 16 | 32,
  meta: Meta,
  full: boolean,
  format: Format16 | null,
): Packing => ({
  bits,
  group,
  meta,
  full,
  format,
  name: meta === 'none' ? (format ?? 'f32') : `int${bits}-${group}-${meta}${full ? '-full' : ''}`,
});

export function packed(matrix: Matrix): Packed {
  if (matrix.store.type !== 'packed') throw new Error('the matrix was made on another backend');
  return matrix.store;
}

/** The matrix, where it lies packed in one piece; else null. */
export function onlyShard({ store }: Matrix): Shard | null {
  return store.type === 'packed' && store.shards.length === 1 ? (store.shards[0] ?? null) : null;
}

/** The buffers of a shard, in binding order. */
export const shardInputs = ({ words, scales }: Shard): Tensor[] => (scales ? [words, scales] : [words]);

/** First binding after the matrix. */
export const afterWeights = (packing: Packing, at: number): number => at + (isFloat(packing) ? 1 : 2);

/** Whether weights are floating-point numbers, without scales. */
export const isFloat = ({ meta }: Packing): boolean => meta === 'none';

const HALF = `fn half(h: u32) -> f32 { return bitcast<f32>(((h & 0x7fffu) << 13u) | ((h & 0x8000u) << 16u)) * ${2 ** (112 - HALF_SHIFT)}f; }`;
const META: Readonly<Record<Exclude<Meta, 'none'>, readonly [type: string, get: string]>> = {
  scale: ['f32', 'vec2<f32>(S[g], 0.0)'],
  half: ['u32', 'vec2<f32>(half(S[g / 2u] >> (16u * (g % 2u))), 0.0)'],
  'half-min': ['u32', 'vec2<f32>(half(S[g]), half(S[g] >> 16u))'],
  min: ['vec2<f32>', 'S[g]'],
};
export const hasMin = ({ meta }: Packing): boolean => meta === 'min' || meta === 'half-min';
/** 4-bit values are stored from 0 to 15; together with a half minimum, that is the file's own, they count from 0. */
const offset = ({ meta }: Packing): string => (meta === 'half-min' ? '0.0' : '8.0');
/** `int8x4` returns q divided by this. */
export const unit = ({ bits, full }: Packing): number => (bits === 8 && !full ? 127 : 1);

/**
 * Declares the matrix at bindings `at` (and `at + 1`), `fn metaOf(g)` with scale and minimum of the group g (counted over
 * the whole shard), and how to unpack a word into four neighbours: `int8x4`, or `int4lo` and `int4hi`; of numbers of 16 bits,
 * two words: `half4`.
 */
export function declareWeights(packing: Packing, at: number, words: 'single' | 'pair' | 'vector'): string {
  const type = packing.bits === 32 ? 'f32' : 'u32';
  const declared = `@group(0) @binding(${at}) var<storage, read> W: array<${words === 'single' ? type : words === 'pair' ? `vec2<${type}>` : `vec4<${type}>`}>;`;
  if (packing.format) return `${declared}\n${WIDEN[packing.format]}`;
  if (packing.meta === 'none') return declared;
  const [metaType, get] = META[packing.meta];
  const unpack =
    packing.bits === 4
      ? `fn int4lo(w: u32) -> vec4<f32> { return unpack4x8unorm(w & 0x0f0f0f0fu) * 255.0 - ${offset(packing)}; }
fn int4hi(w: u32) -> vec4<f32> { return unpack4x8unorm((w >> 4u) & 0x0f0f0f0fu) * 255.0 - ${offset(packing)}; }`
      : packing.full
        ? `fn int8x4(w: u32) -> vec4<f32> { return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(w) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u)); }`
        : `fn int8x4(w: u32) -> vec4<f32> { return unpack4x8snorm(w); }`;
  return `${declared}
@group(0) @binding(${at + 1}) var<storage, read> S: array<${metaType}>;
${HALF}
fn metaOf(g: u32) -> vec2<f32> { return ${get}; }
${unpack}`;
}

/** Also of one number in the low half of a word. */
const WIDEN: Readonly<Record<Format16, string>> = {
  f16: `fn widen(h: vec4<u32>) -> vec4<f32> { return bitcast<vec4<f32>>(((h & vec4<u32>(0x7fffu)) << vec4<u32>(13u)) | ((h & vec4<u32>(0x8000u)) << vec4<u32>(16u))) * ${2 ** (112 - HALF_SHIFT)}f; }
fn half4(w: vec2<u32>) -> vec4<f32> { return widen(vec4<u32>(w.x, w.x >> 16u, w.y, w.y >> 16u)); }`,
  bf16: `fn widen(h: vec4<u32>) -> vec4<f32> { return bitcast<vec4<f32>>(h << vec4<u32>(16u)); }
fn half4(w: vec2<u32>) -> vec4<f32> { return bitcast<vec4<f32>>(vec4<u32>(w.x << 16u, w.x & 0xffff0000u, w.y << 16u, w.y & 0xffff0000u)); }`,
};

/** As `declareWeights`, with `fn weight(n, k, K)`: one dequantized weight. For kernels that touch few of them. */
export function weightFunction(packing: Packing, at: number): string {
  const declared = declareWeights(packing, at, 'single');
  if (packing.format)
    return `${declared}
fn weight(n: u32, k: u32, K: u32) -> f32 { return widen(vec4<u32>(W[n * (K / 2u) + k / 2u] >> (16u * (k % 2u)))).x; }`;
  if (packing.bits === 32) return `${declared}\nfn weight(n: u32, k: u32, K: u32) -> f32 { return W[n * K + k]; }`;
  const q =
    packing.bits === 8
      ? 'f32(i32(W[n * (K / 4u) + k / 4u] << (24u - 8u * (k % 4u))) >> 24u)'
      : `f32((W[n * (K / 8u) + k / 8u] >> (8u * (k % 4u) + 4u * ((k % 8u) / 4u))) & 15u) - ${offset(packing)}`;
  const group = `${packing.group}u`;
  return `${declared}
fn weight(n: u32, k: u32, K: u32) -> f32 { let m = metaOf(n * (K / ${group}) + k / ${group}); return (${q}) * m.x + m.y; }`;
}
