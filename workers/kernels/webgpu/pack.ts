import { packInt4, packInt8, type Grouped } from '../quantize.ts';
import { tf, type Tensor } from '../tf.ts';
import { webgpuBackend } from './dispatch.ts';
import { halfBits } from './half.ts';
import { HALF_SHIFT, packingOf, type Meta, type Packed, type Packing, type Shard } from './weights-wgsl.ts';

let limit: number | null = null;

/** Bytes that one binding of a matrix may have: the device's limit, or a smaller one for tests; null: the device's again. */
export function limitShards(bytes: number | null): void {
  limit = bytes;
}

/** Row ranges of a matrix, none of which needs a binding above the limit; even, so that packed scales start at a word. */
function shardRows(n: number, bytesPerRow: number): (readonly [from: number, to: number])[] {
  const most = limit ?? webgpuBackend().device.limits.maxStorageBufferBindingSize;
  const rows = Math.max(2, Math.floor(most / bytesPerRow / 2) * 2);
  return Array.from({ length: Math.ceil(n / rows) }, (_, i) => [i * rows, Math.min(n, (i + 1) * rows)] as const);
}

/** On the device now, so that the numbers need not stay in the page's memory, too. */
function upload(values: Int32Array | Float32Array, shape: number[]): Tensor {
  const tensor = tf.keep(tf.tensor(values, shape, values instanceof Int32Array ? 'int32' : 'float32'));
  webgpuBackend().uploadToGPU(tensor.dataId);
  return tensor;
}

/** @param values [n, k] */
export function packDense(values: Float32Array, n: number, k: number): Packed {
  const shards = shardRows(n, k * 4).map(([from, to]): Shard => ({
    first: from,
    n: to - from,
    words: upload(values.slice(from * k, to * k), [to - from, k]),
    scales: null,
  }));
  return { type: 'packed', packing: packingOf(32, 32, 'none'), shards };
}

/** Groups as they are: nothing is rounded. k is a multiple of 32. */
export function packGrouped(data: Grouped, n: number, k: number): Packed {
  const form = metaOf(data);
  const packing = packingOf(data.bits, data.group, form.meta, data.bits === 8 && data.q.includes(-128));
  const groups = k / data.group;
  const shards = shardRows(n, (k * data.bits) / 8).map(([from, to]): Shard => {
    const q = data.q.subarray(from * k, to * k);
    const words = packing.bits === 8 ? packInt8(q) : packInt4(q);
    return {
      first: from,
      n: to - from,
      words: upload(words, [to - from, words.length / (to - from)]),
      scales: uploadMeta(packing, form, from * groups, to * groups),
    };
  });
  return { type: 'packed', packing, shards };
}

interface Form {
  readonly meta: Meta;
  readonly scales: Float32Array | Uint16Array;
  readonly mins: Float32Array | Uint16Array | null;
}

/** The smallest form of scales and minima that holds them exactly. */
function metaOf({ bits, scales, mins }: Grouped): Form {
  const halves = toHalves(scales, () => 0);
  if (mins === null) return halves ? { meta: 'half', scales: halves, mins } : { meta: 'scale', scales, mins };
  // Files count 4-bit values from 0, so that the minimum is 8 scales below the one of values that count from −8.
  const shift = bits === 4 ? 8 : 0;
  const lowest = halves && toHalves(mins, (g) => shift * (scales[g] ?? 0));
  return halves && lowest ? { meta: 'half-min', scales: halves, mins: lowest } : { meta: 'min', scales, mins };
}

/** values − by as f16, or null where adding `by` again would not give the same float32 numbers back. */
function toHalves(values: Float32Array, by: (i: number) => number): Uint16Array | null {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const lower = halfBits((value - by(i)) * 2 ** HALF_SHIFT);
    if (Math.fround(lower.value / 2 ** HALF_SHIFT + by(i)) !== value) return null;
    out[i] = lower.bits;
  }
  return out;
}

function uploadMeta({ meta }: Packing, { scales, mins }: Form, from: number, to: number): Tensor {
  const n = to - from;
  if (meta === 'scale') return upload((scales as Float32Array).slice(from, to), [n]);
  if (meta === 'half') {
    const words = new Int32Array(Math.ceil(n / 2));
    new Uint16Array(words.buffer).set(scales.subarray(from, to));
    return upload(words, [words.length]);
  }
  if (meta === 'half-min') {
    const words = new Int32Array(n);
    for (let g = 0; g < n; g++) words[g] = (scales[from + g] ?? 0) | ((mins?.[from + g] ?? 0) << 16);
    return upload(words, [n]);
  }
  const pairs = new Float32Array(2 * n);
  for (let g = 0; g < n; g++) {
    pairs[2 * g] = scales[from + g] ?? 0;
    pairs[2 * g + 1] = mins?.[from + g] ?? 0;
  }
  return upload(pairs, [n, 2]);
}
