/** Four float32 at once. Polynomials were fitted at Chebyshev nodes in float64; errors are against float64. */

/** a · b + c; rounded once where the engine has relaxed SIMD, else twice. */
export function fma(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** eˣ, relative error below 2e-7; 0 below −87, finite above 88. */
export function exp(x: v128): v128 {
  const clamped = f32x4.min(f32x4.max(x, f32x4.splat(-87)), f32x4.splat(88));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.4426950408889634)));
  // ln 2 in two parts, the first exact in few bits.
  const r = fma(n, f32x4.splat(2.1219444e-4), fma(n, f32x4.splat(-0.693359375), clamped));
  let q = f32x4.splat(0.0013933643931522965);
  q = fma(q, r, f32x4.splat(0.008363175205886364));
  q = fma(q, r, f32x4.splat(0.04166646674275398));
  q = fma(q, r, f32x4.splat(0.16666576266288757));
  q = fma(q, r, f32x4.splat(0.5));
  const fraction = f32x4.add(f32x4.splat(1), fma(f32x4.mul(r, r), q, r));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return v128.and(f32x4.mul(fraction, power), f32x4.ge(x, f32x4.splat(-87)));
}

const SIGN: i32 = 0x80000000;

/** Absolute error below 2e-7, relative near 0. */
export function tanh(x: v128): v128 {
  const size = f32x4.abs(x);
  const s = f32x4.mul(x, x);
  let p = f32x4.splat(-0.006104945205152035);
  p = fma(p, s, f32x4.splat(0.021003639325499535));
  p = fma(p, s, f32x4.splat(-0.05385249853134155));
  p = fma(p, s, f32x4.splat(0.13332782685756683));
  p = fma(p, s, f32x4.splat(-0.333333283662796));
  const small = fma(f32x4.mul(p, s), x, x);
  const e = exp(f32x4.add(f32x4.min(size, f32x4.splat(20)), f32x4.min(size, f32x4.splat(20))));
  const large = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(e, f32x4.splat(1))));
  const signed = v128.or(large, v128.and(x, i32x4.splat(SIGN)));
  return v128.bitselect(small, signed, f32x4.lt(size, f32x4.splat(0.625)));
}

/** Absolute error below 2e-7. */
export function erf(x: v128): v128 {
  const size = f32x4.min(f32x4.abs(x), f32x4.splat(4));
  const s = f32x4.mul(x, x);
  let p = f32x4.splat(7.882497448008507e-5);
  p = fma(p, s, f32x4.splat(-0.0008018855005502701));
  p = fma(p, s, f32x4.splat(0.005189312156289816));
  p = fma(p, s, f32x4.splat(-0.02685432881116867));
  p = fma(p, s, f32x4.splat(0.11283597350120544));
  p = fma(p, s, f32x4.splat(-0.3761262595653534));
  p = fma(p, s, f32x4.splat(1.1283791065216064));
  const small = f32x4.mul(p, x);
  // ln erfc between 1 and 4, where erf is 1 to float32's last bit.
  let l = f32x4.splat(-6.582857281500765e-8);
  l = fma(l, size, f32x4.splat(3.095204419878428e-6));
  l = fma(l, size, f32x4.splat(-6.0068792663514614e-5));
  l = fma(l, size, f32x4.splat(0.0006733375485055149));
  l = fma(l, size, f32x4.splat(-0.00502104451879859));
  l = fma(l, size, f32x4.splat(0.026999497786164284));
  l = fma(l, size, f32x4.splat(-0.1109074205160141));
  l = fma(l, size, f32x4.splat(-0.6310888528823853));
  l = fma(l, size, f32x4.splat(-1.1306045055389404));
  l = fma(l, size, f32x4.splat(0.0004005004884675145));
  const large = v128.or(f32x4.sub(f32x4.splat(1), exp(l)), v128.and(x, i32x4.splat(SIGN)));
  return v128.bitselect(small, large, f32x4.lt(f32x4.abs(x), f32x4.splat(1)));
}

/** The nonlinearities by number: 0 gelu_new, 1 gelu, 2 silu, 3 relu. */
export function activate(x: v128, kind: i32): v128 {
  if (kind === 2) return f32x4.div(x, f32x4.add(f32x4.splat(1), exp(f32x4.neg(x))));
  if (kind === 3) return f32x4.max(x, f32x4.splat(0));
  const half = f32x4.mul(x, f32x4.splat(0.5));
  if (kind === 1) return fma(half, erf(f32x4.mul(x, f32x4.splat(0.7071067811865476))), half);
  const cubic = fma(f32x4.mul(f32x4.mul(x, x), x), f32x4.splat(0.044715), x);
  return fma(half, tanh(f32x4.mul(cubic, f32x4.splat(0.7978845608028654))), half);
}
