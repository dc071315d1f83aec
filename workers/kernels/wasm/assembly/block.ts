/** The parts of a transformer block beside its products. Strides in bytes. */
import { activate, exp, fma, tanh } from './maths';
import { axpy, dot } from './matrix';

/** Σ x and Σ x² need more than one partial sum to be exact enough for long rows; eight are kept. */
function mean(x: i32, count: i32, centre: f32, squared: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  const c = f32x4.splat(centre);
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    const u = f32x4.sub(v128.load(x + (i << 2)), c);
    const w = f32x4.sub(v128.load(x + (i << 2), 16), c);
    a = squared ? fma(u, u, a) : f32x4.add(a, u);
    b = squared ? fma(w, w, b) : f32x4.add(b, w);
  }
  const s = f32x4.add(a, b);
  let sum = f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
  for (; i < count; i++) {
    const u = load<f32>(x + (i << 2)) - centre;
    sum += squared ? u * u : u;
  }
  return sum / <f32>count;
}

/** y = (x − centre) / √(mean (x − centre)² + ε) · gain + bias + rest. @param centred 1: LayerNorm, 0: RMSNorm */
export function normalize(x: i32, y: i32, d: i32, gain: i32, bias: i32, eps: f32, centred: i32, rest: i32): void {
  const centre: f32 = centred ? mean(x, d, 0, 0) : 0;
  const scale: f32 = sqrt(mean(x, d, centre, 1) + eps);
  const c = f32x4.splat(centre);
  const s = f32x4.splat(scale);
  let i = 0;
  for (; i + 4 <= d; i += 4) {
    const at = i << 2;
    let v = f32x4.mul(f32x4.div(f32x4.sub(v128.load(x + at), c), s), v128.load(gain + at));
    if (bias) v = f32x4.add(v, v128.load(bias + at));
    if (rest) v = f32x4.add(v, v128.load(rest + at));
    v128.store(y + at, v);
  }
  for (; i < d; i++) {
    const at = i << 2;
    let v = ((load<f32>(x + at) - centre) / scale) * load<f32>(gain + at);
    if (bias) v += load<f32>(bias + at);
    if (rest) v += load<f32>(rest + at);
    store<f32>(y + at, v);
  }
}

/**
 * One head of one position: RMS-normed where there is a gain, its first `dims` numbers turned, pairs j and j + dims/2.
 * @param cos [dims], the second half repeats the first; dims 0: nothing turns
 */
export function turn(x: i32, to: i32, width: i32, gain: i32, eps: f32, dims: i32, cos: i32, sin: i32): void {
  if (gain) normalize(x, to, width, gain, 0, eps, 0, 0);
  else if (x !== to) memory.copy(to, x, width << 2);
  const half = dims >> 1;
  const far = half << 2;
  let j = 0;
  for (; j + 4 <= half; j += 4) {
    const at = j << 2;
    const a = v128.load(to + at);
    const b = v128.load(to + at + far);
    const c = v128.load(cos + at);
    const s = v128.load(sin + at);
    v128.store(to + at, f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)));
    v128.store(to + at + far, f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)));
  }
  for (; j < half; j++) {
    const at = j << 2;
    const a = load<f32>(to + at);
    const b = load<f32>(to + at + far);
    const c = load<f32>(cos + at);
    const s = load<f32>(sin + at);
    store<f32>(to + at, a * c - b * s);
    store<f32>(to + at + far, b * c + a * s);
  }
}

/**
 * One query of one head: z = softmax(cap(q·k / divisor)) v over keys from … to − 1; zeros where there are none.
 * @param ld    bytes from one key to the next
 * @param softcap 0: none
 */
export function attend(
  q: i32,
  k: i32,
  v: i32,
  ld: i32,
  from: i32,
  to: i32,
  width: i32,
  divisor: f32,
  softcap: f32,
  z: i32,
  scores: i32,
): void {
  memory.fill(z, 0, width << 2);
  const count = to - from;
  if (count <= 0) return;
  let key = k + from * ld;
  for (let i = 0; i < count; i++) {
    store<f32>(scores + (i << 2), dot(q, key, width) / divisor);
    key += ld;
  }
  // Whole vectors; what lies beyond is no key.
  const padded = (count + 3) & -4;
  for (let i = count; i < padded; i++) store<f32>(scores + (i << 2), <f32>-1e30);
  if (softcap !== 0) {
    const c = f32x4.splat(softcap);
    for (let i = 0; i < count; i += 4) {
      const at = scores + (i << 2);
      v128.store(at, f32x4.mul(tanh(f32x4.div(v128.load(at), c)), c));
    }
    for (let i = count; i < padded; i++) store<f32>(scores + (i << 2), <f32>-1e30);
  }
  let most = f32x4.splat(<f32>-1e30);
  for (let i = 0; i < padded; i += 4) most = f32x4.max(most, v128.load(scores + (i << 2)));
  const top = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
  let sums = f32x4.splat(0);
  for (let i = 0; i < padded; i += 4) {
    const e = exp(f32x4.sub(v128.load(scores + (i << 2)), f32x4.splat(top)));
    v128.store(scores + (i << 2), e);
    sums = f32x4.add(sums, e);
  }
  const sum =
    f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
  let value = v + from * ld;
  for (let i = 0; i < count; i++) {
    axpy(load<f32>(scores + (i << 2)) / sum, value, z, width);
    value += ld;
  }
}

/** y = activate(gate) · up, or activate(gate) without up; count is a multiple of 4. */
export function gated(gate: i32, up: i32, y: i32, count: i32, kind: i32): void {
  for (let i = 0; i < count; i += 4) {
    const at = i << 2;
    const v = activate(v128.load(gate + at), kind);
    v128.store(y + at, up ? f32x4.mul(v, v128.load(up + at)) : v);
  }
}
