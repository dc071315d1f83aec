/** Products with weights: y = x Wᵀ, dx = dy W, rows, sums and dots of rows. Strides in bytes. */
import { fma } from './maths';
import {
  axpy,
  bitsOf,
  columnsOf,
  dot,
  firstOf16,
  groupOf,
  HALF,
  minsOf,
  panel,
  row,
  rowsOf,
  scalesOf,
  secondOf16,
  valuesOf,
} from './matrix';
import { tiles } from './tiles';

/** From this many rows on, weights are dequantized into a panel that all rows share. */
const PANEL_FROM = 4;
/** Columns of a panel at most: with its eight rows it fits a small first-level cache. */
const PANEL_COLUMNS = 768;
/** Rows of weights in one panel of a gradient. */
const PANEL_ROWS = 512;

/** What a single row needs of x for weights of 16 bits: x, for f16 times what those lack. */
function prepare16(m: i32, x: i32, out: i32): void {
  const scale = f32x4.splat(groupOf(m) === 1 ? 1 : HALF);
  for (let i = 0; i < columnsOf(m) << 2; i += 16) v128.store(out + i, f32x4.mul(v128.load(x + i), scale));
}

/** As `single`, for weights of 16 bits. */
function single16(m: i32, unit: i32, ready: i32, y: i32): void {
  const k = columnsOf(m);
  const end = ready + (k << 2);
  let word = valuesOf(m) + ((unit * k) << 4);
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  const brain = groupOf(m) === 1;
  for (let x = ready; x < end; x += 16) {
    const u = v128.load(word);
    const w = v128.load(word, 16);
    const x0 = v128.load32_splat(x);
    const x1 = v128.load32_splat(x, 4);
    a0 = fma(x0, firstOf16(u, brain), a0);
    b0 = fma(x0, firstOf16(w, brain), b0);
    a1 = fma(x1, secondOf16(u, brain), a1);
    b1 = fma(x1, secondOf16(w, brain), b1);
    const u2 = v128.load(word, 32);
    const w2 = v128.load(word, 48);
    const x2 = v128.load32_splat(x, 8);
    const x3 = v128.load32_splat(x, 12);
    a2 = fma(x2, firstOf16(u2, brain), a2);
    b2 = fma(x2, firstOf16(w2, brain), b2);
    a3 = fma(x3, secondOf16(u2, brain), a3);
    b3 = fma(x3, secondOf16(w2, brain), b3);
    word += 64;
  }
  v128.store(y, f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)));
  v128.store(y, f32x4.add(f32x4.add(b0, b1), f32x4.add(b2, b3)), 16);
}

/**
 * What a single row needs of x, made once per thread: x scaled so that masked parts need no shift, then for each group
 * Σ x, and minus the zero point times Σ x over its unsigned columns.
 */
function prepare(m: i32, x: i32, out: i32): void {
  const k = columnsOf(m);
  const group = groupOf(m);
  const sums = out + (k << 2);
  const zeros = sums + ((k / group) << 2);
  const int4 = bitsOf(m) === 4;
  const zero: f32 = int4 ? -8 : -128;
  const first = int4
    ? f32x4(1, 0.0625, 0.00390625, 0.000244140625)
    : f32x4(1, 0.00390625, 1.52587890625e-5, 5.9604644775390625e-8);
  const second = int4 ? f32x4(1.52587890625e-5, 9.5367431640625e-7, 5.9604644775390625e-8, 3.7252902984619140625e-9) : first;
  const unsigned = f32x4(1, 1, 1, 0);
  for (let g = 0; g * group < k; g++) {
    let all = f32x4.splat(0);
    let shifted = all;
    for (let i = g * group; i < (g + 1) * group; i += 8) {
      const a = v128.load(x + (i << 2));
      const b = v128.load(x + (i << 2), 16);
      v128.store(out + (i << 2), f32x4.mul(a, first));
      v128.store(out + (i << 2), f32x4.mul(b, second), 16);
      all = f32x4.add(all, f32x4.add(a, b));
      shifted = f32x4.add(shifted, f32x4.add(int4 ? a : f32x4.mul(a, unsigned), f32x4.mul(b, unsigned)));
    }
    store<f32>(sums + (g << 2), total(all));
    store<f32>(zeros + (g << 2), zero * total(shifted));
  }
}

