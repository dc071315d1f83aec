/**
 * Weights as `layout.ts` packs them. A matrix is described by seven i32:
 * bits (32, 16, 8, 4), group, n, k, and where values, scales and minimums are (0: none).
 * Rows come in units of eight; the eight values of one column lie together, so that a vector holds four rows:
 * float32 [unit][k][8]; scales and minimums [unit][group][8];
 * 16 bits: two columns of a row in a word, [unit][k / 2][8]: bfloat16 where the group is 1, else f16 times 2^10, so that none is
 * subnormal; its bits, moved to where float32 has them, are the number times 2^-102;
 * int8 and int4 in words of 4 or 8 columns of one row, [unit][k / columns][8]. The first columns of a word are in its low bits,
 * each plus 128 (8) to be unsigned; the last column is signed, as its sign bit is the word's. A part of a word that is masked
 * out and read as a number is the weight times a power of two, exactly; so nothing needs to be shifted.
 */
import { fma } from './maths';

export function bitsOf(m: i32): i32 {
  return load<i32>(m);
}
export function groupOf(m: i32): i32 {
  return load<i32>(m, 4);
}
export function rowsOf(m: i32): i32 {
  return load<i32>(m, 8);
}
export function columnsOf(m: i32): i32 {
  return load<i32>(m, 12);
}
export function valuesOf(m: i32): i32 {
  return load<i32>(m, 16);
}
export function scalesOf(m: i32): i32 {
  return load<i32>(m, 20);
}
export function minsOf(m: i32): i32 {
  return load<i32>(m, 24);
}

/** By what f16 numbers, their bits moved, must be multiplied. */
export const HALF: f32 = 5.070602400912918e30;
/** Sign, and where exponent and fraction of an f16 number come to lie in float32. */
const HALF_MASK: i32 = 0x8fffe000;

/** The first and the second of two columns of 16 bits; f16 still times 1 / HALF. */
export function firstOf16(word: v128, brain: bool): v128 {
  const high = i32x4.shl(word, 16);
  return brain ? high : secondOf16(high, false);
}
export function secondOf16(word: v128, brain: bool): v128 {
  return brain ? v128.and(word, i32x4.splat(0xffff0000)) : v128.and(i32x4.shr_s(word, 3), i32x4.splat(HALF_MASK));
}

/** Columns of 16 bits as float32, as in `panel`. */
function panel16(m: i32, unit: i32, k0: i32, count: i32, out: i32): void {
  const brain = groupOf(m) === 1;
  const scale = f32x4.splat(brain ? 1 : HALF);
  let word = valuesOf(m) + ((unit * columnsOf(m) + k0) << 4);
  for (let p = out; p < out + (count << 5); p += 64) {
    const u = v128.load(word);
    const w = v128.load(word, 16);
    v128.store(p, f32x4.mul(firstOf16(u, brain), scale));
    v128.store(p, f32x4.mul(firstOf16(w, brain), scale), 16);
    v128.store(p, f32x4.mul(secondOf16(u, brain), scale), 32);
    v128.store(p, f32x4.mul(secondOf16(w, brain), scale), 48);
    word += 32;
  }
}

/** Dequantizes one column of a unit: (part · 2⁻ˢ − zero) · scale + min, as float32 rounds it. */
function column(word: v128, mask: i32, down: f32, zero: f32, scale: v128, min: v128): v128 {
  const part = f32x4.convert_i32x4_s(v128.and(word, i32x4.splat(mask)));
  const q = f32x4.sub(f32x4.mul(part, f32x4.splat(down)), f32x4.splat(zero));
  return f32x4.add(f32x4.mul(q, scale), min);
}

