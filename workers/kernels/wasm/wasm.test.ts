import { setFlagsFromString } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeKernels } from '../../../scripts/node-engine/kernels.ts';
import { openNodeBackend } from '../../testing/node-backends.ts';
import { numbers16, random, relativeError } from '../../testing/numbers.ts';
import {
  disposeMatrix,
  gatherRows,
  linear,
  linearTransposed,
  matrixBytes,
  matrixFrom,
  matrixFromF32,
  matrixFromGrouped,
  sparseDecode,
  sparseRowDot,
  tf,
  uploadSparse,
  type Grouped,
  type Matrix,
} from '../index.ts';
import { dequantizeValues } from '../quantize.ts';
import { readMany } from '../read.ts';
import { Heap } from './heap.ts';
import { closeKernels, hasRelaxedSimd, openKernels, wasmKernels, type KernelSource } from './kernels.ts';
import { OP } from './program.ts';

// Node 20 has relaxed SIMD behind a flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');

const read = async (t: tf.Tensor): Promise<Float32Array> => (await readMany([t]))[0] as Float32Array;

/** Random weights as a file may hold them, extreme values included. */
function grouped(n: number, k: number, bits: 4 | 8, group: 16 | 32, withMins: boolean): Grouped {
  const [low, high] = bits === 4 ? [-8, 7] : [-128, 127];
  const uniform = random(n * k, 1).map((v) => Math.min(1, Math.abs(v) / 3));
  const q = Int8Array.from(uniform, (u, i) => (i % 7 === 0 ? low : i % 11 === 0 ? high : Math.round(low + u * (high - low))));
  const scales = random((n * k) / group, 2, 0.05);
  return { bits, group, q, scales, mins: withMins ? random((n * k) / group, 3, 0.2) : null };
}

interface Format {
  readonly name: string;
  make(n: number, k: number): { readonly matrix: Matrix; readonly exact: Float32Array };
}
const FORMATS: readonly Format[] = [
  {
    name: 'f32',
    make: (n, k) => {
      const exact = random(n * k, 1);
      return { matrix: matrixFromF32(exact, n, k, 'f32'), exact };
    },
  },
  ...(['f16', 'bf16'] as const).map((format): Format => ({
    name: format,
    make: (n, k) => {
      const { words, exact } = numbers16(format, n * k);
      const matrix = matrixFrom({ kind: '16', format, values: words }, n, k, 'f32');
      expect(matrixBytes(matrix)).toBeLessThan(2 * k * (n + 7) + 1000);
      return { matrix, exact };
    },
  })),
  ...([4, 8] as const).flatMap((bits) =>
    ([16, 32] as const).flatMap((group) =>
      [false, true].map((mins): Format => ({
        name: `int${bits}, groups of ${group}${mins ? ' with minimum' : ''}`,
        make: (n, k) => {
          const data = grouped(n, k, bits, group, mins);
          return { matrix: matrixFromGrouped(data, n, k, 'gguf'), exact: dequantizeValues(data) };
        },
      })),
    ),
  ),
];

/** x wᵀ in float64. */
function product(x: ArrayLike<number>, w: ArrayLike<number>, m: number, n: number, k: number): Float64Array {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let c = 0; c < k; c++) sum += x[i * k + c]! * w[j * k + c]!;
      y[i * n + j] = sum;
    }
  return y;
}

const BUILDS = [
  { relaxed: false, threads: 1 },
  { relaxed: true, threads: 1 },
  { relaxed: false, threads: 2 },
  { relaxed: true, threads: 3 },
];

describe('the pool', () => {
  beforeAll(() => openNodeBackend('wasm'));
  afterAll(() => closeKernels());

  it('says that a thread died, and goes on saying it', async () => {
    const ends: ((reason: string) => void)[] = [];
    const source: KernelSource = {
      ...nodeKernels(2),
      start: (init, onEnd) => {
        ends.push(onEnd);
        return nodeKernels(2).start(init, onEnd);
      },
    };
    await openKernels(source);
    const matrix = matrixFromF32(random(64 * 64, 1), 64, 64, 'int8');
    const x = tf.tensor2d(random(64, 2), [1, 64]);
    linear(x, matrix);
    ends[0]!('it was killed');
    for (let i = 0; i < 2; i++) expect(() => linear(x, matrix)).toThrow(/a WASM thread died: it was killed/);
    closeKernels();
  });

  // Also what V8's baseline compiler made of a wait within WASM: it took one sleep for the end of the work. So the pool
  // comes first, before the code is hot.
  it('does not wait for ever for a thread that took work and never came back', async () => {
    // A thread that never starts, and a chunk that is nobody's.
    await openKernels({ ...nodeKernels(2), start: () => ({ terminate: () => undefined }) }, { patience: 3 });
    const kernels = wasmKernels()!;
    const program = kernels.begin();
    const at = kernels.temporary(64 * 4);
    program.add(OP.gated, 8, 1, [at, 0, at, 8, 3]);
    const words = kernels.ints(16_384 + 512, 64);
    // As if one chunk had been taken.
    words[32] = 1;
    expect(() => kernels.run()).toThrow(/a thread does not answer/);
    expect(() => kernels.begin()).toThrow(/a thread does not answer/);
  });

  it('works while its threads have not started yet, and when they come late', async () => {
    let begin: (() => void) | null = null;
    const real = nodeKernels(2);
    await openKernels({
      ...real,
      start: (init, onEnd) => {
        begin = (): void => void real.start(init, onEnd);
        return { terminate: () => undefined };
      },
    });
    const w = random(256 * 256, 1);
    const matrix = matrixFromF32(w, 256, 256, 'f32');
    const x = random(256, 2);
    const want = product(x, w, 1, 256, 256);
    for (let i = 0; i < 200; i++) {
      if (i === 20) begin!();
      // Lets the late thread start.
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      const y = linear(tf.tensor2d(x, [1, 256]), matrix);
      expect(relativeError(await read(y), want)).toBeLessThan(2e-6);
    }
  });
});