function total(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

function times(x: i32, offset: i32, word: v128, mask: i32, acc: v128): v128 {
  return fma(v128.load32_splat(x + offset), f32x4.convert_i32x4_s(v128.and(word, i32x4.splat(mask))), acc);
}

/** Eight outputs of one row that `prepare` made ready: weights are dequantized in registers. */
function single(m: i32, unit: i32, ready: i32, y: i32): void {
  const k = columnsOf(m);
  const bits = bitsOf(m);
  const group = groupOf(m);
  const groups = k / group;
  let word = valuesOf(m) + unit * k * bits;
  const mins = minsOf(m);
  let scale = scalesOf(m) + ((unit * groups) << 5);
  let min = mins + ((unit * groups) << 5);
  let x = ready;
  const sums = ready + (k << 2);
  const zeros = sums + (groups << 2);
  let y0 = f32x4.splat(0);
  let y1 = y0;
  for (let g = 0; g < groups; g++) {
    let a0 = v128.load32_splat(zeros + (g << 2));
    let b0 = a0;
    let a1 = f32x4.splat(0);
    let a2 = a1;
    let a3 = a1;
    let b1 = a1;
    let b2 = a1;
    let b3 = a1;
    const end = x + (group << 2);
    if (bits === 4) {
      for (; x < end; x += 32) {
        const u = v128.load(word);
        const w = v128.load(word, 16);
        word += 32;
        a0 = times(x, 0, u, 0xf, a0);
        b0 = times(x, 0, w, 0xf, b0);
        a1 = times(x, 4, u, 0xf0, a1);
        b1 = times(x, 4, w, 0xf0, b1);
        a2 = times(x, 8, u, 0xf00, a2);
        b2 = times(x, 8, w, 0xf00, b2);
        a3 = times(x, 12, u, 0xf000, a3);
        b3 = times(x, 12, w, 0xf000, b3);
        a0 = times(x, 16, u, 0xf0000, a0);
        b0 = times(x, 16, w, 0xf0000, b0);
        a1 = times(x, 20, u, 0xf00000, a1);
        b1 = times(x, 20, w, 0xf00000, b1);
        a2 = times(x, 24, u, 0xf000000, a2);
        b2 = times(x, 24, w, 0xf000000, b2);
        a3 = times(x, 28, u, 0xf0000000, a3);
        b3 = times(x, 28, w, 0xf0000000, b3);
      }
    } else {
      for (; x < end; x += 16) {
        const u = v128.load(word);
        const w = v128.load(word, 16);
        word += 32;
        a0 = times(x, 0, u, 0xff, a0);
        b0 = times(x, 0, w, 0xff, b0);
        a1 = times(x, 4, u, 0xff00, a1);
        b1 = times(x, 4, w, 0xff00, b1);
        a2 = times(x, 8, u, 0xff0000, a2);
        b2 = times(x, 8, w, 0xff0000, b2);
        a3 = times(x, 12, u, 0xff000000, a3);
        b3 = times(x, 12, w, 0xff000000, b3);
      }
    }
    y0 = fma(f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)), v128.load(scale), y0);
    y1 = fma(f32x4.add(f32x4.add(b0, b1), f32x4.add(b2, b3)), v128.load(scale, 16), y1);
    scale += 32;
    if (mins) {
      const s = v128.load32_splat(sums + (g << 2));
      y0 = fma(s, v128.load(min), y0);
      y1 = fma(s, v128.load(min, 16), y1);
      min += 32;
    }
  }
  v128.store(y, y0);
  v128.store(y, y1, 16);
}

/** y (+)= bias, then + rest: one unit of every row. */
function finish(unit: i32, rows: i32, y: i32, ldy: i32, bias: i32, rest: i32, ldrest: i32): void {
  const at = unit << 5;
  const b0 = bias ? v128.load(bias + at) : f32x4.splat(0);
  const b1 = bias ? v128.load(bias + at, 16) : f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    const to = y + r * ldy + at;
    let y0 = f32x4.add(v128.load(to), b0);
    let y1 = f32x4.add(v128.load(to, 16), b1);
    if (rest) {
      y0 = f32x4.add(y0, v128.load(rest + r * ldrest + at));
      y1 = f32x4.add(y1, v128.load(rest + r * ldrest + at, 16));
    }
    v128.store(to, y0);
    v128.store(to, y1, 16);
  }
}

/**
 * y = x Wᵀ + bias + rest for some units. Columns of y, bias and rest are padded to eights.
 * @param fresh 1: the thread has not prepared this x yet
 */