/** Columns k0 … k0 + count of a unit as float32 [count][8]; both multiples of 8, or anything for float32 matrices. */
export function panel(m: i32, unit: i32, k0: i32, count: i32, out: i32): void {
  const bits = bitsOf(m);
  const k = columnsOf(m);
  if (bits === 32) {
    memory.copy(out, valuesOf(m) + ((unit * k + k0) << 5), count << 5);
    return;
  }
  if (bits === 16) {
    panel16(m, unit, k0, count, out);
    return;
  }
  const group = groupOf(m);
  const groups = k / group;
  const mins = minsOf(m);
  const zero = f32x4.splat(0);
  let word = valuesOf(m) + unit * k * bits + k0 * bits;
  let p = out;
  for (let at = k0; at < k0 + count; at += 8) {
    const g = (unit * groups + at / group) << 5;
    const s0 = v128.load(scalesOf(m) + g);
    const s1 = v128.load(scalesOf(m) + g, 16);
    const m0 = mins ? v128.load(mins + g) : zero;
    const m1 = mins ? v128.load(mins + g, 16) : zero;
    const w0 = v128.load(word);
    const w1 = v128.load(word, 16);
    if (bits === 4) {
      v128.store(p, column(w0, 0xf, 1, 8, s0, m0));
      v128.store(p, column(w1, 0xf, 1, 8, s1, m1), 16);
      v128.store(p, column(w0, 0xf0, 0.0625, 8, s0, m0), 32);
      v128.store(p, column(w1, 0xf0, 0.0625, 8, s1, m1), 48);
      v128.store(p, column(w0, 0xf00, 0.00390625, 8, s0, m0), 64);
      v128.store(p, column(w1, 0xf00, 0.00390625, 8, s1, m1), 80);
      v128.store(p, column(w0, 0xf000, 0.000244140625, 8, s0, m0), 96);
      v128.store(p, column(w1, 0xf000, 0.000244140625, 8, s1, m1), 112);
      v128.store(p, column(w0, 0xf0000, 1.52587890625e-5, 8, s0, m0), 128);
      v128.store(p, column(w1, 0xf0000, 1.52587890625e-5, 8, s1, m1), 144);
      v128.store(p, column(w0, 0xf00000, 9.5367431640625e-7, 8, s0, m0), 160);
      v128.store(p, column(w1, 0xf00000, 9.5367431640625e-7, 8, s1, m1), 176);
      v128.store(p, column(w0, 0xf000000, 5.9604644775390625e-8, 8, s0, m0), 192);
      v128.store(p, column(w1, 0xf000000, 5.9604644775390625e-8, 8, s1, m1), 208);
      v128.store(p, column(w0, 0xf0000000, 3.7252902984619140625e-9, 0, s0, m0), 224);
      v128.store(p, column(w1, 0xf0000000, 3.7252902984619140625e-9, 0, s1, m1), 240);
      word += 32;
    } else {
      const w2 = v128.load(word, 32);
      const w3 = v128.load(word, 48);
      v128.store(p, column(w0, 0xff, 1, 128, s0, m0));
      v128.store(p, column(w1, 0xff, 1, 128, s1, m1), 16);
      v128.store(p, column(w0, 0xff00, 0.00390625, 128, s0, m0), 32);
      v128.store(p, column(w1, 0xff00, 0.00390625, 128, s1, m1), 48);
      v128.store(p, column(w0, 0xff0000, 1.52587890625e-5, 128, s0, m0), 64);
      v128.store(p, column(w1, 0xff0000, 1.52587890625e-5, 128, s1, m1), 80);
      v128.store(p, column(w0, 0xff000000, 5.9604644775390625e-8, 0, s0, m0), 96);
      v128.store(p, column(w1, 0xff000000, 5.9604644775390625e-8, 0, s1, m1), 112);
      v128.store(p, column(w2, 0xff, 1, 128, s0, m0), 128);
      v128.store(p, column(w3, 0xff, 1, 128, s1, m1), 144);
      v128.store(p, column(w2, 0xff00, 0.00390625, 128, s0, m0), 160);
      v128.store(p, column(w3, 0xff00, 0.00390625, 128, s1, m1), 176);
      v128.store(p, column(w2, 0xff0000, 1.52587890625e-5, 128, s0, m0), 192);
      v128.store(p, column(w3, 0xff0000, 1.52587890625e-5, 128, s1, m1), 208);
      v128.store(p, column(w2, 0xff000000, 5.9604644775390625e-8, 0, s0, m0), 224);
      v128.store(p, column(w3, 0xff000000, 5.9604644775390625e-8, 0, s1, m1), 240);
      word += 64;
    }
    p += 256;
  }
}

