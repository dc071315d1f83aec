import { afterEach, expect, it } from 'vitest';
import { describeBackends } from '../testing/node-backends.ts';
import { numbers16, random, relativeError } from '../testing/numbers.ts';
import { FLAT, setMatmulChoice, type MatmulChoice } from './dequant-matmul/choice.ts';
import {
  buildMatrix,
  encodeAndRead,
  gatherRows,
  linear,
  linearTransposed,
  matrixBytes,
  matrixFrom,
  matrixFromGrouped,
  readMany,
  sparseDecode,
  sparseRowDot,
  tf,
  uploadSparse,
  type Grouped,
} from './index.ts';
import { dequantizeValues } from './quantize.ts';
import { halfBits } from './webgpu/half.ts';
import { limitShards } from './webgpu/pack.ts';

const read = async (t: tf.Tensor): Promise<Float32Array | Int32Array> => (await readMany([t]))[0]!;
const half = (x: number): number => halfBits(x * 1024).value / 1024;

interface Layout {
  readonly bits: 4 | 8;
  readonly group: 16 | 32;
  /** Scales are f16 in the file, or products that f16 cannot hold. */
  readonly scales: 'half' | 'float';
  readonly min: 'none' | 'half' | 'float';
  /** Smallest and largest value; −128 … 127 and −8 … 7 unless told. */
  readonly range?: readonly [number, number];
  /** Bytes for 32 weights on a GPU. */
  readonly bytes: number;
}
/** What GGUF's types come to, by their names. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  Q4_0: { bits: 4, group: 32, scales: 'half', min: 'none', bytes: 18 },
  Q4_1: { bits: 4, group: 32, scales: 'half', min: 'half', bytes: 20 },
  Q8_0: { bits: 8, group: 32, scales: 'half', min: 'none', range: [-127, 127], bytes: 34 },
  'Q8_0 with −128': { bits: 8, group: 32, scales: 'half', min: 'none', bytes: 34 },
  Q5_1: { bits: 8, group: 32, scales: 'half', min: 'half', range: [0, 31], bytes: 36 },
  Q4_K: { bits: 4, group: 32, scales: 'float', min: 'float', bytes: 24 },
  Q5_K: { bits: 8, group: 32, scales: 'float', min: 'float', range: [0, 31], bytes: 40 },
  Q6_K: { bits: 8, group: 16, scales: 'float', min: 'none', range: [-32, 31], bytes: 40 },
  'groups of 16 in 4 bits': { bits: 4, group: 16, scales: 'float', min: 'float', bytes: 32 },
};

function grouped({ bits, group, scales, min, range }: Layout, n: number, k: number): Grouped {
  const [low, high] = range ?? (bits === 4 ? [-8, 7] : [-128, 127]);
  const noise = random(n * k, 1);
  const q = Int8Array.from(noise, (x, i) => (i % 97 === 0 ? low : Math.floor(low + ((x + 1) / 2) * (high - low + 0.999))));
  q.forEach((x, i) => (q[i] = Math.max(low, Math.min(high, x))));
  const rough = random((n * k) / group, 2, 1 / high);
  const floor = random((n * k) / group, 3, 0.5);
  // Two scales that f16 holds only as subnormal numbers, as blocks of tiny weights have them.
  [rough[0], rough[1]] = [3e-6, -(2 ** -24)];
  const s = scales === 'half' ? rough.map(half) : rough;
  const shift = bits === 4 ? 8 : 0;
  const m = min === 'half' ? floor.map((x, i) => half(x) + shift * s[i]!) : floor;
  return { bits, group, q, scales: s, mins: min === 'none' ? null : m };
}

/** float64 products. */
function reference(x: Float32Array, w: Float32Array, m: number, n: number, k: number): Float64Array {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let c = 0; c < k; c++) y[i * n + j]! += x[i * k + c]! * w[j * k + c]!;
  return y;
}

const CHOICES: readonly MatmulChoice[] = [
  FLAT,
  { few: 'gemv-8', many: 'gemm-32' },
  { few: 'gemv-32', many: 'gemm-64' },
  { few: 'subgroup', many: 'gemm-32' },
];

