import { expect, it } from 'vitest';
import { describeBackends } from '../testing/node-backends.ts';
import { random, relativeError } from '../testing/numbers.ts';
import type { Quantization } from '../../core/model-config.ts';
import {
  encodeAndRead,
  gatherRows,
  linear,
  matMul,
  matrixFromF32,
  matrixFromGrouped,
  readMany,
  sparseDecode,
  sparseRowDot,
  tf,
  topKRows,
  uploadSparse,
} from './index.ts';
import { dequantizeValues, quantize } from './quantize.ts';

const read = async (t: tf.Tensor): Promise<Float32Array | Int32Array> => (await readMany([t]))[0]!;
const KINDS: readonly Quantization[] = ['f32', 'int8', 'int4'];

/** What the kernel must compute: float64 products of the weights as they were rounded. */
function reference(x: Float32Array, w: Float32Array, m: number, n: number, k: number): Float64Array {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let c = 0; c < k; c++) y[i * n + j]! += x[i * k + c]! * w[j * k + c]!;
  return y;
}
const rounded = (w: Float32Array, kind: Quantization): Float32Array =>
  kind === 'int8' || kind === 'int4' ? dequantizeValues(quantize(w, kind)) : w;

describeBackends('dequant-matmul', () => {
  const shapes = [
    [1, 1, 32],
    [7, 63, 32],
    [3, 64, 64],
    [9, 65, 96],
    [17, 200, 128],
    [4, 130, 2048],
  ] as const;
  for (const kind of KINDS) {
    it.each(shapes)(`${kind}: y = xWᵀ + b, rows and dX for m, n, k = %i, %i, %i`, async (m, n, k) => {
      const w = random(n * k, 1);
      const x = random(m * k, 2);
      const dy = random(m * n, 3);
      const matrix = matrixFromF32(w, n, k, kind);
      const exact = rounded(w, kind);
      const xt = tf.tensor2d(x, [m, k]);
      const bias = tf.tensor1d(random(n, 4));
      const b = await read(bias);
      const y = await read(linear(xt, matrix, bias));
      expect(
        relativeError(
          y,
          reference(x, exact, m, n, k).map((v, i) => v + b[i % n]!),
        ),
      ).toBeLessThan(2e-6);

      const dx = await read(tf.grad((input: tf.Tensor) => tf.sum(tf.mul(linear(input, matrix), tf.tensor2d(dy, [m, n]))))(xt));
      const transposed = Float32Array.from({ length: n * k }, (_, i) => exact[(i % n) * k + Math.floor(i / n)]!);
      expect(relativeError(dx, reference(dy, transposed, m, k, n))).toBeLessThan(2e-6);

      const ids = [0, n - 1, Math.floor(n / 2)];
      const rows = await read(gatherRows(matrix, tf.tensor1d(ids, 'int32')));
      expect(
        relativeError(
          rows,
          ids.flatMap((id) => [...exact.subarray(id * k, (id + 1) * k)]),
        ),
      ).toBeLessThan(1e-6);
    });
  }

  it('keeps k that is no multiple of 32 in float32, whatever was asked', async () => {
    const [m, n, k] = [5, 6, 10];
    const w = random(n * k, 5);
    const x = random(m * k, 6);
    const matrix = matrixFromF32(w, n, k, 'int4');
    expect(matrix.kind).toBe('f32');
    expect(relativeError(await read(linear(tf.tensor2d(x, [m, k]), matrix)), reference(x, w, m, n, k))).toBeLessThan(2e-6);
  });

  it('takes the int8 values of a bundle as they are', async () => {
    const [n, k] = [10, 64];
    const data = quantize(random(n * k, 7), 'int8');
    const x = random(k, 8);
    const y = await read(linear(tf.tensor2d(x, [1, k]), matrixFromGrouped(data, n, k, 'int8')));
    expect(relativeError(y, reference(x, dequantizeValues(data), 1, n, k))).toBeLessThan(2e-6);
  });

  it('gives the same bits twice', async () => {
    const matrix = matrixFromF32(random(256 * 512, 9), 256, 512, 'int8');
    const x = tf.tensor2d(random(16 * 512, 10), [16, 512]);
    expect(await read(linear(x, matrix))).toEqual(await read(linear(x, matrix)));
  });
});

describeBackends('batched matmul', () => {
  it.each([
    [2, 3, 5, 7],
    [1, 16, 2048, 16],
    [4, 16, 32, 16],
  ] as const)('value and gradients, batch %i of %i × %i × %i', async (b, m, k, n) => {
    const x = tf.tensor3d(random(b * m * k, 1), [b, m, k]);
    const y = tf.tensor3d(random(b * n * k, 2), [b, n, k]);
    const value = await read(matMul(x, y, false, true));
    const [xs, ys] = [await read(x), await read(y)];
    const expected = Array.from({ length: b }, (_, i) => [
      ...reference(
        xs.slice(i * m * k, (i + 1) * m * k) as Float32Array,
        ys.slice(i * n * k, (i + 1) * n * k) as Float32Array,
        m,
        n,
        k,
      ),
    ]).flat();
    expect(relativeError(value, expected)).toBeLessThan(2e-6);
    const [dx, dy] = tf.grads((p: tf.Tensor, q: tf.Tensor) => tf.sum(tf.square(matMul(p, q, false, true))))([x, y]);
    const out = tf.tensor3d(
      expected.map((v) => 2 * v),
      [b, m, n],
    );
    const gx = await read(dx!);
    const gy = await read(dy!);
    const outs = await read(out);
    const wantX = new Float64Array(b * m * k);
    const wantY = new Float64Array(b * n * k);
    for (let i = 0; i < b; i++)
      for (let r = 0; r < m; r++)
        for (let c = 0; c < n; c++)
          for (let j = 0; j < k; j++) {
            const g = outs[(i * m + r) * n + c]!;
            wantX[(i * m + r) * k + j]! += g * ys[(i * n + c) * k + j]!;
            wantY[(i * n + c) * k + j]! += g * xs[(i * m + r) * k + j]!;
          }
    expect(relativeError(gx, wantX)).toBeLessThan(5e-6);
    expect(relativeError(gy, wantY)).toBeLessThan(5e-6);
  });
});

