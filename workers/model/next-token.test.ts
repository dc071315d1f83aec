import { expect, it } from 'vitest';
import type { Sampling } from '../api.ts';
import { logSumExp, topK } from '../../core/stats/index.ts';
import { bytesRead, matrixFromF32, readMany, tf } from '../kernels/index.ts';
import { limitShards } from '../kernels/webgpu/pack.ts';
import { linear } from '../kernels/index.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { random, relativeError } from '../testing/numbers.ts';
import { drawNext } from './next-token.ts';
import { sample, seededUniform } from './sampling.ts';

const SIZE = 20_011;
/** A few likely tokens above a wide floor. */
const peaked = (seed: number): Float32Array =>
  random(SIZE, seed, 2).map((x, i) => x + (i % 997 === seed ? 14 + (i % 7) : 0) - (i % 2));
/** How many entries are larger. */
const rank = (row: Float32Array, id: number): number => row.filter((x) => x > row[id]!).length;
const plain: Sampling = { temperature: 1, topP: 1, repetitionPenalty: 1, seed: 0 };
const OCCURRED = [5, 5, 1003, 2000, 997 * 3 + 1, 19_999];

describeBackends('the next token from a large vocabulary', (backend) => {
  const settings: readonly (readonly [name: string, change: Partial<Sampling>, spread: number])[] = [
    ['greedy', { temperature: 0 }, 1],
    ['greedy with a penalty', { temperature: 0, repetitionPenalty: 9 }, 1],
    ['nucleus', { temperature: 0.8, topP: 0.9 }, 1],
    ['top-k and nucleus', { topK: 7, topP: 0.95, temperature: 1.7 }, 1],
    ['penalty and nucleus', { repetitionPenalty: 1.4, topP: 0.9, temperature: 1.2 }, 1],
    ['everything', {}, 1],
    ['a nucleus of thousands', { topP: 0.97, temperature: 2 }, 0.1],
    ['everything of a flat one', { temperature: 3 }, 0.1],
  ];
  it.each(settings)('%s: the same tokens as from the whole row', async (_name, change, spread) => {
    for (const seed of [1, 2]) {
      const row = peaked(seed).map((x) => x * spread);
      const logits = tf.tensor2d(row, [1, SIZE]);
      const options = { ...plain, ...change };
      const [here, there] = [seededUniform(seed), seededUniform(seed)];
      const total = logSumExp(row);
      for (let i = 0; i < 4; i++) {
        const next = await drawNext(logits, OCCURRED, options, 3, here);
        const expected = sample(row, OCCURRED, options, there);
        // Sums are float32: in a flat nucleus of thousands, its end may fall on one token or the next.
        const apart = Math.abs(rank(row, next.token) - rank(row, expected));
        expect(apart).toBeLessThanOrEqual(spread < 1 ? 1 : 0);
        expect(Math.abs(next.logProb - (row[next.token]! - total))).toBeLessThan(1e-4);
        expect(next.top.map((t) => t.token)).toEqual(topK(row, 3));
        expect(Math.abs(next.top[0]!.logProb - (Math.max(...row) - total))).toBeLessThan(1e-4);
      }
      logits.dispose();
    }
  });

  it('reads back the most probable tokens, not the row, and leaves no tensor behind', async () => {
    const logits = tf.tensor2d(peaked(1), [1, SIZE]);
    const tensors = tf.memory().numTensors;
    const draws = async (change: Partial<Sampling>): Promise<number> => {
      const before = bytesRead();
      await drawNext(logits, OCCURRED, { ...plain, ...change }, 10, () => 0.5);
      return bytesRead() - before;
    };
    // Scores, ids and logits of 64 tokens, ids and logits of the 10 that ride along, two sums.
    expect(await draws({ topP: 0.9, temperature: 0.7 })).toBe((3 * 64 + 2 * 10 + 2) * 4);
    expect(await draws({ temperature: 0 })).toBe((3 + 2 * 10 + 1) * 4);
    expect(tf.memory().numTensors).toBe(tensors);
    logits.dispose();
  });

  if (backend === 'webgpu')
    it('logits come together from shards', async () => {
      const [n, k] = [5000, 32];
      const weights = random(n * k, 4);
      const x = tf.tensor2d(random(3 * k, 5), [3, k]);
      const whole = (await readMany([linear(x, matrixFromF32(weights, n, k, 'int8'))]))[0]!;
      limitShards(30_000);
      const matrix = matrixFromF32(weights, n, k, 'int8');
      limitShards(null);
      expect(matrix.store.type === 'packed' && matrix.store.shards.length).toBe(6);
      expect(relativeError((await readMany([linear(x, matrix)]))[0]!, whole)).toBe(0);
    });
});
