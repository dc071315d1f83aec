import { beforeAll, expect, it } from 'vitest';
import { allHooks, hookName, type HookName } from '../../core/hooks.ts';
import type { Quantization } from '../../core/model-config.ts';
import { logSumExp } from '../../core/stats/index.ts';
import type { HookedModel } from '../api.ts';
import { readMany, tf, type Tensor } from '../kernels/index.ts';
import { goldenError, ownValues, top, within, type Golden } from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { relativeError } from '../testing/numbers.ts';
import { primerGolden, primerModel, primerSae, storedAs, type PrimerMeta } from '../testing/primer.ts';
import { TOLERANCE } from '../testing/tolerances.ts';

const TIMEOUT = 120_000;
let golden: Golden<PrimerMeta>;
const read = async (t: Tensor): Promise<Float32Array> => Float32Array.from((await readMany([t]))[0]!);

describeBackends('primer', (backend) => {
  beforeAll(async () => {
    golden = await primerGolden();
  });
  const note = (dtype: Quantization, kind: string, of: string): Parameters<typeof within>[2] => ({
    backend,
    dtype,
    kind,
    of: `primer ${of}`,
  });

  it.each(['int8', 'f32'] as const)(
    '%s: every hook and the logits, against transformers on the dequantized weights',
    async (dtype) => {
      const model = await primerModel(dtype);
      const { rows } = golden.meta;
      const lengths = rows.map((row) => row.length);
      const run = await model.runWithHooks(rows, { capture: allHooks(model.config, { onRequest: true }) });
      for (const [hook, x] of run.cache) {
        const [actual, expected] = await compared(hook, x, lengths, model);
        within(goldenError(actual, expected), TOLERANCE.activation[dtype], note(dtype, 'activation', hook));
      }
      const logits = await ownValues(run.logits!, lengths);
      within(
        relativeError(logits.subarray(-golden.values('logits/row1').length), golden.values('logits/row1')),
        TOLERANCE.activation[dtype],
        note(dtype, 'logits', 'all'),
      );
      await checkLast(model, await lastLogits(model), golden.values('logits/last'), dtype);
      run.dispose();
      model.dispose();
    },
    TIMEOUT,
  );

  it(
    'int4: equals the weights that it rounds to, in transformers',
    async () => {
      const model = await primerModel('int4');
      const { rows } = golden.meta;
      await checkLast(model, await lastLogits(model), golden.values('int4/logits/last'), 'int4');
      const hook = hookName('resid_post', model.config.nLayers - 1);
      const run = await model.runWithHooks(rows, { capture: [hook], logits: 'none' });
      const actual = await ownValues(
        run.cache.get(hook)!,
        rows.map((row) => row.length),
      );
      within(
        relativeError(actual, golden.values(`int4/act/${hook}`)),
        TOLERANCE.activation.int4,
        note('int4', 'activation', hook),
      );
      within(
        relativeError(await lastLogits(model), golden.values('logits/last')),
        TOLERANCE.rounding.int4,
        note('int4', 'distance from int8', 'logits'),
      );
      run.dispose();
      model.dispose();
    },
    TIMEOUT,
  );

  it(
    'twenty prompts (four on a software GPU), padded to one batch: the ten most probable next tokens',
    async () => {
      const model = await primerModel();
      // The shortest ones on WebGPU, which is emulated where these tests run.
      const byLength = [...golden.meta.prompts].sort((a, b) => a.ids.length - b.ids.length);
      const prompts = backend === 'webgpu' ? byLength.slice(0, 4) : golden.meta.prompts;
      expect(golden.meta.prompts).toHaveLength(20);
      for (const { text, ids } of prompts) expect(model.tokenizer.encodePrompt(text)).toEqual(ids);
      const run = await model.runWithHooks(
        prompts.map(({ ids }) => ids),
        { logits: 'last' },
      );
      const all = await read(run.logits!);
      for (const [row, { text, top: expected, logProbs }] of prompts.entries()) {
        const logits = all.subarray(row * model.config.dVocab, (row + 1) * model.config.dVocab);
        const total = logSumExp(logits);
        const error = Math.max(...expected.map((id, i) => Math.abs(logits[id]! - total - logProbs[i]!)));
        within(error, TOLERANCE.logProb, note('int8', 'log probability, nats', text));
        // The same order, but for neighbours that the reference itself cannot tell apart.
        const own = top(logits, 10).map((id) => logits[id]! - total);
        for (const [i, id] of top(logits, 10).entries())
          if (id !== expected[i])
            expect(Math.abs(own[i]! - logProbs[i]!), `${text}: rank ${i + 1}`).toBeLessThan(TOLERANCE.logProb);
      }
      run.dispose();
      model.dispose();
    },
    TIMEOUT,
  );

  it(
    'greedy continuations of 32 tokens (8 on a software GPU) are those of transformers',
    async () => {
      const model = await primerModel();
      const all = golden.meta.greedy;
      for (const { prompt, tokens: whole } of backend === 'webgpu' ? all.slice(0, 1) : all) {
        const tokens = backend === 'webgpu' ? whole.slice(0, 8) : whole;
        const out: number[] = [];
        const options = { maxNewTokens: tokens.length, sampling: { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 } };
        for await (const { token } of model.generate(prompt, options)) out.push(token);
        expect(out).toEqual(tokens);
      }
      model.dispose();
    },
    TIMEOUT,
  );

  it(
    'gradients of a logit difference, against autograd',
    async () => {
      const model = await primerModel();
      const { rows, metric } = golden.meta;
      const hooks = ['hook_embed', 'blocks.1.hook_resid_pre', 'blocks.2.attn.hook_z', 'blocks.3.hook_mlp_out'] as HookName[];
      const result = await model.gradients(rows, metric, hooks);
      within(
        relativeError(result.values, golden.values('gradient/values')),
        TOLERANCE.gradient,
        note('int8', 'gradient', 'value'),
      );
      for (const hook of hooks) {
        const actual = await ownValues(
          result.gradients.get(hook)!,
          rows.map((row) => row.length),
        );
        within(relativeError(actual, golden.values(`gradient/${hook}`)), TOLERANCE.gradient, note('int8', 'gradient', hook));
      }
      result.dispose();
      model.dispose();
    },
    TIMEOUT,
  );

  it(
    'every dictionary encodes and decodes as SAELens does',
    async () => {
      const model = await primerModel();
      for (const [id, expected] of Object.entries(golden.meta.saes)) {
        const sae = await primerSae(id, model);
        const x = tf.tensor2d(golden.values(storedAs(sae.hookName)), [expected.active.length, sae.dIn]);
        const values = golden.values(`sae/${id}/values`);
        const sparse = await sae.encodeSparse(x);
        const unclear = new Set(expected.near.map(([token, feature]) => `${token} ${feature}`));
        let at = 0;
        let error = 0;
        for (const [token, features] of expected.active.entries()) {
          const clear = (list: Iterable<number>): number[] => [...list].filter((f) => !unclear.has(`${token} ${f}`));
          expect(clear(sparse.indices[token]!), `${id}, token ${token}`).toEqual(clear(features));
          const own = new Map([...sparse.indices[token]!].map((f, i) => [f, sparse.values[token]![i]!]));
          for (const f of features) error = Math.max(error, Math.abs((own.get(f) ?? values[at]!) - values[at++]!));
        }
        within(error / Math.max(...values), TOLERANCE.sae, note('int8', 'SAE features', id));
        const reconstruction = golden.values(`sae/${id}/reconstruction`);
        const decoded = tf.tidy(() => sae.decode(sae.encode(x)));
        if (unclear.size === 0)
          within(
            relativeError((await read(decoded)).slice(-reconstruction.length), reconstruction),
            TOLERANCE.sae,
            note('int8', 'SAE reconstruction', id),
          );
        tf.dispose([x, decoded]);
        sae.dispose();
      }
      expect(Object.keys(golden.meta.saes).length).toBeGreaterThan(0);
      model.dispose();
    },
    TIMEOUT,
  );

  async function lastLogits(model: HookedModel): Promise<Float32Array> {
    const run = await model.runWithHooks(golden.meta.rows, { logits: 'last' });
    const values = await read(run.logits!);
    run.dispose();
    return values;
  }

  async function checkLast(model: HookedModel, actual: Float32Array, expected: Float32Array, dtype: Quantization): Promise<void> {
    within(relativeError(actual, expected), TOLERANCE.activation[dtype], note(dtype, 'logits', 'last'));
    const v = model.config.dVocab;
    for (const row of golden.meta.rows.keys())
      expect(top(actual.subarray(row * v, (row + 1) * v))).toEqual(top(expected.subarray(row * v, (row + 1) * v)));
    return Promise.resolve();
  }
});

/** What the engine has and what the golden has; copies are compared with what they are copies of. */
async function compared(
  hook: HookName,
  x: Tensor,
  lengths: readonly number[],
  model: HookedModel,
): Promise<[Float32Array, Float32Array]> {
  const actual = await ownValues(x, lengths);
  const d = model.config.dModel;
  const [, block] = /^(blocks\.\d+)\.hook_[qkv]_input$/.exec(hook) ?? [];
  if (block) {
    const original = golden.values(storedAs(`${block}.hook_resid_pre` as HookName));
    const heads = x.shape[2] ?? 1;
    return [actual, Float32Array.from({ length: actual.length }, (_, i) => original[Math.floor(i / d / heads) * d + (i % d)]!)];
  }
  if (hook.endsWith('hook_mlp_in')) return [actual, golden.values(`act/${hook.replace('mlp_in', 'resid_mid')}`)];
  // Nothing stands between the two in this family.
  const same = hook.replace('mlp.hook_out', 'hook_mlp_out') as HookName;
  const expected = golden.values(storedAs(same));
  // Of what heads write, the golden holds the second row only.
  return [actual.slice(actual.length - expected.length), expected];
}
