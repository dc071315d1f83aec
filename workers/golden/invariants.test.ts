import { expect, it } from 'vitest';
import { allHooks, hookName, type HookName } from '../../core/hooks.ts';
import type { Intervention } from '../../core/interventions.ts';
import type { HookedModel } from '../api.ts';
import { readMany, tf, type Tensor } from '../kernels/index.ts';
import { runEdges, senders } from '../testing/edges.ts';
import { goldenModel, within } from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { relativeError } from '../testing/numbers.ts';
import { primerModel } from '../testing/primer.ts';
import { TOLERANCE } from '../testing/tolerances.ts';

const TIMEOUT = 120_000;
const CLEAN = [0, 5, 17, 3, 9];
const CORRUPTED = [0, 30, 2, 3, 21];
const read = async (t: Tensor): Promise<Float32Array> => Float32Array.from((await readMany([t]))[0]!);
const take = async (t: Tensor): Promise<Float32Array> => {
  const values = await read(t);
  t.dispose();
  return values;
};
async function logitsOf(
  model: HookedModel,
  tokens: readonly number[],
  options: Parameters<HookedModel['runWithHooks']>[1] = {},
): Promise<Float32Array> {
  const run = await model.runWithHooks([tokens], options);
  const values = await read(run.logits!);
  run.dispose();
  return values;
}

/** The patch that puts a sender's whole output to its value in prompt 1. */
function patch(sender: string): Intervention {
  if (sender === 'embed') return { kind: 'patch', hook: hookName('resid_pre', 0), prompt: 1 };
  const [layer = '0', part = ''] = sender.split('.');
  if (part === 'mlp') return { kind: 'patch', hook: hookName('mlp_out', Number(layer)), prompt: 1 };
  return { kind: 'patch', hook: hookName('result', Number(layer)), heads: [Number(part.slice(1))], prompt: 1 };
}

describeBackends('invariants of the residual stream (circuits.md §0.2)', (backend) => {
  const models: readonly (readonly [string, () => Promise<HookedModel>])[] = [
    ['tiny gpt2', () => goldenModel('gpt2')],
    ['tiny llama', () => goldenModel('llama')],
    ['tiny gpt-neox', () => goldenModel('gpt-neox')],
    ['primer', () => primerModel()],
  ];
  for (const [name, open] of models) {
    const note = (of: string): Parameters<typeof within>[2] => ({
      backend,
      dtype: name === 'primer' ? 'int8' : 'f32',
      kind: 'invariant',
      of: `${name}: ${of}`,
    });

    it(
      `${name}: all edges give the clean logits, none the corrupted ones (I1)`,
      async () => {
        const model = await open();
        const [clean, corrupted] = [await logitsOf(model, CLEAN), await logitsOf(model, CORRUPTED)];
        expect(relativeError(clean, corrupted)).toBeGreaterThan(0.1);
        within(
          relativeError(await take(await runEdges(model, CLEAN, CORRUPTED, () => true)), clean),
          TOLERANCE.reordering,
          note('I1, all edges'),
        );
        within(
          relativeError(await take(await runEdges(model, CLEAN, CORRUPTED, () => false)), corrupted),
          TOLERANCE.reordering,
          note('I1, no edge'),
        );
        model.dispose();
      },
      TIMEOUT,
    );

    it(
      `${name}: cutting all edges out of a sender is patching its output (I2)`,
      async () => {
        const model = await open();
        const clean = await logitsOf(model, CLEAN);
        const all = senders(model);
        expect(all).toHaveLength(1 + model.config.nLayers * (model.config.nHeads + 1));
        // Every sender; on the slow backends a handful of the larger model's.
        const some = name === 'primer' && backend !== 'wasm' ? all.filter((_, i) => i % 13 === 3) : all;
        for (const sender of some) {
          const cut = await take(await runEdges(model, CLEAN, CORRUPTED, (from) => from !== sender));
          const patched = await logitsOf(model, CLEAN, { plan: { interventions: [patch(sender)], prompts: [CLEAN, CORRUPTED] } });
          within(relativeError(cut, patched), TOLERANCE.reordering, note(`I2, ${sender}`));
          expect(relativeError(patched, clean), sender).toBeGreaterThan(0);
        }
        model.dispose();
      },
      TIMEOUT,
    );

    it(`${name}: what the parts write adds up to the logit difference (I3)`, async () => {
      const model = await open();
      const { nLayers, dModel, dVocab, nHeads } = model.config;
      const layers = Array.from({ length: nLayers }, (_, l) => l);
      const capture = [
        hookName('resid_pre', 0),
        hookName('final_scale'),
        ...layers.flatMap((l) => [hookName('result', l), hookName('attn_out', l), hookName('mlp_out', l)]),
      ];
      const run = await model.runWithHooks([CLEAN], { capture });
      const logits = await read(run.logits!);
      for (const [at, [a, b]] of [
        [CLEAN.length - 1, [7, 8]],
        [1, [20, 3]],
      ] as const) {
        const terms = tf.tidy(() => {
          const row = (hook: HookName): Tensor => tf.reshape(tf.slice(run.cache.get(hook)!, [0, at], [1, 1]), [-1, dModel]);
          const parts = [row(hookName('resid_pre', 0))];
          for (const l of layers) {
            const heads = row(hookName('result', l));
            // b_O is written by no head.
            parts.push(heads, tf.sub(row(hookName('attn_out', l)), tf.sum(heads, 0, true)), row(hookName('mlp_out', l)));
          }
          const scale = tf.reshape(tf.slice(run.cache.get(hookName('final_scale'))!, [0, at], [1, 1]), [1, 1]);
          const directions = tf.sub(model.unembedRows([a]), model.unembedRows([b]));
          return [model.directLogits(tf.concat(parts, 0), scale, directions), model.directConstant(directions)];
        });
        const [direct, constant] = [await take(terms[0]!), await take(terms[1]!)];
        expect(direct).toHaveLength(1 + nLayers * (nHeads + 2));
        const sum = direct.reduce((x, y) => x + y, 0) + constant[0]!;
        const size = Math.max(...direct.map(Math.abs));
        const difference = logits[at * dVocab + a]! - logits[at * dVocab + b]!;
        within(Math.abs(sum - difference) / size, TOLERANCE.reordering, note('I3'));
      }
      run.dispose();
      model.dispose();
    });

    it(`${name}: identity at every hook leaves the logits, and every hook fires once (I10)`, async () => {
      const model = await open();
      const plain = await logitsOf(model, CLEAN);
      for (const onRequest of [false, true]) {
        const hooks = allHooks(model.config, { onRequest });
        // Without a listener inside of it, a block may run in fewer kernels, which round elsewhere.
        const heard = await logitsOf(model, CLEAN, { capture: hooks });
        const fired: HookName[] = [];
        const edits = new Map(hooks.map((hook) => [hook, (x: Tensor, h: HookName): Tensor => (fired.push(h), x)]));
        const edited = await logitsOf(model, CLEAN, { edits });
        expect([...fired].sort()).toEqual([...hooks].sort());
        // The very same operations, so the very same bits.
        expect(edited).toEqual(heard);
        within(relativeError(edited, plain), TOLERANCE.reordering, note('I10'));
      }
      model.dispose();
    });
  }

  it('runs over edges leave no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const model = await goldenModel('gpt2');
    (await runEdges(model, CLEAN, CORRUPTED, (from) => from === 'embed')).dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
