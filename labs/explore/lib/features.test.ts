import { expect, it } from 'vitest';
import type { RunContext, RunOutput } from '../../../workers/api.ts';
import { readMany, tf } from '../../../workers/kernels/index.ts';
import { goldenSae } from '../../../workers/testing/goldens.ts';
import { describeBackends } from '../../../workers/testing/node-backends.ts';
import { featureRows } from './features.ts';

describeBackends(
  'unexplained variance',
  (backend) => {
    const ctx = { tf, backend, read: async (tensors) => (await readMany(tensors)).map((d) => d.slice()) } as RunContext;
    const unexplained = async (rows: readonly (readonly number[])[], hasBos: boolean): Promise<number | null> => {
      const sae = await goldenSae('standard');
      const x = tf.tensor(rows.flat(), [1, rows.length, sae.dIn]);
      const output = { cache: new Map([[sae.hookName, x]]) } as unknown as RunOutput;
      const { fvu } = await featureRows(ctx, sae, output, hasBos);
      x.dispose();
      sae.dispose();
      return fvu;
    };
    const row = (seed: number): number[] => Array.from({ length: 32 }, (_, i) => Math.sin(seed * 7 + i * 1.3));

    it('is error over variance, without the beginning of the text', async () => {
      const sae = await goldenSae('standard');
      const rows = [row(1), row(2), row(3)];
      const kept = rows.slice(1);
      const [decoded = new Float32Array(0)] = await readMany([sae.decode(sae.encode(tf.tensor2d(kept)))]);
      const mean = row(0).map((_, i) => kept.reduce((sum, r) => sum + r[i]!, 0) / kept.length);
      let [error, variance] = [0, 0];
      kept.forEach((r, p) =>
        r.forEach((value, i) => {
          error += (value - decoded[p * 32 + i]!) ** 2;
          variance += (value - mean[i]!) ** 2;
        }),
      );
      expect((await unexplained(rows, true))! / (error / variance)).toBeCloseTo(1, 4);
      sae.dispose();
    });

    it('is null, not a number, where nothing varies', async () => {
      expect(await unexplained([row(1)], false)).toBeNull();
      expect(await unexplained([row(1), row(2)], true)).toBeNull();
      const same = new Array<number>(32).fill(0.5);
      expect(await unexplained([same, same, same], false)).toBeNull();
    });
  },
  ['cpu', 'wasm'],
);
