import { widen, type Format16 } from '../../core/files/float16.ts';
import { halfBits } from '../kernels/webgpu/half.ts';

/** Seeded normal-like numbers (mulberry32, sum of uniforms), the same on every machine. */
export function random(length: number, seed: number, scale = 1): Float32Array {
  let state = (seed * 0x9e3779b9) >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return Float32Array.from({ length }, () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3) * scale);
}

/** Numbers of 16 bits; among them the smallest of all, which are subnormal. */
export function numbers16(format: Format16, length: number): { readonly words: Uint16Array; readonly exact: Float32Array } {
  const floats = random(length, 11, 0.1);
  const bits = new Uint32Array(floats.buffer);
  const words = Uint16Array.from(bits, (x, i) => (format === 'bf16' ? x >>> 16 : halfBits(floats[i] ?? 0).bits));
  const small = format === 'bf16' ? [0, 0x3880] : [0, 0x0001, 0x83ff, 0x0400];
  small.forEach((x, i) => (words[i * 7] = x));
  return { words, exact: widen(words, format) };
}

/** max |a − b| / max |b|: the largest error relative to the largest expected magnitude. NaN anywhere gives Infinity. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let error = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    if (Number.isNaN(difference)) return Infinity;
    error = Math.max(error, difference);
    size = Math.max(size, Math.abs(expected[i] ?? 0));
  }
  return size === 0 ? error : error / size;
}
