import { halves, type Format16 } from '../../core/files/float16.ts';
import { halfBits } from './webgpu/half.ts';

/** f16 numbers are held times 2^HALF_SHIFT, so that none is subnormal: devices may flush those, and processors are slow at them. */
export const HALF_SHIFT = 10;

/** Stands for a number that is too large for it. */
const NONE = 0x7c00;
let table: Uint16Array | null = null;

function shifted(): Uint16Array {
  table ??= Uint16Array.from(halves(), (value) => {
    const up = halfBits(value * 2 ** HALF_SHIFT);
    return up.value === value * 2 ** HALF_SHIFT ? up.bits : NONE;
  });
  return table;
}

/**
 * Numbers of 16 bits as kernels read them: bfloat16 as it is, f16 times 2^HALF_SHIFT.
 * @returns null where one is too large for that (64 and more), or no number
 */
export function encode16(words: Uint16Array, format: Format16): Uint16Array<ArrayBuffer> | null {
  const out = words.slice() as Uint16Array<ArrayBuffer>;
  if (format === 'bf16') return out;
  const map = shifted();
  for (let i = 0; i < out.length; i++) {
    const bits = map[out[i] as number] as number;
    if (bits === NONE) return null;
    out[i] = bits;
  }
  return out;
}
