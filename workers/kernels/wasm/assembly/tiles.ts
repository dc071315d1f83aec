/** Register tiles: c[row][8] (+)= Σ a[row][k] · panel[k][8]. Strides in bytes. Rows are tiled so that sums stay in registers. */
import { fma } from './maths';

/** @param more 0: starts from 0; 1: adds to what c holds */
export function tiles(a: i32, lda: i32, rows: i32, panel: i32, k: i32, c: i32, ldc: i32, more: i32): void {
  let left = rows;
  let from = a;
  let to = c;
  // Without a fused multiply-add the products need registers too.
  if (ASC_FEATURE_RELAXED_SIMD) {
    for (; left >= 6; left -= 6) {
      tile6(from, lda, panel, k, to, ldc, more);
      from += 6 * lda;
      to += 6 * ldc;
    }
  }
  for (; left >= 4; left -= 4) {
    tile4(from, lda, panel, k, to, ldc, more);
    from += 4 * lda;
    to += 4 * ldc;
  }
  for (; left > 0; left--) {
    tile1(from, panel, k, to, more);
    from += lda;
    to += ldc;
  }
}

function start(c: i32, more: i32): v128 {
  return more ? v128.load(c) : f32x4.splat(0);
}

function tile6(a: i32, lda: i32, panel: i32, k: i32, c: i32, ldc: i32, more: i32): void {
  let a0 = a;
  let a1 = a0 + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  let a4 = a3 + lda;
  let a5 = a4 + lda;
  const to1 = c + ldc;
  const to2 = to1 + ldc;
  const to3 = to2 + ldc;
  const to4 = to3 + ldc;
  const to5 = to4 + ldc;
  let c00 = start(c, more);
  let c01 = start(c + 16, more);
  let c10 = start(to1, more);
  let c11 = start(to1 + 16, more);
  let c20 = start(to2, more);
  let c21 = start(to2 + 16, more);
  let c30 = start(to3, more);
  let c31 = start(to3 + 16, more);
  let c40 = start(to4, more);
  let c41 = start(to4 + 16, more);
  let c50 = start(to5, more);
  let c51 = start(to5 + 16, more);
  const end = panel + (k << 5);
  for (let p = panel; p < end; p += 32) {
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const x0 = v128.load32_splat(a0);
    c00 = fma(x0, b0, c00);
    c01 = fma(x0, b1, c01);
    const x1 = v128.load32_splat(a1);
    c10 = fma(x1, b0, c10);
    c11 = fma(x1, b1, c11);
    const x2 = v128.load32_splat(a2);
    c20 = fma(x2, b0, c20);
    c21 = fma(x2, b1, c21);
    const x3 = v128.load32_splat(a3);
    c30 = fma(x3, b0, c30);
    c31 = fma(x3, b1, c31);
    const x4 = v128.load32_splat(a4);
    c40 = fma(x4, b0, c40);
    c41 = fma(x4, b1, c41);
    const x5 = v128.load32_splat(a5);
    c50 = fma(x5, b0, c50);
    c51 = fma(x5, b1, c51);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(to1, c10);
  v128.store(to1, c11, 16);
  v128.store(to2, c20);
  v128.store(to2, c21, 16);
  v128.store(to3, c30);
  v128.store(to3, c31, 16);
  v128.store(to4, c40);
  v128.store(to4, c41, 16);
  v128.store(to5, c50);
  v128.store(to5, c51, 16);
}

function tile4(a: i32, lda: i32, panel: i32, k: i32, c: i32, ldc: i32, more: i32): void {
  let a0 = a;
  let a1 = a0 + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  const to1 = c + ldc;
  const to2 = to1 + ldc;
  const to3 = to2 + ldc;
  let c00 = start(c, more);
  let c01 = start(c + 16, more);
  let c10 = start(to1, more);
  let c11 = start(to1 + 16, more);
  let c20 = start(to2, more);
  let c21 = start(to2 + 16, more);
  let c30 = start(to3, more);
  let c31 = start(to3 + 16, more);
  const end = panel + (k << 5);
  for (let p = panel; p < end; p += 32) {
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const x0 = v128.load32_splat(a0);
    c00 = fma(x0, b0, c00);
    c01 = fma(x0, b1, c01);
    const x1 = v128.load32_splat(a1);
    c10 = fma(x1, b0, c10);
    c11 = fma(x1, b1, c11);
    const x2 = v128.load32_splat(a2);
    c20 = fma(x2, b0, c20);
    c21 = fma(x2, b1, c21);
    const x3 = v128.load32_splat(a3);
    c30 = fma(x3, b0, c30);
    c31 = fma(x3, b1, c31);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(to1, c10);
  v128.store(to1, c11, 16);
  v128.store(to2, c20);
  v128.store(to2, c21, 16);
  v128.store(to3, c30);
  v128.store(to3, c31, 16);
}

/** One row; four sums for each column, as each waits for the one before it. */
function tile1(a: i32, panel: i32, k: i32, c: i32, more: i32): void {
  let c00 = start(c, more);
  let c10 = start(c + 16, more);
  let c01 = f32x4.splat(0);
  let c02 = c01;
  let c03 = c01;
  let c11 = c01;
  let c12 = c01;
  let c13 = c01;
  let x = a;
  let p = panel;
  const end = panel + (k << 5);
  for (; p + 128 <= end; p += 128) {
    const x0 = v128.load32_splat(x);
    c00 = fma(x0, v128.load(p), c00);
    c10 = fma(x0, v128.load(p, 16), c10);
    const x1 = v128.load32_splat(x, 4);
    c01 = fma(x1, v128.load(p, 32), c01);
    c11 = fma(x1, v128.load(p, 48), c11);
    const x2 = v128.load32_splat(x, 8);
    c02 = fma(x2, v128.load(p, 64), c02);
    c12 = fma(x2, v128.load(p, 80), c12);
    const x3 = v128.load32_splat(x, 12);
    c03 = fma(x3, v128.load(p, 96), c03);
    c13 = fma(x3, v128.load(p, 112), c13);
    x += 16;
  }
  for (; p < end; p += 32) {
    const x0 = v128.load32_splat(x);
    c00 = fma(x0, v128.load(p), c00);
    c10 = fma(x0, v128.load(p, 16), c10);
    x += 4;
  }
  v128.store(c, f32x4.add(f32x4.add(c00, c01), f32x4.add(c02, c03)));
  v128.store(c, f32x4.add(f32x4.add(c10, c11), f32x4.add(c12, c13)), 16);
}
