import { expect, it } from 'vitest';
import { allHooks, matchHooks } from '../../core/hooks.ts';
import { tf } from '../kernels/index.ts';
import { goldenAct, goldenError, goldenModel, ownValues, readGolden, top, within, type TinyMeta } from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { relativeError } from '../testing/numbers.ts';
import { TOLERANCE } from '../testing/tolerances.ts';

describeBackends('activations of transformers', (backend) => {
  for (const family of ['gpt2', 'llama'] as const) {
    const golden = readGolden<TinyMeta>(`tiny-${family}`);
    const { rows, hooks } = golden.meta;
    const lengths = rows.map((row) => row.length);
    const last = (logits: Float32Array, row: number, vocabulary: number): Float32Array => {
      const end = lengths.slice(0, row + 1).reduce((a, b) => a + b, 0) * vocabulary;
      return logits.subarray(end - vocabulary, end);
    };

    it(`${family}: the golden holds every hook of core/hooks.ts, and no other`, async () => {
      const model = await goldenModel(family);
      expect([...hooks].sort()).toEqual([...allHooks(model.config, { onRequest: true })].sort());
      model.dispose();
    });

    it(`${family}: every hook and the logits of a padded batch`, async () => {
      const model = await goldenModel(family);
      // The hooks that are always there, in the pass that most runs take; then all, on-request ones included.
      for (const onRequest of [false, true]) {
        const run = await model.runWithHooks(rows, { capture: allHooks(model.config, { onRequest }) });
        for (const [hook, x] of run.cache) {
          within(goldenError(await ownValues(x, lengths), goldenAct(golden, hook, model.config)), TOLERANCE.activation.f32, {
            backend,
            dtype: 'f32',
            kind: 'activation',
            of: `${family} ${hook}`,
          });
        }
        const logits = await ownValues(run.logits!, lengths);
        within(relativeError(logits, golden.values('logits')), TOLERANCE.activation.f32, {
          backend,
          dtype: 'f32',
          kind: 'logits',
          of: family,
        });
        for (const row of [0, 1])
          expect(top(last(logits, row, model.config.dVocab))).toEqual(
            top(last(golden.values('logits'), row, model.config.dVocab)),
          );
        run.dispose();
      }
      model.dispose();
    });

    it.each(['int8', 'int4'] as const)(
      `${family}: %s equals the dequantized weights in transformers, and its distance from float32 is as stated`,
      async (dtype) => {
        const model = await goldenModel(family, dtype);
        const [row] = rows;
        const capture = [
          'blocks.*.hook_resid_post',
          'blocks.*.attn.hook_z',
          'blocks.*.attn.hook_pattern',
          'blocks.*.mlp.hook_post',
          'ln_final.hook_normalized',
        ].flatMap((p) => matchHooks(p, model.config));
        expect(capture).toHaveLength(4 * model.config.nLayers + 1);
        const run = await model.runWithHooks([row!], { capture });
        for (const [hook, x] of run.cache)
          within(
            goldenError(await ownValues(x, [row!.length]), golden.values(`${dtype}/act/${hook}`)),
            TOLERANCE.activation[dtype],
            { backend, dtype, kind: 'activation', of: `${family} ${hook}` },
          );
        const logits = await ownValues(run.logits!, [row!.length]);
        const wanted = golden.values(`${dtype}/logits`);
        within(relativeError(logits, wanted), TOLERANCE.activation[dtype], { backend, dtype, kind: 'logits', of: family });
        for (let p = 0; p < row!.length; p++) {
          const at = (x: Float32Array): Float32Array => x.subarray(p * model.config.dVocab, (p + 1) * model.config.dVocab);
          expect(top(at(logits))).toEqual(top(at(wanted)));
        }
        const original = golden.values('logits').subarray(0, logits.length);
        within(relativeError(logits, original), TOLERANCE.rounding[dtype], {
          backend,
          dtype,
          kind: 'distance from the float32 weights',
          of: family,
        });
        // int8 keeps the five most probable tokens of the float32 weights too; int4 on such small matrices does not.
        for (const p of dtype === 'int8' ? row!.keys() : []) {
          const five = (x: Float32Array): number[] =>
            top(x.subarray(p * model.config.dVocab, (p + 1) * model.config.dVocab)).sort((a, b) => a - b);
          expect(five(logits)).toEqual(five(original));
        }
        run.dispose();
        model.dispose();
      },
    );

    it.each(Object.entries(golden.meta.variants))(`${family}: config.json with %s`, async (label, change) => {
      const model = await goldenModel(family, 'f32', change);
      const run = await model.runWithHooks(rows);
      const error = relativeError(await ownValues(run.logits!, lengths), golden.values(`variant/${label}`));
      within(error, TOLERANCE.activation.f32, { backend, dtype: 'f32', kind: 'logits', of: `${family}, ${label}` });
      expect(relativeError(golden.values(`variant/${label}`), golden.values('logits'))).toBeGreaterThan(
        5 * TOLERANCE.activation.f32,
      );
      run.dispose();
      model.dispose();
    });

    it(`${family}: the same run twice gives the same bits, with all hooks too`, async () => {
      const model = await goldenModel(family, 'int8');
      const once = async (): Promise<Float32Array[]> => {
        const run = await model.runWithHooks(rows, { capture: allHooks(model.config, { onRequest: true }) });
        const values = await Promise.all([...run.cache.values(), run.logits!].map((t) => ownValues(t, lengths)));
        run.dispose();
        return values;
      };
      expect(await once()).toEqual(await once());
      model.dispose();
    });
  }

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const model = await goldenModel('llama', 'int4');
    const run = await model.runWithHooks([[0, 1, 2], [3]], { capture: allHooks(model.config, { onRequest: true }) });
    run.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
