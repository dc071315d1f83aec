import { packInt4, packInt8, type Grouped } from '../quantize.ts';
import { tf, type Tensor } from '../tf.ts';
import type { Rows, Sink } from '../rows.ts';
import { encode16, HALF_SHIFT } from '../shifted-half.ts';
import { bufferOf, emptyTensor, webgpuBackend } from './dispatch.ts';
import { halfBits } from './half.ts';
import { packingOf, type Meta, type Packing, type Shard } from './weights-wgsl.ts';

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

/** Puts rows on the device as they come: words at once, scales (an eighth of them at most) when all are known. */
export function openPacked(like: Rows, n: number, k: number): Sink {
  const bits = bitsOf(like);
  const bytesPerRow = (k * bits) / 8;
  const shards = shardRows(n, bytesPerRow).map(([from, to]) => ({ from, to, words: null as Tensor | null }));
  const groups = like.kind === 'grouped' ? k / like.group : 0;
  const scales = new Float32Array(n * groups);
  const mins = like.kind === 'grouped' && like.mins ? new Float32Array(n * groups) : null;
  let full = false;
  const free = (): void => tf.dispose(shards.flatMap(({ words }) => words ?? []));
  return {
    put(rows, first, count) {
      const words = wordsOf(rows);
      if (words === null) return false;
      const perRow = words.length / count;
      for (const shard of shards) {
        const [from, to] = [Math.max(first, shard.from), Math.min(first + count, shard.to)];
        if (from >= to) continue;
        shard.words ??= allocate([shard.to - shard.from, perRow], rows.kind === 'f32' ? 'float32' : 'int32');
        write(shard.words, (from - shard.from) * bytesPerRow, words.subarray((from - first) * perRow, (to - first) * perRow));
      }
      if (rows.kind === 'grouped') {
        scales.set(rows.scales, first * groups);
        if (rows.mins) mins?.set(rows.mins, first * groups);
        full ||= rows.bits === 8 && rows.q.includes(-128);
      }
      return true;
    },
    finish() {
      const form = like.kind === 'grouped' ? metaOf({ bits: like.bits, scales, mins }) : null;
      const format = like.kind === '16' ? like.format : null;
      const packing = packingOf(bits, like.kind === 'grouped' ? like.group : 32, form?.meta ?? 'none', full, format);
      return {
        type: 'packed',
        packing,
        shards: shards.map(({ from, to, words }): Shard => {
          if (!words) throw new RangeError('a matrix was finished before all its rows were there');
          return { first: from, n: to - from, words, scales: form && uploadMeta(packing, form, from * groups, to * groups) };
        }),
      };
    },
    dispose: free,
  };
}

const bitsOf = (rows: Rows): Packing['bits'] => (rows.kind === 'grouped' ? rows.bits : rows.kind === '16' ? 16 : 32);

function wordsOf(rows: Rows): Int32Array | Float32Array | null {
  if (rows.kind === 'f32') return rows.values;
  if (rows.kind === 'grouped') return rows.bits === 8 ? packInt8(rows.q) : packInt4(rows.q);
  const encoded = encode16(rows.values, rows.format);
  return encoded && new Int32Array(encoded.buffer);
}

/** A tensor with a buffer of its own, undefined contents. */
function allocate(shape: number[], dtype: 'float32' | 'int32'): Tensor {
  const tensor = tf.keep(emptyTensor(shape, dtype));
  webgpuBackend().uploadToGPU(tensor.dataId);
  return tensor;
}

/** tfjs gives a buffer back to its pool only when all commands that use it are submitted, so nothing comes in between. */
function write(tensor: Tensor, at: number, words: Int32Array | Float32Array): void {
  const backend = webgpuBackend();
  const { buffer, byteOffset, byteLength } = words;
  backend.queue.writeBuffer(bufferOf(backend, tensor), at, buffer as ArrayBuffer, byteOffset, byteLength);
}

interface Form {
  readonly meta: Meta;
  readonly scales: Float32Array | Uint16Array;
  readonly mins: Float32Array | Uint16Array | null;
}

/** The smallest form of scales and minima that holds them exactly. */
function metaOf({ bits, scales, mins }: Pick<Grouped, 'bits' | 'scales' | 'mins'>): Form {
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