for (const build of BUILDS) {
  describe(`WASM kernels, ${build.relaxed ? 'relaxed' : 'plain'} SIMD, ${build.threads} threads`, () => {
    beforeAll(async () => {
      await openNodeBackend('wasm');
      await openKernels(nodeKernels(build.threads), build);
    });
    afterAll(() => closeKernels());

    it('is the build that was asked for', () => {
      expect(hasRelaxedSimd()).toBe(true);
      expect(wasmKernels()?.build).toBe(`${build.relaxed ? 'relaxed' : 'plain'}${build.threads > 1 ? '-threads' : ''}`);
    });

    for (const format of FORMATS) {
      it.each([
        [9, 32],
        [65, 96],
        [33, 2048],
        [7, 1568],
      ])(`${format.name}: products, gradients and rows of [%i, %i]`, async (n, k) => {
        const { matrix, exact } = format.make(n, k);
        expect(matrix.store.type).toBe('wasm');
        const transposed = Float32Array.from({ length: n * k }, (_, i) => exact[(i % n) * k + Math.floor(i / n)]!);
        for (const m of [1, 2, 3, 7, 16, 37]) {
          const x = random(m * k, 5);
          const dy = random(m * n, 6);
          const y = await read(linear(tf.tensor2d(x, [m, k]), matrix));
          expect(relativeError(y, product(x, exact, m, n, k)), `y, ${m} rows`).toBeLessThan(2e-6);
          const dx = await read(linearTransposed(tf.tensor2d(dy, [m, n]), matrix));
          expect(relativeError(dx, product(dy, transposed, m, k, n)), `dx, ${m} rows`).toBeLessThan(2e-6);
        }
        const ids = [n - 1, 0, 5 % n, n >> 1];
        const rows = await read(gatherRows(matrix, tf.tensor1d(ids, 'int32')));
        // The same float32 numbers, but for minimums, which tests add in float64.
        const want = ids.flatMap((id) => [...exact.subarray(id * k, (id + 1) * k)]);
        expect(relativeError(rows, want)).toBeLessThan(2e-7);
        if (format.name.endsWith('f16')) expect([...rows]).toEqual(want);
        disposeMatrix(matrix);
      });
    }

    it.each([
      [5, 10],
      [8, 7],
      [1, 1],
      [17, 777],
    ])('float32 of odd shapes: [%i, %i]', async (n, k) => {
      const w = random(n * k, 1);
      const matrix = matrixFromF32(w, n, k, 'f32');
      const transposed = Float32Array.from({ length: n * k }, (_, i) => w[(i % n) * k + Math.floor(i / n)]!);
      for (const m of [1, 4, 13]) {
        const [x, dy] = [random(m * k, 2), random(m * n, 3)];
        expect(relativeError(await read(linear(tf.tensor2d(x, [m, k]), matrix)), product(x, w, m, n, k))).toBeLessThan(2e-6);
        expect(
          relativeError(await read(linearTransposed(tf.tensor2d(dy, [m, n]), matrix)), product(dy, transposed, m, k, n)),
        ).toBeLessThan(2e-6);
      }
    });

    it('gives the same bits whoever computes them', async () => {
      const { matrix } = FORMATS.find((f) => f.name.startsWith('int4'))!.make(512, 512);
      for (const m of [1, 21]) {
        const x = tf.tensor2d(random(m * 512, 3), [m, 512]);
        const first = await read(linear(x, matrix));
        for (let i = 0; i < 20; i++) expect(await read(linear(x, matrix))).toEqual(first);
      }
    });

    it('sums and dots of sparse rows', async () => {
      const [f, d] = [50, 96];
      for (const format of FORMATS) {
        const { matrix, exact } = format.make(f, d);
        const indices = [Int32Array.of(0, 7, 49), new Int32Array(0), Int32Array.of(3)];
        const acts = { indices, values: indices.map((row, i) => random(row.length, 20 + i)) };
        const bias = random(d, 8);
        const dY = random(3 * d, 9);
        const gpu = uploadSparse(acts);
        const y = await read(sparseDecode(gpu, matrix, tf.tensor1d(bias)));
        const dots = await read(sparseRowDot(gpu, matrix, tf.tensor2d(dY, [3, d])));
        const wantY = Float64Array.from({ length: 3 * d }, (_, i) => bias[i % d]!);
        const wantDots = new Float64Array(3 * gpu.cap);
        indices.forEach((row, t) =>
          row.forEach((id, i) => {
            for (let c = 0; c < d; c++) {
              wantY[t * d + c]! += acts.values[t]![i]! * exact[id * d + c]!;
              wantDots[t * gpu.cap + i]! += dY[t * d + c]! * exact[id * d + c]!;
            }
          }),
        );
        expect(relativeError(y, wantY), format.name).toBeLessThan(2e-6);
        expect(relativeError(dots, wantDots), format.name).toBeLessThan(2e-6);
        disposeMatrix(matrix);
      }
    });

    it('nonlinearities, to float32’s last bits', () => {
      const kernels = wasmKernels()!;
      const x = Float32Array.from({ length: 4000 }, (_, i) => (i - 2000) / 150);
      const up = random(4000, 3);
      // erf in float64, by its series; beyond 6 it is 1.
      const erf = (v: number): number => {
        if (Math.abs(v) > 6) return Math.sign(v);
        let term = v;
        let sum = v;
        for (let n = 1; n < 200; n++) sum += (term *= (-v * v) / n) / (2 * n + 1);
        return (2 / Math.sqrt(Math.PI)) * sum;
      };
      const exact: ((v: number) => number)[] = [
        (v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))),
        // The series cancels where erf is near 1.
        (v) => (Math.abs(v) > 5 ? Math.max(v, 0) : 0.5 * v * (1 + erf(v * Math.SQRT1_2))),
        (v) => v / (1 + Math.exp(-v)),
        (v) => Math.max(v, 0),
      ];
      for (const [kind, f] of exact.entries()) {
        const program = kernels.begin();
        const [gate, by, y] = [kernels.temporary(16_000), kernels.temporary(16_000), kernels.temporary(16_000)];
        kernels.floats(gate, 4000).set(x);
        kernels.floats(by, 4000).set(up);
        program.add(OP.gated, 500, 16, [gate, by, y, 500, kind]);
        kernels.run();
        const got = kernels.floats(y, 4000);
        const errors = [...x].map((v, i) => Math.abs(got[i]! - f(v) * up[i]!) / Math.max(1, Math.abs(v * up[i]!)));
        expect(Math.max(...errors), `kind ${kind}`).toBeLessThan(4e-7);
      }
    });

    it('holds int4 and int8 in the bytes of their format, and gives them back', () => {
      const kernels = wasmKernels()!;
      const before = kernels.heap.bytes;
      const { matrix } = FORMATS.find((f) => f.name === 'int4, groups of 32 with minimum')!.make(1024, 512);
      // Half a byte a weight, and a scale and a minimum in float32 for each 32 of them.
      expect(matrixBytes(matrix)).toBeLessThan(1024 * 512 * (0.5 + 8 / 32) + 1024);
      disposeMatrix(matrix);
      expect(kernels.heap.bytes).toBe(before);
    });
  });
}

