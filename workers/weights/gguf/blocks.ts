import { halves } from '../../../core/files/float16.ts';
import type { GgmlName, GgmlType } from './types.ts';

/** Where the values of blocks go; all begin at the first weight of the blocks. */
export interface Floats {
  readonly kind: 'f32';
  readonly values: Float32Array;
}
export interface Groups {
  readonly kind: 'grouped';
  readonly q: Int8Array;
  readonly scales: Float32Array;
  readonly mins: Float32Array | null;
}
/** How the blocks of a type become groups: w = q · scale + min. */
export interface Layout {
  readonly bits: 4 | 8;
  readonly group: 16 | 32;
  readonly mins: boolean;
}

const LAYOUTS: Readonly<Record<GgmlName, Layout | null>> = {
  F32: null,
  F16: null,
  BF16: null,
  Q4_0: { bits: 4, group: 32, mins: false },
  Q4_1: { bits: 4, group: 32, mins: true },
  Q5_0: { bits: 8, group: 32, mins: false },
  Q5_1: { bits: 8, group: 32, mins: true },
  Q8_0: { bits: 8, group: 32, mins: false },
  Q4_K: { bits: 4, group: 32, mins: true },
  Q5_K: { bits: 8, group: 32, mins: true },
  Q6_K: { bits: 8, group: 16, mins: false },
};

/** null: plain floating-point numbers. */
export const layoutOf = ({ name }: GgmlType): Layout | null => LAYOUTS[name];

/** F32, at any address. */
export function readFloats(bytes: Uint8Array<ArrayBuffer>, out: Float32Array): void {
  const own = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  out.set(new Float32Array(own.buffer, own.byteOffset, out.length));
}

/**
 * Repacks blocks into groups; nothing is rounded but the minimum of 4-bit groups, which moves by 8 scales since q is stored
 * from −8 to 7. Source: ggml's `dequantize_row_*`.
 */
export function readBlocks(type: GgmlType, bytes: Uint8Array, out: Groups): void {
  const unpack = UNPACK[type.name];
  if (!unpack) throw new RangeError(`${type.name} is not stored in blocks`);
  const count = bytes.length / type.bytes;
  unpack(bytes, count, out, halves());
}

type Unpack = (b: Uint8Array, count: number, out: Groups, half: Float32Array) => void;
const at = (b: Uint8Array, i: number): number => b[i] ?? 0;
const halfAt = (b: Uint8Array, i: number, half: Float32Array): number => half[at(b, i) | (at(b, i + 1) << 8)] ?? 0;
/** Blocks of 16 bytes with two values each hold values 0–15 in the low halves and 16–31 in the high ones. */
function nibbles(b: Uint8Array, from: number, q: Int8Array, to: number, minus: number): void {
  for (let j = 0; j < 16; j++) {
    const byte = at(b, from + j);
    q[to + j] = (byte & 15) - minus;
    q[to + j + 16] = (byte >> 4) - minus;
  }
}
/** The same with a fifth bit from a 32-bit mask. */
function fives(b: Uint8Array, mask: number, from: number, q: Int8Array, to: number, minus: number): void {
  const high = at(b, mask) | (at(b, mask + 1) << 8) | (at(b, mask + 2) << 16) | (at(b, mask + 3) << 24);
  for (let j = 0; j < 16; j++) {
    const byte = at(b, from + j);
    q[to + j] = ((byte & 15) | (((high >>> j) & 1) << 4)) - minus;
    q[to + j + 16] = ((byte >> 4) | (((high >>> (j + 16)) & 1) << 4)) - minus;
  }
}
function setMin(out: Groups, group: number, min: number): void {
  if (out.mins) out.mins[group] = min;
}
/** Scale and minimum (each of 6 bits) of sub-block s of a K-quant. */
const scaleOf = (b: Uint8Array, o: number, s: number): number =>
  s < 4 ? at(b, o + s) & 63 : (at(b, o + s + 4) & 15) | ((at(b, o + s - 4) >> 6) << 4);
const minOf = (b: Uint8Array, o: number, s: number): number =>
  s < 4 ? at(b, o + s + 4) & 63 : (at(b, o + s + 4) >> 4) | ((at(b, o + s) >> 6) << 4);

