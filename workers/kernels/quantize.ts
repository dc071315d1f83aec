/**
 * Weight-only quantization: symmetric, one scale for each group of 32 along the input dimension.
 * int8: q ∈ [−127, 127], scale = max|w| / 127. int4: q ∈ [−8, 7], scale = (the w of largest magnitude) / −8.
 * Rounding is `Math.round` (halves towards +∞).
 */
export const GROUP = 32;

export interface Quantized {
  /** One signed value per weight, row-major [n, k]. */
  readonly q: Int8Array;
  /** [n, k / 32]. */
  readonly scales: Float32Array;
}

export function quantize(weights: Float32Array, kind: 'int8' | 'int4'): Quantized {
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
  return { q, scales };
}

/** w = q · scale in float32. */
export function dequantizeValues({ q, scales }: Quantized): Float32Array {
  const out = new Float32Array(q.length);
  for (let i = 0; i < q.length; i++) out[i] = (q[i] ?? 0) * (scales[Math.floor(i / GROUP)] ?? 0);
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