describe('the heap', () => {
  it('never hands out the same byte twice, and takes back what it gave', () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 1, maximum: 1024 }), 4096);
    const numbers = random(2000, 1).map(Math.abs);
    const live = new Map<number, number>();
    for (const [i, u] of numbers.entries()) {
      const [oldest] = live.keys();
      if (i % 3 === 2 && oldest !== undefined) {
        heap.release(oldest);
        live.delete(oldest);
      } else {
        const size = 1 + Math.floor(u * 5000);
        const at = heap.allocate(size);
        expect(at % 64).toBe(0);
        expect(at).toBeGreaterThanOrEqual(4096);
        expect(at + size).toBeLessThanOrEqual(heap.memory.buffer.byteLength);
        expect([...live].filter(([other, length]) => at < other + length && other < at + size)).toEqual([]);
        live.set(at, size);
      }
    }
    const pages = heap.memory.buffer.byteLength;
    for (const at of live.keys()) heap.release(at);
    expect(heap.bytes).toBe(0);
    heap.allocate(pages - 4096);
    expect(heap.memory.buffer.byteLength).toBe(pages);
  });

  it('says when memory is full', () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 1, maximum: 2 }), 0);
    expect(() => heap.allocate(1 << 20)).toThrow(expect.objectContaining({ code: 'out-of-memory' }));
  });
});
