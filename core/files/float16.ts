/** Floating-point numbers of 16 bits, as checkpoints hold them. */
export type Format16 = 'f16' | 'bf16';

let table: Float32Array | null = null;

/** All half-precision numbers by their bits; subnormals, infinities and NaN included. */
export function halves(): Float32Array {
  if (table) return table;
  table = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const sign = bits & 0x8000 ? -1 : 1;
    if (exponent === 31) table[bits] = fraction === 0 ? sign * Infinity : NaN;
    else table[bits] = sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  }
  return table;
}

/** As float32, exactly. */
export function widen(words: Uint16Array, format: Format16, out: Float32Array = new Float32Array(words.length)): Float32Array {
  if (format === 'f16') {
    const half = halves();
    for (let i = 0; i < words.length; i++) out[i] = half[words[i] as number] as number;
  } else {
    const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < words.length; i++) bits[i] = (words[i] as number) << 16;
  }
  return out;
}
