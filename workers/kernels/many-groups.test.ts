import { afterEach, expect, it } from 'vitest';
import { describeBackends } from '../testing/node-backends.ts';
import { random, relativeError } from '../testing/numbers.ts';
import { FLAT, setMatmulChoice, type FewRows } from './dequant-matmul/choice.ts';
import {
  buildMatrix,
  disposeMatrix,
  encodeAndRead,
  gatherRows,
  linear,
  matrixFromF32,
  matrixFromGrouped,
  readMany,
  tf,
} from './index.ts';
import { dequantizeValues, quantize } from './quantize.ts';
import { limitShards } from './webgpu/pack.ts';

const read = async (t: tf.Tensor): Promise<Float32Array | Int32Array> => (await readMany([t]))[0]!;

/** Four groups more than the 65,535 that every device launches along one axis, where a group makes four columns. */
const [N, K] = [262_148, 32];
const TIMEOUT = 240_000;
const FEW: readonly FewRows[] = ['flat', 'gemv-8', 'gemv-32', 'subgroup'];

describeBackends(
  'more groups than a device launches along one axis',
  () => {
    afterEach(() => {
      setMatmulChoice(FLAT);
      limitShards(null);
    });
    const data = quantize(random(N * K, 1), 'int8');
    const exact = dequantizeValues(data);
    const x = random(K, 2);
    const products = Float64Array.from({ length: N }, (_, n) => {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += x[k]! * exact[n * K + k]!;
      return sum;
    });

    it.each(FEW)(
      '%s: one row times a vocabulary of 262,148',
      async (few) => {
        setMatmulChoice({ ...FLAT, few });
        const matrix = matrixFromGrouped(data, N, K, 'int8');
        expect(relativeError(await read(linear(tf.tensor2d(x, [1, K]), matrix)), products)).toBeLessThan(2e-6);
      },
      TIMEOUT,
    );

    it(
      'a dictionary of 262,148 features',
      async () => {
        setMatmulChoice({ ...FLAT, few: 'subgroup' });
        const threshold = products.toSorted().at(-40)!;
        const acts = await encodeAndRead(
          tf.tensor2d(x, [1, K]),
          matrixFromGrouped(data, N, K, 'int8'),
          tf.zeros([N]),
          tf.tensor1d(new Float32Array(N).fill(threshold - 1e-4)),
        );
        const expected = Array.from(products.keys()).filter((n) => products[n]! > threshold - 1e-4);
        expect([...acts.indices[0]!]).toEqual(expected);
        expect(
          relativeError(
            acts.values[0]!,
            expected.map((n) => products[n]!),
          ),
        ).toBeLessThan(2e-6);
      },
      TIMEOUT,
    );

    it(
      'the vocabulary of Gemma 3 270M on a device that binds 128 MiB at once',
      async () => {
        const [n, k] = [262_144, 640];
        limitShards(2 ** 27);
        const builder = buildMatrix(n, k, 'gguf');
        const value = (i: number): number => ((i * 7919) % 255) - 127;
        const rows = 4096;
        for (let from = 0; from < n; from += rows) {
          const q = Int8Array.from({ length: rows * k }, (_, i) => value(from * k + i));
          const scales = new Float32Array(q.length / 32).fill(0.01);
          builder.add({ kind: 'grouped', bits: 8, group: 32, q, scales, mins: null });
        }
        const matrix = builder.finish();
        expect(matrix.store.type === 'packed' && matrix.store.shards.length).toBe(2);
        const input = random(k, 4);
        const y = await read(linear(tf.tensor2d(input, [1, k]), matrix));
        const some = Array.from({ length: 300 }, (_, i) => (i * 874_063) % n).concat(0, 209_714, 209_716, n - 1);
        const want = some.map((row) => input.reduce((sum, v, c) => sum + v * 0.01 * value(row * k + c), 0));
        expect(
          relativeError(
            some.map((row) => y[row] ?? NaN),
            want,
          ),
        ).toBeLessThan(2e-6);
        disposeMatrix(matrix);
      },
      TIMEOUT,
    );

    it('looks up 70,001 rows', async () => {
      const ids = Int32Array.from({ length: 70_001 }, (_, i) => (i * 7919) % N);
      const rows = await read(gatherRows(matrixFromGrouped(data, N, K, 'int8'), tf.tensor1d(ids, 'int32')));
      const expected = new Float32Array(ids.length * K);
      ids.forEach((id, i) => expected.set(exact.subarray(id * K, (id + 1) * K), i * K));
      expect(relativeError(rows, expected)).toBeLessThan(1e-6);
    });

    it('says so where nothing can be folded', () => {
      const matrix = matrixFromF32(new Float32Array(10), 1, 10, 'f32');
      expect(() => linear(tf.zeros([70_000, 10]), matrix)).toThrow(
        expect.objectContaining({ code: 'too-large-for-device', message: expect.stringContaining('70000') }),
      );
    });
  },
  ['webgpu'],
);