describeBackends('sparse features', () => {
  for (const kind of KINDS) {
    it.each([
      [1, 32, 64],
      [5, 64, 300],
      [9, 96, 1000],
    ] as const)(`${kind}: encode, decode and row dots for t, d, f = %i, %i, %i`, async (t, d, f) => {
      const w = random(f * d, 1, 0.3);
      const x = random(t * d, 2);
      const bias = random(f, 3, 0.2);
      const threshold = random(f, 4).map(Math.abs);
      const exact = rounded(w, kind);
      const wEnc = matrixFromF32(w, f, d, kind);
      const acts = await encodeAndRead(tf.tensor2d(x, [t, d]), wEnc, tf.tensor1d(bias), tf.tensor1d(threshold));
      const pre = reference(x, exact, t, f, d).map((v, i) => v + bias[i % f]!);
      for (let row = 0; row < t; row++) {
        const expected = Array.from({ length: f }, (_, i) => i).filter((i) => pre[row * f + i]! > Math.max(0, threshold[i]!));
        expect([...acts.indices[row]!]).toEqual(expected);
        expect(
          relativeError(
            acts.values[row]!,
            expected.map((i) => pre[row * f + i]!),
          ),
        ).toBeLessThan(5e-6);
      }
      const wDec = matrixFromF32(random(f * d, 5), f, d, kind);
      const dec = rounded(random(f * d, 5), kind);
      const bDec = random(d, 6);
      const gpu = uploadSparse(acts);
      const y = await read(sparseDecode(gpu, wDec, tf.tensor1d(bDec)));
      const dY = random(t * d, 7);
      const dots = await read(sparseRowDot(gpu, wDec, tf.tensor2d(dY, [t, d])));
      const wantY = new Float64Array(t * d).map((_, i) => bDec[i % d]!);
      const wantDots = new Float64Array(t * gpu.cap);
      for (let row = 0; row < t; row++)
        for (const [i, id] of acts.indices[row]!.entries())
          for (let c = 0; c < d; c++) {
            wantY[row * d + c]! += acts.values[row]![i]! * dec[id * d + c]!;
            wantDots[row * gpu.cap + i]! += dY[row * d + c]! * dec[id * d + c]!;
          }
      expect(relativeError(y, wantY)).toBeLessThan(5e-6);
      expect(relativeError(dots, wantDots)).toBeLessThan(5e-6);
    });
  }

  it('runs a row again that has more active features than there was room for', async () => {
    const [t, d, f] = [3, 32, 2000];
    const ones = new Float32Array(f);
    const acts = await encodeAndRead(
      tf.ones([t, d]) as tf.Tensor2D,
      matrixFromF32(new Float32Array(f * d).fill(0.5), f, d, 'int8'),
      tf.tensor1d(ones),
      tf.tensor1d(ones),
    );
    expect(acts.indices.map((row) => row.length)).toEqual([f, f, f]);
    expect(Array.from(acts.indices[1]!.subarray(0, 5))).toEqual([0, 1, 2, 3, 4]);
  });
});

describeBackends('top-k', () => {
  it('is exact, with ties by lower index', async () => {
    const n = 777;
    const x = random(4 * n, 1).map((v) => Math.round(v * 20) / 20);
    const { values, indices } = topKRows(tf.tensor2d(x, [4, n]), 20);
    const [v, i] = [await read(values), await read(indices)];
    for (let row = 0; row < 4; row++) {
      const order = Array.from({ length: n }, (_, c) => c)
        .sort((a, b) => x[row * n + b]! - x[row * n + a]! || a - b)
        .slice(0, 20);
      expect(Array.from(i.subarray(row * 20, row * 20 + 20))).toEqual(order);
      expect(Array.from(v.subarray(row * 20, row * 20 + 20))).toEqual(order.map((c) => Math.fround(x[row * n + c]!)));
    }
  });

  it('looks at as much of a row as it is told to', async () => {
    for (const [n, within] of [
      [777, 500],
      [20_000, 12_345],
    ] as const) {
      // Largest of all are those beyond.
      const x = random(2 * n, 3).map((v, i) => (i % n < within ? v : 1000 + v));
      const { indices } = topKRows(tf.tensor2d(x, [2, n]), 9, within);
      const found = await read(indices);
      for (let row = 0; row < 2; row++) {
        const order = Array.from({ length: within }, (_, c) => c).sort((a, b) => x[row * n + b]! - x[row * n + a]! || a - b);
        expect(Array.from(found.subarray(row * 9, row * 9 + 9))).toEqual(order.slice(0, 9));
      }
    }
  });
});