const UNPACK: Partial<Record<GgmlName, Unpack>> = {
  Q4_0(b, count, { q, scales }, half) {
    for (let i = 0; i < count; i++) {
      scales[i] = halfAt(b, i * 18, half);
      nibbles(b, i * 18 + 2, q, i * 32, 8);
    }
  },
  Q4_1(b, count, out, half) {
    for (let i = 0; i < count; i++) {
      const scale = halfAt(b, i * 20, half);
      out.scales[i] = scale;
      setMin(out, i, halfAt(b, i * 20 + 2, half) + 8 * scale);
      nibbles(b, i * 20 + 4, out.q, i * 32, 8);
    }
  },
  Q5_0(b, count, { q, scales }, half) {
    for (let i = 0; i < count; i++) {
      scales[i] = halfAt(b, i * 22, half);
      fives(b, i * 22 + 2, i * 22 + 6, q, i * 32, 16);
    }
  },
  Q5_1(b, count, out, half) {
    for (let i = 0; i < count; i++) {
      out.scales[i] = halfAt(b, i * 24, half);
      setMin(out, i, halfAt(b, i * 24 + 2, half));
      fives(b, i * 24 + 4, i * 24 + 8, out.q, i * 32, 0);
    }
  },
  Q8_0(b, count, { q, scales }, half) {
    for (let i = 0; i < count; i++) {
      scales[i] = halfAt(b, i * 34, half);
      for (let j = 0; j < 32; j++) q[i * 32 + j] = at(b, i * 34 + 2 + j);
    }
  },
  Q4_K(b, count, out, half) {
    for (let i = 0; i < count; i++) {
      const o = i * 144;
      const [d, dmin] = [halfAt(b, o, half), halfAt(b, o + 2, half)];
      for (let s = 0; s < 8; s++) {
        const scale = Math.fround(d * scaleOf(b, o + 4, s));
        out.scales[i * 8 + s] = scale;
        setMin(out, i * 8 + s, 8 * scale - Math.fround(dmin * minOf(b, o + 4, s)));
        const shift = 4 * (s & 1);
        const from = o + 16 + 32 * (s >> 1);
        for (let l = 0; l < 32; l++) out.q[i * 256 + s * 32 + l] = ((at(b, from + l) >> shift) & 15) - 8;
      }
    }
  },
  Q5_K(b, count, out, half) {
    for (let i = 0; i < count; i++) {
      const o = i * 176;
      const [d, dmin] = [halfAt(b, o, half), halfAt(b, o + 2, half)];
      for (let s = 0; s < 8; s++) {
        out.scales[i * 8 + s] = d * scaleOf(b, o + 4, s);
        setMin(out, i * 8 + s, -dmin * minOf(b, o + 4, s));
        const shift = 4 * (s & 1);
        const from = o + 48 + 32 * (s >> 1);
        for (let l = 0; l < 32; l++)
          out.q[i * 256 + s * 32 + l] = ((at(b, from + l) >> shift) & 15) | (((at(b, o + 16 + l) >> s) & 1) << 4);
      }
    }
  },
  Q6_K(b, count, { q, scales }, half) {
    for (let i = 0; i < count; i++) {
      const o = i * 210;
      const d = halfAt(b, o + 208, half);
      for (let s = 0; s < 16; s++) scales[i * 16 + s] = d * ((at(b, o + 192 + s) << 24) >> 24);
      for (let n = 0; n < 2; n++) {
        const [low, high, to] = [o + 64 * n, o + 128 + 32 * n, i * 256 + 128 * n];
        for (let l = 0; l < 32; l++) {
          const [a, c, h] = [at(b, low + l), at(b, low + l + 32), at(b, high + l)];
          q[to + l] = ((a & 15) | ((h & 3) << 4)) - 32;
          q[to + l + 32] = ((c & 15) | (((h >> 2) & 3) << 4)) - 32;
          q[to + l + 64] = ((a >> 4) | (((h >> 4) & 3) << 4)) - 32;
          q[to + l + 96] = ((c >> 4) | (((h >> 6) & 3) << 4)) - 32;
        }
      }
    }
  },
};
