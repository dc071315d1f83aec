import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, describe } from 'vitest';
import { deviceBytes, trimPool } from '../runtime/device.ts';
import { describeBackends, gpuErrors } from '../testing/node-backends.ts';
import { goldenModel, goldenSae } from '../testing/goldens.ts';
import { random, relativeError } from '../testing/numbers.ts';
import { linear, matMul, matrixFromF32, readMany, tf } from './index.ts';
import { bufferOf, dispatch, emptyTensor, INTERNALS, webgpuBackend } from './webgpu/dispatch.ts';

// Known defects of tfjs 4.22.0. Each test shows the defect without the guard, then that the guard holds. One that fails
// because the defect is gone says that its guard can go too.

const TIMEOUT = 120_000;
const read = async (t: tf.Tensor): Promise<Float32Array> => Float32Array.from((await readMany([t]))[0]!);

/** a [m, k] · b [n, k]ᵀ in float64. */
function product(a: Float32Array, b: Float32Array, m: number, n: number, k: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let c = 0; c < k; c++) out[i * n + j]! += a[i * k + c]! * b[j * k + c]!;
  return out;
}

/** Runs `body` with WebGPU's matmul program as tfjs chooses it. */
async function withoutGuard<T>(body: () => Promise<T>): Promise<T> {
  tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', -1);
  try {
    return await body();
  } finally {
    tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', 3);
  }
}