export function multiply(
  m: i32,
  x: i32,
  ldx: i32,
  rows: i32,
  y: i32,
  ldy: i32,
  bias: i32,
  rest: i32,
  ldrest: i32,
  from: i32,
  to: i32,
  scratch: i32,
  fresh: i32,
): void {
  const k = columnsOf(m);
  const bits = bitsOf(m);
  const float = bits === 32;
  if (rows < PANEL_FROM && bits === 16) {
    if (fresh) for (let r = 0; r < rows; r++) prepare16(m, x + r * ldx, scratch + r * (k << 2));
    for (let unit = from; unit < to; unit++)
      for (let r = 0; r < rows; r++) single16(m, unit, scratch + r * (k << 2), y + r * ldy + (unit << 5));
  } else if (rows < PANEL_FROM && !float) {
    const size = (k << 2) + ((k / groupOf(m)) << 3);
    if (fresh) for (let r = 0; r < rows; r++) prepare(m, x + r * ldx, scratch + r * size);
    for (let unit = from; unit < to; unit++)
      for (let r = 0; r < rows; r++) single(m, unit, scratch + r * size, y + r * ldy + (unit << 5));
  } else {
    const parts = (k + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
    const width = ((k + parts - 1) / parts + 31) & -32;
    for (let unit = from; unit < to; unit++)
      for (let k0 = 0; k0 < k; k0 += width) {
        const count = min(width, k - k0);
        let p = scratch;
        if (float) p = valuesOf(m) + ((unit * k + k0) << 5);
        else panel(m, unit, k0, count, p);
        tiles(x + (k0 << 2), ldx, rows, p, count, y + (unit << 5), ldy, k0 > 0 ? 1 : 0);
      }
  }
  if (bias || rest) for (let unit = from; unit < to; unit++) finish(unit, rows, y, ldy, bias, rest, ldrest);
}

function min(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

/** [8][8] → its transpose. */
function transpose(from: i32, to: i32): void {
  for (let j = 0; j < 2; j++)
    for (let i = 0; i < 2; i++) {
      const a = from + (i << 7) + (j << 4);
      const r0 = v128.load(a);
      const r1 = v128.load(a, 32);
      const r2 = v128.load(a, 64);
      const r3 = v128.load(a, 96);
      const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
      const t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
      const t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
      const t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
      const b = to + (j << 7) + (i << 4);
      v128.store(b, i64x2.shuffle(t0, t1, 0, 2));
      v128.store(b, i64x2.shuffle(t0, t1, 1, 3), 32);
      v128.store(b, i64x2.shuffle(t2, t3, 0, 2), 64);
      v128.store(b, i64x2.shuffle(t2, t3, 1, 3), 96);
    }
}

/** dx = dy W for columns 8 · from … of dx, whose columns are padded to eights, as are those of dy (with zeros). */
export function multiplyTransposed(
  m: i32,
  dy: i32,
  lddy: i32,
  rows: i32,
  dx: i32,
  lddx: i32,
  from: i32,
  to: i32,
  scratch: i32,
): void {
  const n = (rowsOf(m) + 7) & -8;
  const tile = scratch + (PANEL_ROWS << 5);
  for (let eight = from; eight < to; eight++)
    for (let n0 = 0; n0 < n; n0 += PANEL_ROWS) {
      const count = min(PANEL_ROWS, n - n0);
      for (let i = 0; i < count; i += 8) {
        panel(m, (n0 + i) >> 3, eight << 3, 8, tile);
        transpose(tile, scratch + (i << 5));
      }
      tiles(dy + (n0 << 2), lddy, rows, scratch, count, dx + (eight << 5), lddx, n0 > 0 ? 1 : 0);
    }
}

/** Row ids[i] of W, dequantized, to out + i · ldout. */
export function gather(m: i32, ids: i32, out: i32, ldout: i32, from: i32, to: i32): void {
  for (let i = from; i < to; i++) row(m, clamp(load<i32>(ids + (i << 2)), rowsOf(m)), out + i * ldout);
}

function clamp(id: i32, n: i32): i32 {
  return id < 0 ? 0 : id >= n ? n - 1 : id;
}

/** y[t] = Σ values[t][i] · W[indices[t][i]] + bias. */
export function decode(m: i32, counts: i32, indices: i32, values: i32, cap: i32, bias: i32, y: i32, t: i32, scratch: i32): void {
  const k = columnsOf(m);
  const to = y + ((t * k) << 2);
  memory.fill(to, 0, k << 2);
  for (let i = 0; i < load<i32>(counts + (t << 2)); i++) {
    const at = (t * cap + i) << 2;
    row(m, clamp(load<i32>(indices + at), rowsOf(m)), scratch);
    axpy(load<f32>(values + at), scratch, to, k);
  }
  axpy(1, bias, to, k);
}

/** y[t][i] = ⟨W[indices[t][i]], dy[t]⟩, 0 from counts[t] on. */
export function rowDots(m: i32, counts: i32, indices: i32, cap: i32, dy: i32, y: i32, t: i32, scratch: i32): void {
  const k = columnsOf(m);
  for (let i = 0; i < cap; i++) {
    const at = (t * cap + i) << 2;
    let value: f32 = 0;
    if (i < load<i32>(counts + (t << 2))) {
      row(m, clamp(load<i32>(indices + at), rowsOf(m)), scratch);
      value = dot(scratch, dy + ((t * k) << 2), k);
    }
    store<f32>(y + at, value);
  }
}
