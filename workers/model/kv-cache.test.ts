import { expect, it } from 'vitest';
import type { ModelConfig } from '../../core/model-config.ts';
import { readMany, tf, type Tensor } from '../kernels/index.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { random } from '../testing/numbers.ts';
import { KvCache } from './kv-cache.ts';

const SHAPE = { nLayers: 2, nKvHeads: 3, dHead: 5, nCtx: 150 } as ModelConfig;
const read = async (t: Tensor): Promise<number[]> => [...(await readMany([t]))[0]!];

describeBackends('key/value cache', () => {
  it.each([1, 3])('holds what was appended, also over its growth; batch %i', async (batch) => {
    const before = tf.memory().numTensors;
    tf.engine().startScope();
    const cache = new KvCache(SHAPE, batch);
    const layer = cache.layer(1);
    const chunks = [7, 1, 50, 6, 1, 80].map((n, i) => tf.tensor4d(random(batch * n * 15, i), [batch, n, 3, 5]));
    const capacities = new Set<number>();
    for (const [i, k] of chunks.entries()) {
      const all = layer.append({ k, v: tf.neg(k) });
      const expected = tf.concat(chunks.slice(0, i + 1), 1);
      expect(all.k.shape).toEqual(expected.shape);
      expect(await read(all.k)).toEqual(await read(expected));
      expect(await read(all.v)).toEqual((await read(expected)).map((x) => -x));
      expect(layer.filled).toBe(expected.shape[1]);
      capacities.add(layer.reserve(0).k.shape[1]!);
    }
    // 145 positions in stores of 64, 128 and then the context's 150.
    expect([...capacities]).toEqual([64, 128, 150]);
    expect(cache.layer(0).filled).toBe(0);
    cache.dispose();
    expect(layer.filled).toBe(0);
    tf.engine().endScope();
    expect(tf.memory().numTensors).toBe(before);
  });
});