/** Four columns of one word, the word in every lane. */
function part(word: v128, mask: v128, down: v128, zero: v128, scale: v128, min: v128): v128 {
  const q = f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(v128.and(word, mask)), down), zero);
  return f32x4.add(f32x4.mul(q, scale), min);
}

/** One row as float32 [k]: the same numbers as `panel`. */
export function row(m: i32, index: i32, out: i32): void {
  const bits = bitsOf(m);
  const k = columnsOf(m);
  const unit = index >> 3;
  const lane = (index & 7) << 2;
  if (bits === 32) {
    const from = valuesOf(m) + ((unit * k) << 5) + lane;
    for (let i = 0; i < k; i++) store<f32>(out + (i << 2), load<f32>(from + (i << 5)));
    return;
  }
  if (bits === 16) {
    const brain = groupOf(m) === 1;
    const scale: f32 = brain ? 1 : HALF;
    const from = valuesOf(m) + ((unit * k) << 4) + lane;
    for (let i = 0; i < k; i += 2) {
      const word = v128.load32_splat(from + (i << 4));
      store<f32>(out + (i << 2), f32x4.extract_lane(firstOf16(word, brain), 0) * scale);
      store<f32>(out + (i << 2), f32x4.extract_lane(secondOf16(word, brain), 0) * scale, 4);
    }
    return;
  }
  const group = groupOf(m);
  const groups = k / group;
  const mins = minsOf(m);
  let word = valuesOf(m) + unit * k * bits + lane;
  let p = out;
  for (let g = 0; g < groups; g++) {
    const at = ((unit * groups + g) << 5) + lane;
    const scale = v128.load32_splat(scalesOf(m) + at);
    const min = mins ? v128.load32_splat(mins + at) : f32x4.splat(0);
    for (let i = 0; i < group; i += 8) {
      const w = v128.load32_splat(word);
      if (bits === 4) {
        const low = part(
          w,
          i32x4(0xf, 0xf0, 0xf00, 0xf000),
          f32x4(1, 0.0625, 0.00390625, 0.000244140625),
          f32x4.splat(8),
          scale,
          min,
        );
        const high = part(
          w,
          i32x4(0xf0000, 0xf00000, 0xf000000, 0xf0000000),
          f32x4(1.52587890625e-5, 9.5367431640625e-7, 5.9604644775390625e-8, 3.7252902984619140625e-9),
          f32x4(8, 8, 8, 0),
          scale,
          min,
        );
        v128.store(p, low);
        v128.store(p, high, 16);
        word += 32;
      } else {
        const mask = i32x4(0xff, 0xff00, 0xff0000, 0xff000000);
        const down = f32x4(1, 0.00390625, 1.52587890625e-5, 5.9604644775390625e-8);
        const zero = f32x4(128, 128, 128, 0);
        v128.store(p, part(w, mask, down, zero, scale, min));
        v128.store(p, part(v128.load32_splat(word, 32), mask, down, zero, scale, min), 16);
        word += 64;
      }
      p += 32;
    }
  }
}

/** acc + Σ x[i] y[i], count a multiple of 4 or with a tail of single numbers. */
export function dot(x: i32, y: i32, count: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    a = fma(v128.load(x + (i << 2)), v128.load(y + (i << 2)), a);
    b = fma(v128.load(x + (i << 2), 16), v128.load(y + (i << 2), 16), b);
  }
  let total: f32 = 0;
  const both = f32x4.add(a, b);
  total = f32x4.extract_lane(both, 0) + f32x4.extract_lane(both, 1) + (f32x4.extract_lane(both, 2) + f32x4.extract_lane(both, 3));
  for (; i < count; i++) total += load<f32>(x + (i << 2)) * load<f32>(y + (i << 2));
  return total;
}

/** y += a x. */
export function axpy(a: f32, x: i32, y: i32, count: i32): void {
  const s = f32x4.splat(a);
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(y + (i << 2), fma(s, v128.load(x + (i << 2)), v128.load(y + (i << 2))));
  for (; i < count; i++) store<f32>(y + (i << 2), load<f32>(y + (i << 2)) + a * load<f32>(x + (i << 2)));
}