describeBackends(
  'WebGPU’s split-K matmul ignores transposeB',
  () => {
    const [m, n, k] = [16, 16, 2048];
    const [x, w] = [random(m * k, 1), random(n * k, 2)];

    it(
      'is wrong as tfjs comes, and right with the packed program, which opening the device forces',
      async () => {
        const expected = product(x, w, m, n, k);
        const stock = (): Promise<Float32Array> => read(tf.matMul(tf.tensor2d(x, [m, k]), tf.tensor2d(w, [n, k]), false, true));
        expect(relativeError(await withoutGuard(stock), expected)).toBeGreaterThan(0.3);
        expect(tf.env().getNumber('WEBGPU_MATMUL_PROGRAM_TYPE')).toBe(3);
        const guarded = await stock();
        expect(relativeError(guarded, expected)).toBeLessThan(2e-6);
        expect(await stock()).toEqual(guarded);
      },
      TIMEOUT,
    );

    it(
      'our matMul and linear never meet it, forward or backward, even with tfjs’ choice of program',
      async () => {
        const [xt, wt] = [tf.tensor2d(x, [m, k]), tf.tensor2d(w, [n, k])];
        const matrix = matrixFromF32(w, n, k, 'f32');
        // dX = dY·W of a wide unembedding is what stock tf.grad gets wrong.
        const [hidden, seed] = [tf.tensor2d(random(m * n, 5), [m, n]), tf.tensor2d(x, [m, k])];
        const dX = (multiply: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Promise<Float32Array> =>
          read(tf.grad((input: tf.Tensor) => tf.sum(tf.mul(multiply(input, wt), seed)))(hidden));
        const wanted = product(x, w, m, n, k);
        await withoutGuard(async () => {
          expect(relativeError(await read(matMul(xt, wt, false, true)), wanted)).toBeLessThan(2e-6);
          expect(relativeError(await read(linear(xt, matrix)), wanted)).toBeLessThan(2e-6);
          expect(relativeError(await dX((a, b) => tf.matMul(a, b)), wanted)).toBeGreaterThan(0.3);
          expect(relativeError(await dX(matMul), wanted)).toBeLessThan(2e-6);
        });
      },
      TIMEOUT,
    );
  },
  ['webgpu'],
);

describeBackends(
  'WASM’s fused matmul adds its bias once per block of 48',
  () => {
    it('is wrong for a transposed operand; a matmul and an addition are right', async () => {
      const [a, b, bias] = [tf.ones([2, 96]) as tf.Tensor2D, tf.ones([3, 96]) as tf.Tensor2D, tf.tensor1d([1, 2, 3])];
      expect([...(await read(tf.fused.matMul({ a, b, transposeB: true, bias })))]).not.toEqual([97, 98, 99, 97, 98, 99]);
      expect([...(await read(linear(a, matrixFromF32(new Float32Array(3 * 96).fill(1), 3, 96, 'f32'), bias)))]).toEqual([
        97, 98, 99, 97, 98, 99,
      ]);
    });
  },
  ['wasm'],
);

describeBackends('transposed operands of matmul', () => {
  // Wrong on WebGPU for some shapes, and on WASM a scalar loop, ten times slower.
  it(
    'are never asked for by the engine: forward, backward, generation, SAEs',
    async () => {
      const asked: string[] = [];
      const backendName = tf.getBackend();
      const kernel = tf.getKernel('BatchMatMul', backendName)!;
      tf.unregisterKernel('BatchMatMul', backendName);
      tf.registerKernel({
        ...kernel,
        kernelFunc: (params) => {
          const { transposeA, transposeB } = params.attrs as { transposeA?: boolean; transposeB?: boolean };
          asked.push(`${String(transposeA === true)} ${String(transposeB === true)}`);
          return kernel.kernelFunc(params);
        },
      });
      try {
        for (const family of ['gpt2', 'llama'] as const) {
          const model = await goldenModel(family);
          (await model.gradients([[0, 1, 2]], { kind: 'loss' }, ['blocks.0.attn.hook_z' as never])).dispose();
          for await (const { token } of model.generate([0, 1], {
            maxNewTokens: 1,
            sampling: { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 },
          }))
            expect(token).toBeGreaterThanOrEqual(0);
          model.dispose();
        }
        const sae = await goldenSae('topk');
        const x = tf.tensor2d(random(32, 1), [1, 32]);
        await read(tf.grad((v: tf.Tensor) => tf.sum(sae.decode(sae.encode(v))))(x));
        sae.dispose();
      } finally {
        tf.unregisterKernel('BatchMatMul', backendName);
        tf.registerKernel(kernel);
      }
      expect(asked.length).toBeGreaterThan(10);
      expect([...new Set(asked)]).toEqual(['false false']);
    },
    TIMEOUT,
  );
});

describeBackends(
  'tensors of WebGPU',
  () => {
    it('tfjs’ data() goes on giving the old numbers after a kernel wrote the buffer; readMany does not', async () => {
      const t = tf.add(tf.tensor1d([1, 2, 3, 4]), 0);
      expect([...(await t.data())]).toEqual([1, 2, 3, 4]);
      const backend = webgpuBackend();
      backend.queue.writeBuffer(bufferOf(backend, t), 0, new Float32Array([9, 8, 7, 6]));
      expect([...(await t.data())]).toEqual([1, 2, 3, 4]);
      expect([...(await read(t))]).toEqual([9, 8, 7, 6]);
    });

    it('an invalid dispatch does not throw, it leaves zeros; the device reports it', async () => {
      const out = emptyTensor([4]);
      dispatch({
        key: 'test-no-uniforms',
        // Never reads its uniforms, so the automatic layout has no binding for them.
        code: () =>
          '@group(0) @binding(0) var<storage, read_write> y : array<f32>; @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id : vec3<u32>) { y[id.x] = 5.0; }',
        outputs: [out],
        inputs: [],
        uniforms: [1],
        groups: [1, 1, 1],
      });
      const values = await read(out);
      expect([...values]).not.toEqual([5, 5, 5, 5]);
      expect(gpuErrors.join(' ')).toMatch(/bind group|binding/i);
      // Meant here; anywhere else an error fails the block of tests.
      gpuErrors.length = 0;
    });

    it('small tensors are computed on the GPU too, so that tests test it', () => {
      expect(tf.env().getBool('WEBGPU_CPU_FORWARD')).toBe(false);
    });

    it('the pool keeps every size it ever used, until it is trimmed', async () => {
      const before = deviceBytes();
      for (let n = 1; n <= 16; n++) {
        const t = tf.tidy(() => tf.add(tf.ones([n, 5000]), 1));
        await read(tf.tidy(() => tf.sum(t)));
        t.dispose();
      }
      const grown = deviceBytes();
      expect(grown - before).toBeGreaterThan(1_000_000);
      trimPool();
      expect(deviceBytes()).toBeLessThan(grown - 1_000_000);
    });

    it('the private members of the backend that our dispatcher uses are there', () => {
      const backend = webgpuBackend();
      for (const name of INTERNALS) expect(name in backend, name).toBe(true);
      expect(tf.version_core).toBe('4.22.0');
    });

    it('multinomial’s first sample is always 0', async () => {
      const logits = tf.tensor1d([Math.log(0.1), Math.log(0.9)]);
      const firsts: number[] = [];
      for (let seed = 1; seed <= 12; seed++) firsts.push((await read(tf.multinomial(logits, 3, seed)))[0]!);
      // Twelve zeros at p = 0.1 have a chance of 10⁻¹².
      expect(firsts).toEqual(firsts.map(() => 0));
    });
  },
  ['webgpu'],
);

describeBackends(
  'gradients that tfjs lacks',
  () => {
    const x = (): tf.Tensor => tf.tensor2d([1, -2, 3, -4], [2, 2]);

    it('a gradient inside a gradient function crashes; so blocks are taken one after the other', () => {
      const nested = tf.customGrad((...inputs) => {
        const [input] = inputs as tf.Tensor[];
        return {
          value: tf.square(input!),
          gradFunc: (dy: tf.Tensor) => tf.mul(dy, tf.grad((v: tf.Tensor) => tf.sum(tf.square(v)))(input!)),
        };
      });
      expect(() => tf.grad((v: tf.Tensor) => tf.sum(nested(v)))(x())).toThrow();
    });

    it('where under a comparison throws; SAEs hold their gates fixed instead', async () => {
      expect(() => tf.grad((v: tf.Tensor) => tf.sum(tf.where(tf.greater(v, 0), v, tf.zerosLike(v))))(x())).toThrow();
      const sae = await goldenSae('jumprelu');
      const g = await read(tf.grad((v: tf.Tensor) => tf.sum(sae.encode(v)))(tf.tensor2d(random(32, 3), [1, 32])));
      expect(g.every(Number.isFinite) && g.some((v) => v !== 0)).toBe(true);
      sae.dispose();
    });

    it('gather has none on WASM; positions are picked by a product instead', async () => {
      const gathered = (): tf.Tensor => tf.grad((v: tf.Tensor) => tf.sum(tf.gather(v, tf.tensor1d([1], 'int32'))))(x());
      if (tf.getBackend() === 'wasm') expect(gathered).toThrow(/UnsortedSegmentSum/);
      const { selectPositions } = await import('../model/metric.ts');
      const g = tf.grad((v: tf.Tensor) => tf.sum(selectPositions(v, [1])))(tf.reshape(x(), [1, 2, 2]));
      expect([...(await read(g))]).toEqual([0, 0, 1, 1]);
    });
  },
  ['cpu', 'wasm'],
);

describe('the sources of the engine', () => {
  const folder = join(import.meta.dirname, '..');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (f) => f.endsWith('.ts') && !f.endsWith('.test.ts'),
  );

  it.each([
    ['fused matmul, whose bias is wrong on WASM', /\.fused\b/],
    ['multinomial, whose first sample is always 0 on WebGPU', /multinomial/i],
    ['einsum, which has no gradient and no WASM kernel', /\.einsum\b/],
    ['synchronous reads, which stall and need a canvas', /dataSync|arraySync/],
  ])('never use %s', (_what, pattern) => {
    expect(sources.length).toBeGreaterThan(40);
    const comment = /^\s*(\/\/|\*|\/\*)/;
    const users = sources.filter((f) =>
      readFileSync(join(folder, f), 'utf8')
        .split('\n')
        .some((line) => pattern.test(line) && !comment.test(line)),
    );
    expect(users).toEqual([]);
  });

  it('multiply with our own matMul, which transposes first', () => {
    const users = sources.filter((f) => /tf\.matMul\(/.test(readFileSync(join(folder, f), 'utf8')));
    expect(users.sort()).toEqual(['kernels/dequant-matmul/kernel.ts', 'kernels/matmul.ts']);
  });
});
