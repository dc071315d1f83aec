import { expect, it } from 'vitest';
import { tf } from '../kernels/index.ts';
import { goldenModel, ownValues, readGolden, within, type TinyMeta } from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { relativeError } from '../testing/numbers.ts';
import { TOLERANCE } from '../testing/tolerances.ts';

describeBackends('gradients of torch', (backend) => {
  for (const family of ['gpt2', 'llama'] as const) {
    const golden = readGolden<TinyMeta>(`tiny-${family}`);
    const { rows, gradients, hooks } = golden.meta;
    const lengths = rows.map((row) => row.length);

    it(`${family}: every metric has one, and one metric has every hook`, () => {
      const kinds = new Set(Object.values(gradients).map((g) => g.metric.kind));
      expect([...kinds].sort()).toEqual(['kl', 'logProb', 'logit', 'logitDiff', 'loss', 'probDiff']);
      expect(gradients['logitDiff']!.hooks).toEqual(hooks);
    });

    it.each(Object.entries(gradients))(`${family}: %s`, async (label, { metric, hooks: asked, plan }) => {
      const before = tf.memory().numTensors;
      const model = await goldenModel(family);
      const reference = tf.tensor2d(golden.values('gradient/reference'), [1, model.config.dVocab]);
      const result = await model.gradients(rows, metric, asked, { reference, ...(plan ? { plan } : {}) });
      const note = (of: string): Parameters<typeof within>[2] => ({
        backend,
        dtype: 'f32',
        kind: 'gradient',
        of: `${family} ${of}`,
      });
      within(
        relativeError(result.values, golden.values(`gradient/${label}/values`)),
        TOLERANCE.gradient,
        note(`${label}: value`),
      );
      expect([...result.gradients.keys()].sort()).toEqual([...asked].sort());
      for (const [hook, gradient] of result.gradients) {
        const expected = golden.values(`gradient/${label}/${hook}`);
        within(relativeError(await ownValues(gradient, lengths), expected), TOLERANCE.gradient, note(`${label}: ${hook}`));
      }
      // The same number without a tape.
      const run = await model.runWithHooks(rows, plan ? { plan } : {});
      expect(relativeError(await model.metric(run, rows, metric, reference), result.values)).toBeLessThan(TOLERANCE.reordering);
      run.dispose();
      result.dispose();
      reference.dispose();
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  }

  it('gradients of int8 weights are those of the dequantized weights, and come out the same twice', async () => {
    const golden = readGolden<TinyMeta>('tiny-gpt2');
    const { rows, gradients } = golden.meta;
    const { metric, hooks } = gradients['loss']!;
    const model = await goldenModel('gpt2', 'int8');
    const once = async (): Promise<Float32Array[]> => {
      const result = await model.gradients(rows, metric, hooks);
      const values = await Promise.all(
        hooks.map((hook) => ownValues(result.gradients.get(hook)!, [rows[0]!.length, rows[1]!.length])),
      );
      result.dispose();
      return values;
    };
    const first = await once();
    expect(await once()).toEqual(first);
    // Rounding the weights moves a gradient by about a percent; it must not do more.
    for (const [i, hook] of hooks.entries())
      expect(relativeError(first[i]!, golden.values(`gradient/loss/${hook}`)), hook).toBeLessThan(0.1);
    model.dispose();
  });
});
