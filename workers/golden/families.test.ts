import { expect, it } from 'vitest';
import { allHooks, hookName, matchHooks, type HookName } from '../../core/hooks.ts';
import type { HookedModel } from '../api.ts';
import { readMany, tf, type Tensor } from '../kernels/index.ts';
import { distance, generated } from '../testing/generation.ts';
import {
  FURTHER_FAMILIES,
  goldenAct,
  goldenConfig,
  goldenError,
  goldenModel,
  ownValues,
  readGolden,
  top,
  within,
  type TinyMeta,
} from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { relativeError } from '../testing/numbers.ts';
import { TOLERANCE } from '../testing/tolerances.ts';

const TIMEOUT = 120_000;

describeBackends('families, against transformers', (backend) => {
  for (const family of FURTHER_FAMILIES) {
    const golden = readGolden<TinyMeta>(`tiny-${family}`);
    const { rows, prompts, hooks, gradients, cases } = golden.meta;
    const lengths = rows.map((row) => row.length);
    const note = (kind: string, of: string, dtype: 'f32' | 'int8' | 'int4' = 'f32'): Parameters<typeof within>[2] => ({
      backend,
      dtype,
      kind,
      of: `${family} ${of}`,
    });
    const logitsOf = async (model: HookedModel, options: Parameters<HookedModel['runWithHooks']>[1]): Promise<Float32Array> => {
      const run = await model.runWithHooks(rows, options);
      const values = await ownValues(run.logits!, lengths);
      run.dispose();
      return values;
    };

    it(`${family}: every hook and the logits of a padded batch longer than its windows; twice the same bits`, async () => {
      const model = await goldenModel(family);
      const { config } = model;
      expect([...hooks].sort()).toEqual([...allHooks(config, { onRequest: true })].sort());
      for (const window of config.windows) if (window !== null) expect(Math.min(...lengths)).toBeGreaterThan(window);
      for (const onRequest of [false, true]) {
        const run = await model.runWithHooks(rows, { capture: allHooks(config, { onRequest }) });
        for (const [hook, x] of run.cache)
          within(
            goldenError(await ownValues(x, lengths), goldenAct(golden, hook, config)),
            TOLERANCE.activation.f32,
            note('activation', hook),
          );
        const logits = await ownValues(run.logits!, lengths);
        run.dispose();
        within(relativeError(logits, golden.values('logits')), TOLERANCE.activation.f32, note('logits', 'captured'));
        expect(top(logits.subarray(-config.dVocab))).toEqual(top(golden.values('logits').subarray(-config.dVocab)));
      }
      // Where nobody listens inside of blocks, whatever path the engine takes then.
      const alone = await logitsOf(model, {});
      within(relativeError(alone, golden.values('logits')), TOLERANCE.activation.f32, note('logits', 'alone'));
      expect(await logitsOf(model, {})).toEqual(alone);
      model.dispose();
    });

    it.each(['int8', 'int4'] as const)(`${family}: %s equals the dequantized weights in transformers`, async (dtype) => {
      const model = await goldenModel(family, dtype);
      const capture = ['blocks.*.hook_resid_post', 'blocks.*.attn.hook_z'].flatMap((p) => matchHooks(p, model.config));
      const run = await model.runWithHooks([rows[0]!], { capture });
      for (const [hook, x] of run.cache)
        within(
          goldenError(await ownValues(x, [rows[0]!.length]), golden.values(`${dtype}/act/${hook}`)),
          TOLERANCE.activation[dtype],
          note('activation', hook, dtype),
        );
      const logits = await ownValues(run.logits!, [rows[0]!.length]);
      within(relativeError(logits, golden.values(`${dtype}/logits`)), TOLERANCE.activation[dtype], note('logits', dtype, dtype));
      run.dispose();
      model.dispose();
    });

    it(`${family}: other options of config.json`, async () => {
      for (const [label, change] of Object.entries(golden.meta.variants)) {
        const model = await goldenModel(family, 'f32', change);
        within(
          relativeError(await logitsOf(model, {}), golden.values(`variant/${label}`)),
          TOLERANCE.activation.f32,
          note('logits', label),
        );
        model.dispose();
      }
    });

    it.each(Object.entries(gradients))(
      `${family}: gradients at every kind of hook: %s`,
      async (label, { metric, hooks: asked }) => {
        const before = tf.memory().numTensors;
        const model = await goldenModel(family);
        const result = await model.gradients(rows, metric, asked);
        within(
          relativeError(result.values, golden.values(`gradient/${label}/values`)),
          TOLERANCE.gradient,
          note('gradient', 'value'),
        );
        expect([...result.gradients.keys()].sort()).toEqual([...asked].sort());
        for (const [hook, gradient] of result.gradients)
          within(
            relativeError(await ownValues(gradient, lengths), golden.values(`gradient/${label}/${hook}`)),
            TOLERANCE.gradient,
            note('gradient', hook),
          );
        result.dispose();
        model.dispose();
        expect(tf.memory().numTensors).toBe(before);
      },
    );

    it(`${family}: interventions, split inputs among them`, async () => {
      const model = await goldenModel(family);
      for (const [i, [label, { interventions }]] of Object.entries(cases).entries()) {
        const edited = await logitsOf(model, { plan: { interventions, prompts } });
        within(relativeError(edited, golden.values(`edit/${i}`)), TOLERANCE.activation.f32, note('edited logits', label));
      }
      model.dispose();
    });

    it(`${family}: identity at every hook leaves the logits, and every hook fires once`, async () => {
      const model = await goldenModel(family);
      const all = allHooks(model.config, { onRequest: true });
      const fired: HookName[] = [];
      const edits = new Map(all.map((hook) => [hook, (x: Tensor, h: HookName): Tensor => (fired.push(h), x)]));
      const edited = await logitsOf(model, { edits });
      expect([...fired].sort()).toEqual([...all].sort());
      within(relativeError(edited, golden.values('logits')), TOLERANCE.activation.f32, note('invariant', 'I10'));
      model.dispose();
    });

    it(`${family}: what the parts write adds up to the logit difference before the cap`, async () => {
      const model = await goldenModel(family);
      const { nLayers, dModel, dVocab, positional, finalSoftcap: cap } = model.config;
      const row = rows[0]!;
      const at = row.length - 1;
      const layers = Array.from({ length: nLayers }, (_, l) => l);
      const outer = [hookName('embed'), ...(positional.kind === 'learned' ? [hookName('pos_embed')] : [])];
      const perLayer = layers.flatMap((l) => [hookName('z', l), hookName('attn_out', l), hookName('mlp_out', l)]);
      const run = await model.runWithHooks([row], { capture: [...outer, hookName('final_scale'), ...perLayer] });
      const [parts, constant, headSums] = tf.tidy(() => {
        const here = (hook: HookName): Tensor => tf.slice(run.cache.get(hook)!, [0, at], [1, 1]);
        const written = (hook: HookName): Tensor => tf.reshape(here(hook), [1, dModel]);
        const heads = layers.map((l) => {
          const z = here(hookName('z', l));
          return tf.reshape(model.headOutput(l, z, model.attentionScale(l, z)), [-1, dModel]);
        });
        // b_O is written by no head.
        const biases = layers.map((l, i) => tf.sub(written(hookName('attn_out', l)), tf.sum(heads[i]!, 0, true)));
        const all = [...outer.map(written), ...heads, ...biases, ...layers.map((l) => written(hookName('mlp_out', l)))];
        const directions = tf.sub(model.unembedRows([7]), model.unembedRows([8]));
        const scale = tf.reshape(here(hookName('final_scale')), [1, 1]);
        return [
          model.directLogits(tf.concat(all, 0), scale, directions),
          model.directConstant(directions),
          tf.concat(biases, 0),
        ] as const;
      });
      const [direct = [], fixed = [], bias = [], logits = []] = await readMany([parts, constant, headSums, run.logits!]);
      const raw = (token: number): number => {
        const logit = logits[at * dVocab + token]!;
        return cap === null ? logit : cap * Math.atanh(logit / cap);
      };
      const sum = [...direct].reduce((x, y) => x + y, 0) + fixed[0]!;
      const largest = Math.max(...[...direct].map(Math.abs));
      // Near the cap, a logit's last bits stand for much.
      const limit = cap === null ? TOLERANCE.reordering : 1e-4;
      within(Math.abs(sum - (raw(7) - raw(8))) / largest, limit, note('invariant', 'I3'));
      // Only NeoX and Neo have a b_O; elsewhere heads alone are what attention writes, Gemma's norm included.
      const hasBias = family === 'gpt-neox' || family === 'gpt-neo';
      expect(Math.max(...[...bias].map(Math.abs)) < 1e-5).toBe(!hasBias);
      tf.dispose([parts, constant, headSums]);
      run.dispose();
      model.dispose();
    });

    it(
      `${family}: generation with the cache, past the window, is the one without`,
      async () => {
        const model = await goldenModel(family);
        const plans = [
          undefined,
          { interventions: [{ kind: 'scale' as const, hook: 'blocks.0.hook_mlp_out' as HookName, factor: 2 }], prompts },
        ];
        for (const plan of backend === 'webgpu' ? plans.slice(0, 1) : plans) {
          const options = { maxNewTokens: backend === 'webgpu' ? 3 : 8, ...(plan ? { plan } : {}) };
          const cached = await generated(model, rows[1]!, options);
          const uncached = await generated(model, rows[1]!, { ...options, useCache: false });
          within(distance(cached, uncached), TOLERANCE.logProb, note('cached generation, nats', plan ? 'edited' : 'plain'));
        }
        model.dispose();
      },
      TIMEOUT,
    );
  }

  it('gemma3: the text part of a model that also sees, under both of its prefixes', async () => {
    const golden = readGolden<TinyMeta>('tiny-gemma3');
    const lengths = golden.meta.rows.map((row) => row.length);
    for (const prefix of ['language_model.model.', 'model.language_model.']) {
      const whole = (tensor: string): string => tensor.replace(/^model\./, prefix);
      const { model_type: _, tie_word_embeddings: tied, ...text } = goldenConfig('gemma3');
      const outer = { model_type: 'gemma3', tie_word_embeddings: tied, text_config: text };
      const model = await goldenModel('gemma3', 'f32', outer, whole);
      const run = await model.runWithHooks(golden.meta.rows);
      within(relativeError(await ownValues(run.logits!, lengths), golden.values('logits')), TOLERANCE.activation.f32, {
        backend,
        dtype: 'f32',
        kind: 'logits',
        of: `gemma3 ${prefix}`,
      });
      run.dispose();
      model.dispose();
    }
  });
});
