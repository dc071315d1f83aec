/**
 * Weight-only quantization: symmetric, one scale for each group of 32 along the input dimension.
 * int8: q ∈ [−127, 127], scale = max|w| / 127. int4: q ∈ [−8, 7], scale = (the w of largest magnitude) / −8.
 * Rounding is `Math.round` (halves towards +∞).
 */
export const GROUP = 32;

/** Quantized weights in groups along the input dimension, whatever file they come from: w = q · scale + min of the group. */
export interface Grouped {
  readonly bits: 4 | 8;
  readonly group: 16 | 32;
  /** One signed value per weight, row-major [n, k]; with 4 bits in −8 … 7. */
  readonly q: Int8Array;
  /** [n, k / group]. */
  readonly scales: Float32Array;
  /** [n, k / group]; null: all 0. */
  readonly mins: Float32Array | null;
}

export function quantize(weights: Float32Array, kind: 'int8' | 'int4'): Grouped {
  const groups = weights.length / GROUP;
  if (!Number.isInteger(groups)) throw new RangeError('the input dimension is not a multiple of 32');
  const q = new Int8Array(weights.length);
  const scales = new Float32Array(groups);
  const [low, high] = kind === 'int8' ? [-127, 127] : [-8, 7];
  for (let g = 0; g < groups; g++) {
    let extreme = 0;
    for (let i = g * GROUP; i < (g + 1) * GROUP; i++)
      if (Math.abs(weights[i] ?? 0) > Math.abs(extreme)) extreme = weights[i] ?? 0;
    scales[g] = kind === 'int8' ? Math.abs(extreme) / 127 : extreme / -8;
    const scale = scales[g] ?? 0;
    if (scale === 0) continue;
    for (let i = g * GROUP; i < (g + 1) * GROUP; i++) q[i] = Math.max(low, Math.min(high, Math.round((weights[i] ?? 0) / scale)));
  }
  return { bits: kind === 'int8' ? 8 : 4, group: GROUP, q, scales, mins: null };
}

/** w = q · scale + min in float32. */
export function dequantizeValues({ q, group, scales, mins }: Pick<Grouped, 'q' | 'group' | 'scales' | 'mins'>): Float32Array {
  const out = new Float32Array(q.length);
  for (let g = 0; g < scales.length; g++) {
    const scale = scales[g] ?? 0;
    const min = mins?.[g] ?? 0;
    for (let i = g * group; i < (g + 1) * group; i++) out[i] = (q[i] ?? 0) * scale + min;
  }
  return out;
}

/** Four int8 to a 32-bit word, lowest byte first. */
export function packInt8(q: Int8Array): Int32Array {
  return new Int32Array(q.slice().buffer);
}

/** Eight int4 to a word: byte b holds q[b] + 8 in its low and q[b + 4] + 8 in its high half, so that one mask yields four neighbours. */
export function packInt4(q: Int8Array): Int32Array {
  const bytes = new Uint8Array(q.length / 2);
  for (let word = 0; word < q.length / 8; word++) {
    for (let b = 0; b < 4; b++) bytes[word * 4 + b] = ((q[word * 8 + b] ?? 0) + 8) | (((q[word * 8 + b + 4] ?? 0) + 8) << 4);
  }
  return new Int32Array(bytes.buffer);
}
