const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The nearest normal f16, halves away from zero, as bits and as a number; 0 where x is too small or too large for one. */
export function halfBits(x: number): { readonly bits: number; readonly value: number } {
  float[0] = x;
  word[0] = ((word[0] ?? 0) + 0x1000) & 0xffffe000;
  const bits = word[0] ?? 0;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  if (exponent < -14 || exponent > 15) return { bits: 0, value: 0 };
  return {
    bits: ((bits >>> 16) & 0x8000) | ((exponent + 15) << 10) | ((bits >>> 13) & 0x3ff),
    value: float[0] ?? 0,
  };
}