describeBackends('weights as files hold them', (backend) => {
  afterEach(() => {
    setMatmulChoice(FLAT);
    limitShards(null);
  });
  const [n, k] = [70, 160];

  it.each(Object.keys(LAYOUTS))('%s: matmul, gradient and rows in every shader, also in shards', async (name) => {
    const layout = LAYOUTS[name]!;
    const data = grouped(layout, n, k);
    const exact = dequantizeValues(data);
    const transposed = Float32Array.from({ length: n * k }, (_, i) => exact[(i % n) * k + Math.floor(i / n)]!);
    for (const limit of backend === 'webgpu' ? [null, 24 * ((k * layout.bits) / 8)] : [null]) {
      limitShards(limit);
      const matrix = matrixFromGrouped(data, n, k, 'gguf');
      expect(matrix.store.type === 'packed' ? matrix.store.shards.length : 1).toBe(limit === null ? 1 : 3);
      if (backend === 'webgpu') expect(matrixBytes(matrix)).toBe((n * k * layout.bytes) / 32);
      for (const m of [1, 3, 37]) {
        const x = random(m * k, 4);
        const y = reference(x, exact, m, n, k);
        for (const choice of backend === 'webgpu' && limit === null ? CHOICES : CHOICES.slice(0, 2)) {
          setMatmulChoice(choice);
          expect(
            relativeError(await read(linear(tf.tensor2d(x, [m, k]), matrix)), y),
            `${m} ${JSON.stringify(choice)}`,
          ).toBeLessThan(2e-6);
        }
        const dy = random(m * n, 5);
        const f = (input: tf.Tensor): tf.Tensor => tf.sum(tf.mul(linear(input, matrix), tf.tensor2d(dy, [m, n])));
        expect(relativeError(await read(tf.grad(f)(tf.tensor2d(x, [m, k]))), reference(dy, transposed, m, k, n))).toBeLessThan(
          2e-6,
        );
      }
      const ids = [0, n - 1, 23, 24, 47, 48];
      const rows = await read(gatherRows(matrix, tf.tensor1d(ids, 'int32')));
      const wanted = ids.flatMap((id) => [...exact.subarray(id * k, (id + 1) * k)]);
      expect(relativeError(rows, wanted)).toBeLessThan(1e-6);
    }
  });

  it.each(['Q4_1', 'Q6_K', 'Q8_0'])('%s: sparse encoding, decoding and row dots, also in shards', async (name) => {
    const layout = LAYOUTS[name]!;
    const data = grouped(layout, n, k);
    const exact = dequantizeValues(data);
    const [t, zero] = [5, tf.zeros([n]) as tf.Tensor1D];
    const x = random(t * k, 6);
    const pre = reference(x, exact, t, n, k);
    for (const limit of backend === 'webgpu' ? [null, 24 * ((k * layout.bits) / 8)] : [null])
      for (const choice of CHOICES.slice(0, 2)) {
        limitShards(limit);
        setMatmulChoice(choice);
        const matrix = matrixFromGrouped(data, n, k, 'gguf');
        const acts = await encodeAndRead(tf.tensor2d(x, [t, k]), matrix, zero, zero);
        const ids = (row: number): number[] => Array.from({ length: n }, (_, i) => i).filter((i) => pre[row * n + i]! > 0);
        const gpu = uploadSparse(acts);
        const decoded = await read(sparseDecode(gpu, matrix, tf.zeros([k]) as tf.Tensor1D));
        const dots = await read(sparseRowDot(gpu, matrix, tf.tensor2d(x, [t, k])));
        const sums = new Float64Array(t * k);
        for (let row = 0; row < t; row++) {
          expect([...acts.indices[row]!]).toEqual(ids(row));
          const values = ids(row).map((i) => pre[row * n + i]!);
          expect(relativeError(acts.values[row]!, values)).toBeLessThan(5e-6);
          expect(relativeError(dots.subarray(row * gpu.cap, row * gpu.cap + values.length), values)).toBeLessThan(5e-6);
          ids(row).forEach((i, at) => {
            for (let c = 0; c < k; c++) sums[row * k + c]! += values[at]! * exact[i * k + c]!;
          });
        }
        expect(relativeError(decoded, sums)).toBeLessThan(5e-6);
      }
  });

  it.each(['f16', 'bf16'] as const)(
    '%s: matmul, gradient, rows and sparse sums in every shader, also in shards',
    async (format) => {
      const { words, exact } = numbers16(format, n * k);
      const transposed = Float32Array.from({ length: n * k }, (_, i) => exact[(i % n) * k + Math.floor(i / n)]!);
      for (const limit of backend === 'webgpu' ? [null, 24 * 2 * k] : [null]) {
        limitShards(limit);
        const matrix = matrixFrom({ kind: '16', format, values: words }, n, k, 'gguf');
        expect(matrix.kind).toBe('f32');
        expect(matrix.store.type === 'packed' ? matrix.store.shards.length : 1).toBe(limit === null ? 1 : 3);
        if (backend === 'webgpu') expect(matrixBytes(matrix)).toBe(2 * n * k);
        for (const m of [1, 3, 37]) {
          const x = random(m * k, 4);
          const y = reference(x, exact, m, n, k);
          for (const choice of backend === 'webgpu' ? CHOICES : CHOICES.slice(0, 1)) {
            setMatmulChoice(choice);
            expect(
              relativeError(await read(linear(tf.tensor2d(x, [m, k]), matrix)), y),
              `${m} ${JSON.stringify(choice)}`,
            ).toBeLessThan(2e-6);
          }
          const dy = random(m * n, 5);
          const dx = await read(linearTransposed(tf.tensor2d(dy, [m, n]), matrix));
          expect(relativeError(dx, reference(dy, transposed, m, k, n))).toBeLessThan(2e-6);
        }
        // Every single number is the very one of the file.
        const ids = Int32Array.from({ length: n }, (_, i) => n - 1 - i);
        const rows = await read(gatherRows(matrix, tf.tensor1d(ids, 'int32')));
        expect([...rows]).toEqual([...ids].flatMap((id) => [...exact.subarray(id * k, (id + 1) * k)]));
        const acts = { indices: [Int32Array.of(0, 25, 69)], values: [Float32Array.of(1, -2, 0.5)] };
        const sum = await read(sparseDecode(uploadSparse(acts), matrix, tf.zeros([k]) as tf.Tensor1D));
        const want = Float64Array.from({ length: k }, (_, c) => exact[c]! - 2 * exact[25 * k + c]! + 0.5 * exact[69 * k + c]!);
        expect(relativeError(sum, want)).toBeLessThan(2e-6);
      }
    },
  );

  it('f16 numbers too large for 16 bits here are held in 32, and none is lost', async () => {
    const { words, exact } = numbers16('f16', n * k);
    const [most, more] = [words.slice(), words.slice()];
    // 63.97 and 65504.
    most[100] = 0x53ff;
    more[100] = 0x7bff;
    for (const [values, value, bytes] of [
      [most, 63.96875, 2],
      [more, 65504, 4],
    ] as const) {
      const matrix = matrixFrom({ kind: '16', format: 'f16', values }, n, k, 'gguf');
      if (backend === 'webgpu') expect(matrixBytes(matrix)).toBe(bytes * n * k);
      const row = await read(gatherRows(matrix, tf.tensor1d([0], 'int32')));
      expect(row[100]).toBe(value);
      expect(row[101]).toBe(exact[101]);
    }
  });

  it('are put on the device some rows at a time, with the same bytes', async () => {
    const data = grouped(LAYOUTS['Q4_1']!, n, k);
    limitShards(backend === 'webgpu' ? 24 * (k / 2) : null);
    const whole = matrixFromGrouped(data, n, k, 'gguf');
    const builder = buildMatrix(n, k, 'gguf');
    for (const [from, to] of [
      [0, 16],
      [16, 40],
      [40, n],
    ] as const) {
      const part = (x: Float32Array): Float32Array => x.slice((from * k) / 32, (to * k) / 32);
      const q = data.q.slice(from * k, to * k);
      expect(builder.add({ kind: 'grouped', ...data, q, scales: part(data.scales), mins: part(data.mins!) })).toBe(true);
    }
    const parts = builder.finish();
    expect(matrixBytes(parts)).toBe(matrixBytes(whole));
    const ids = tf.range(0, n, 1, 'int32');
    expect(await read(gatherRows(parts, ids))).toEqual(await read(gatherRows(whole, ids)));
    const short = buildMatrix(n, k, 'f32');
    short.add({ kind: 'f32', values: new Float32Array(8 * k) });
    expect(() => short.finish()).toThrow(RangeError);
    expect(() => short.add({ kind: 'f32', values: new Float32Array(n * k) })).toThrow(RangeError);
    short.dispose();
  });

  it('gives the same bits twice in every shader', async () => {
    const matrix = matrixFromGrouped(grouped(LAYOUTS['Q4_1']!, n, k), n, k, 'gguf');
    for (const choice of CHOICES)
      for (const m of [2, 9]) {
        setMatmulChoice(choice);
        const x = tf.tensor2d(random(m * k, 7), [m, k]);
        expect(await read(linear(x, matrix))).toEqual(await read(linear(x, matrix)));
      }
  });
});

it('numbers as f16', () => {
  expect([1, -2.5, 65504, 2 ** -14, 0].map((x) => halfBits(x).bits)).toEqual([0x3c00, 0xc100, 0x7bff, 0x0400, 0]);
  expect(halfBits(1 / 3).value).toBe(0.333251953125);
  expect([1e6, 1e-7].map((x) => halfBits(x).value)).toEqual([0, 0]);
});
