import { afterEach, describe, expect, it } from 'vitest';
import { readSafetensors, safeFloats, writeSafetensors } from '../../core/files/safetensors.ts';
import { widen } from '../../core/files/float16.ts';
import { gatherRows, matrixBytes, readMany, tf, type Matrix } from '../kernels/index.ts';
import { dequantizeValues, quantize } from '../kernels/quantize.ts';
import { limitShards } from '../kernels/webgpu/pack.ts';
import { familyOf } from '../model/families/index.ts';
import { createHookedModel } from '../model/hooked-model.ts';
import { rowPieces, WeightLoader } from '../model/weights.ts';
import { bytes, goldenConfig } from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { relativeError } from '../testing/numbers.ts';
import { NO_TOKENIZER } from '../testing/tiny-models.ts';
import { halfBits } from '../kernels/webgpu/half.ts';
import type { RandomAccessFile } from './model-files.ts';
import { SafetensorsSource } from './safetensors-source.ts';

const MOST = 16 * 2 ** 20;

/** A checkpoint of one float32 matrix that is never whole anywhere: what is read is made when it is. */
function endless(n: number, k: number): { readonly file: RandomAccessFile; readonly reads: number[] } {
  const json = JSON.stringify({ 'embed.weight': { dtype: 'F32', shape: [n, k], data_offsets: [0, n * k * 4] } });
  const head = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true);
  head.set(new TextEncoder().encode(json), 8);
  const reads: number[] = [];
  return {
    reads,
    file: {
      name: 'model.safetensors',
      size: head.length + n * k * 4,
      async read(from, to) {
        if (from < head.length) return head.slice(from, to);
        reads.push(to - from);
        const first = (from - head.length) / 4;
        const values = Float32Array.from({ length: (to - from) / 4 }, (_, i) => weight(first + i));
        return new Uint8Array(values.buffer);
      },
    },
  };
}
const weight = (i: number): number => ((i * 7919) % 1009) / 1009 - 0.5;

describeBackends(
  'a matrix of 98 MB',
  (backend) => {
    afterEach(() => limitShards(null));

    it('is read, rounded and put on the device in pieces of at most 16 MiB', async () => {
      const [n, k] = [24_000, 1024];
      limitShards(backend === 'webgpu' ? 10 * 2 ** 20 : null);
      const { file, reads } = endless(n, k);
      const matrix = await new WeightLoader(await SafetensorsSource.open([file]), 'int8').matrix('embed.weight', n, k);
      expect(Math.max(...reads)).toBeLessThanOrEqual(MOST);
      expect(reads.reduce((a, b) => a + b)).toBe(n * k * 4);
      expect(matrixBytes(matrix)).toBeLessThan(n * k * 1.126);
      const ids = [0, 2047, 2048, 10_239, 10_240, n - 1];
      const want = ids.flatMap((id) => {
        const row = Float32Array.from({ length: k }, (_, c) => weight(id * k + c));
        return [...dequantizeValues(quantize(row, 'int8'))];
      });
      const [rows] = await readMany([gatherRows(matrix, tf.tensor1d(ids, 'int32'))]);
      expect(relativeError(rows ?? [], want)).toBeLessThan(2e-7);
    });
  },
  ['wasm', 'webgpu'],
);

it('pieces are whole rows, a multiple of eight of them, and never more than 8 MiB of float32 but for rows that are longer', () => {
  for (const [n, k] of [
    [262_144, 640],
    [256_000, 2304],
    [7, 10],
    [100, 500_000],
  ] as const) {
    const all = [...rowPieces(n, k)];
    expect(all[0]?.[0]).toBe(0);
    expect(all.at(-1)?.[1]).toBe(n);
    for (const [i, [from, to]] of all.entries()) {
      expect(from).toBe(i === 0 ? 0 : all[i - 1]![1]);
      expect(from % 8).toBe(0);
      expect((to - from) * k).toBeLessThanOrEqual(Math.max(8 * k, 2 ** 21));
    }
  }
});

describeBackends('checkpoints of 16 bits', (backend) => {
  describe.each(['gpt2', 'llama', 'gemma3'] as const)('%s', (family) => {
    it.each(['F16', 'BF16'] as const)('%s: the same numbers as the checkpoint of float32 that it stands for', async (dtype) => {
      const { tensors } = readSafetensors(bytes(`tiny-${family}`, 'model.safetensors'));
      const format = dtype === 'F16' ? 'f16' : 'bf16';
      const words = [...tensors].map(([name, tensor]) => {
        const floats = safeFloats(tensor, name);
        const bits = new Uint32Array(floats.buffer);
        const data = Uint16Array.from(floats, (x, i) => (dtype === 'F16' ? halfBits(x).bits : (bits[i] ?? 0) >>> 16));
        return { name, shape: tensor.shape, data, dtype };
      });
      const floats = words.map(({ name, shape, data }) => ({ name, shape, data: widen(data, format) }));
      const json = goldenConfig(family);
      const config = familyOf(json).parseConfig(json);
      const run = async (file: Uint8Array): Promise<{ logits: Float32Array; embed: Matrix }> => {
        const weights = await familyOf(json).load(new WeightLoader(new SafetensorsSource([file]), 'f32'), config);
        const parts = { id: family, config, weights, tokenizer: NO_TOKENIZER, quantization: 'f32' as const, digest: '' };
        const model = createHookedModel({ ...parts, sae: () => Promise.reject(new Error('none')) });
        const out = await model.runWithHooks([[0, 5, 17, 3, 9]]);
        const [logits] = await readMany([out.logits!]);
        const next: number[] = [];
        const sampling = { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 };
        for await (const { token } of model.generate([0, 5, 17], { maxNewTokens: 6, sampling })) next.push(token);
        out.dispose();
        model.dispose();
        return { logits: Float32Array.from([...logits!, ...next]), embed: weights.embed };
      };
      const [half, full] = [await run(writeSafetensors(words)), await run(writeSafetensors(floats))];
      expect(relativeError(half.logits, full.logits)).toBeLessThan(2e-6);
      if (backend !== 'cpu') {
        const bits = half.embed.store.type === 'wasm' ? half.embed.store.bits : 0;
        const packing = half.embed.store.type === 'packed' ? half.embed.store.packing.bits : 0;
        expect(bits + packing).toBe(16);
      }
    });
  });
});
