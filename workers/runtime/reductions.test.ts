import { expect, it } from 'vitest';
import { tf } from '../kernels/index.ts';
import { drawNext } from '../model/next-token.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { reductionsFor } from './reductions.ts';

/** Five tokens, and three rows that pad the vocabulary, one of them the likeliest of all. */
const ROW = [1, 4, 2, 0, 3, 9, -1, 0];
const TOKENS = 5;
const total = Math.log(ROW.reduce((sum, x) => sum + Math.exp(x), 0));

describeBackends('a padded vocabulary', () => {
  const close = (actual: ArrayLike<number>, expected: readonly number[]): void =>
    expected.forEach((x, i) => expect(actual[i]).toBeCloseTo(x, 5));

  it('lists tokens only, with their probability among all rows, as the model has it', async () => {
    const logits = tf.tensor2d([ROW, ROW.toReversed()]);
    const top = await reductionsFor(TOKENS).topLogits(logits, 3);
    expect([...top.ids]).toEqual([1, 4, 2, 2, 3, 0]);
    close(top.logProbs, [4 - total, 3 - total, 2 - total, 9 - total, 3 - total, 0 - total]);
    expect([...(await reductionsFor(TOKENS).topLogits(logits, 50)).ids]).toHaveLength(2 * TOKENS);
    const whole = await reductionsFor(ROW.length).topLogits(logits, 1);
    expect([...whole.ids]).toEqual([5, 2]);
    logits.dispose();
  });

  it('ranks a token among tokens', async () => {
    const logits = tf.tensor2d([ROW, ROW]);
    const given = await reductionsFor(TOKENS).tokenLogits(logits, [1, 3]);
    expect([...given.ranks]).toEqual([0, 4]);
    close(given.logProbs, [4 - total, 0 - total]);
    logits.dispose();
  });

  it('draws from all rows, and lists tokens beside what it drew', async () => {
    const logits = tf.tensor2d([ROW]);
    const sampling = { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 };
    const next = await drawNext(logits, [], sampling, 3, () => 0.5, TOKENS);
    expect(next.token).toBe(5);
    expect(next.top.map(({ token }) => token)).toEqual([1, 4, 2]);
    close(
      next.top.map(({ logProb }) => logProb),
      [4 - total, 3 - total, 2 - total],
    );
    logits.dispose();
  });
});
