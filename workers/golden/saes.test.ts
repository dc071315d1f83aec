import { expect, it } from 'vitest';
import { readMany, tf, type Tensor } from '../kernels/index.ts';
import { goldenSae, readGolden, tinySaeNames, within } from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { relativeError } from '../testing/numbers.ts';
import { TOLERANCE } from '../testing/tolerances.ts';

type Meta = Readonly<Record<string, { readonly architecture: string; readonly hookName: string }>>;
const read = async (t: Tensor): Promise<Float32Array> => Float32Array.from((await readMany([t]))[0]!);

describeBackends('SAEs of SAELens', (backend) => {
  const golden = readGolden<Meta>('tiny-saes');
  const x = golden.values('x');

  it('the golden holds the ones that are tested', () =>
    expect(Object.keys(golden.meta).sort()).toEqual([...tinySaeNames].sort()));

  it.each(tinySaeNames)('%s: encode, decode, gradient', async (name) => {
    const before = tf.memory().numTensors;
    const sae = await goldenSae(name);
    const { architecture, hookName: hook } = golden.meta[name]!;
    expect(sae).toMatchObject({ architecture, hookName: hook });
    const n = x.length / sae.dIn;
    // SAELens takes z with its heads apart and flattens them; so do we.
    const input = name.endsWith('_z') ? tf.tensor(x, [1, n, 4, sae.dIn / 4]) : tf.tensor(x, [n, sae.dIn]);
    const note = (of: string): Parameters<typeof within>[2] => ({ backend, dtype: 'f32', kind: 'SAE', of: `${name} ${of}` });
    const features = sae.encode(input);
    const f = await read(features);
    const expected = golden.values(`${name}/features`);
    within(relativeError(f, expected), TOLERANCE.sae, note('features'));
    expect([...f].map((v) => v > 0)).toEqual([...expected].map((v) => v > 0));
    const decoded = sae.decode(features);
    within(relativeError(await read(decoded), golden.values(`${name}/reconstruction`)), TOLERANCE.sae, note('reconstruction'));
    const sparse = await sae.encodeSparse(input);
    const dense = new Float32Array(f.length);
    for (const [row, ids] of sparse.indices.entries())
      for (const [i, id] of ids.entries()) dense[row * sae.dSae + id] = sparse.values[row]![i]!;
    within(relativeError(dense, expected), TOLERANCE.sae, note('sparse features'));
    const seed = tf.tensor2d(golden.values('seed'), [n, sae.dIn]);
    const gradient = tf.tidy(() => tf.grad((v: Tensor) => tf.sum(tf.mul(sae.decode(sae.encode(v)), seed)))(input));
    within(relativeError(await read(gradient), golden.values(`${name}/gradient`)), TOLERANCE.sae, note('gradient'));
    // The same bits again, though the GPU appends active features in any order.
    expect(await sae.encodeSparse(input)).toEqual(sparse);
    tf.dispose([input, features, decoded, seed, gradient]);
    sae.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
