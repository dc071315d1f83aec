import { expect, it } from 'vitest';
import { allHooks, hookName, hookShape, parseHook, type HookName } from '../../core/hooks.ts';
import type { Metric } from '../../core/metrics.ts';
import type { HookedModel, RunOutput } from '../api.ts';
import { readMany, tf, type Tensor } from '../kernels/index.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { relativeError } from '../testing/numbers.ts';
import { TINY_GPT2, TINY_LLAMA, tinyModel } from '../testing/tiny-models.ts';

const read = async (t: Tensor | null | undefined): Promise<Float32Array> => Float32Array.from((await readMany([t!]))[0]!);
const A = [0, 5, 17, 3, 44, 5, 9];
const B = [0, 21, 2, 60];

describeBackends('hooked model', (backend) => {
  for (const [name, json] of [
    ['gpt2', TINY_GPT2],
    ['llama', TINY_LLAMA],
  ] as const) {
    const fresh = (): Promise<HookedModel> => tinyModel(json);

    it(`${name}: every hook fires once, with the shape that core says, and identity edits leave the logits alone (I10)`, async () => {
      const model = await fresh();
      const hooks = allHooks(model.config, { onRequest: true });
      const fired: HookName[] = [];
      const edits = new Map(hooks.map((hook) => [hook, (x: Tensor, h: HookName): Tensor => (fired.push(h), x)]));
      const plain = await model.runWithHooks([A]);
      const edited = await model.runWithHooks([A], { edits, capture: hooks });
      expect([...fired].sort()).toEqual([...hooks].sort());
      for (const hook of hooks)
        expect(edited.cache.get(hook)!.shape, hook).toEqual(hookShape(parseHook(hook)!.site, model.config, 1, A.length));
      expect(relativeError(await read(edited.logits), await read(plain.logits))).toBeLessThan(1e-5);
      plain.dispose();
      edited.dispose();
      model.dispose();
    });

    it(`${name}: padding changes nothing, and a run twice gives the same bits`, async () => {
      const model = await fresh();
      const alone = await model.runWithHooks([B]);
      const padded = await model.runWithHooks([A, B]);
      const again = await model.runWithHooks([A, B]);
      const v = model.config.dVocab;
      const rows = (await read(padded.logits)).subarray(A.length * v, (A.length + B.length) * v);
      expect(relativeError(rows, await read(alone.logits))).toBeLessThan(1e-5);
      expect(await read(again.logits)).toEqual(await read(padded.logits));
      const last = await model.runWithHooks([A, B], { logits: 'last' });
      expect(relativeError((await read(last.logits)).subarray(v), rows.subarray((B.length - 1) * v))).toBeLessThan(1e-5);
      [alone, padded, again, last].forEach((o: RunOutput) => o.dispose());
      model.dispose();
    });

    it(`${name}: logits in pieces are those of all at once, with what is done at the final norm`, async () => {
      const model = await fresh();
      const v = model.config.dVocab;
      const hook = hookName('final_normalized');
      const options = { edits: new Map([[hook, (x: Tensor): Tensor => tf.mul(x, 1.5)]]), capture: [hook] };
      const whole = await model.runWithHooks([A, B], options);
      const run = await model.runWithHooks([A, B], { ...options, logits: 'pieces' });
      expect(run.logits).toBeNull();
      const all = await read(whole.logits);
      for (const [row, from, to] of [
        [0, 0, 3],
        [0, 3, A.length],
        [1, 2, 3],
      ] as const) {
        const piece = run.logitsOf(from, to, row);
        expect(piece.shape).toEqual([to - from, v]);
        const at = (row * A.length + from) * v;
        expect(relativeError(await read(piece), all.subarray(at, at + (to - from) * v))).toBeLessThan(1e-6);
        piece.dispose();
      }
      expect(await read(run.cache.get(hook))).toEqual(await read(whole.cache.get(hook)));
      expect(() => whole.logitsOf(0, 1)).toThrow('not asked for');
      [whole, run].forEach((o) => o.dispose());
      model.dispose();
    });

    it(`${name}: can stop before a block and go on there`, async () => {
      const model = await fresh();
      const whole = await model.runWithHooks([A]);
      const half = await model.runWithHooks([A], { stopAtLayer: 1 });
      expect(half.logits).toBeNull();
      const rest = await model.runWithHooks([A], { startAtLayer: { layer: 1, residual: half.residual } });
      expect(await read(rest.logits)).toEqual(await read(whole.logits));
      [whole, half, rest].forEach((o) => o.dispose());
      model.dispose();
    });

    it(`${name}: direct logit attribution sums to the logit difference (I3)`, async () => {
      const model = await fresh();
      const { nLayers, dModel, nHeads } = model.config;
      const learned = model.config.positional.kind === 'learned';
      const capture = [
        hookName('embed'),
        ...(learned ? [hookName('pos_embed')] : []),
        hookName('final_scale'),
        ...Array.from({ length: nLayers }, (_, l) => [hookName('z', l), hookName('attn_out', l), hookName('mlp_out', l)]).flat(),
      ];
      const run = await model.runWithHooks([A], { capture });
      const at = A.length - 1;
      const row = (hook: HookName): Tensor => tf.reshape(tf.slice(run.cache.get(hook)!, [0, at, 0], [1, 1, dModel]), [1, dModel]);
      const directions = tf.sub(model.unembedRows([7]), model.unembedRows([8]));
      const parts = [row(hookName('embed')), ...(learned ? [row(hookName('pos_embed'))] : [])];
      for (let l = 0; l < nLayers; l++) {
        const heads = tf.reshape(tf.slice(model.headOutput(l, run.cache.get(hookName('z', l))!), [0, at], [1, 1]), [
          nHeads,
          dModel,
        ]);
        parts.push(heads, tf.sub(row(hookName('attn_out', l)), tf.sum(heads, 0, true)), row(hookName('mlp_out', l)));
      }
      const scale = (await read(tf.slice(run.cache.get(hookName('final_scale'))!, [0, at, 0], [1, 1, 1])))[0]!;
      const direct = (await read(model.directLogits(tf.concat(parts, 0), scale, directions))).reduce((a, b) => a + b, 0);
      const constant = (await read(model.directConstant(directions)))[0]!;
      const logits = await read(run.logits);
      const difference = logits[at * model.config.dVocab + 7]! - logits[at * model.config.dVocab + 8]!;
      expect(Math.abs(direct + constant - difference)).toBeLessThan(2e-4);
      run.dispose();
      model.dispose();
    });

    it(`${name}: gradients agree with finite differences at every kind of hook`, async () => {
      const model = await fresh();
      const metric: Metric = { kind: 'logitDiff', correct: 3, wrong: 11 };
      const hooks = [
        'hook_embed',
        'blocks.0.hook_resid_pre',
        'blocks.0.attn.hook_q',
        'blocks.0.attn.hook_v',
        'blocks.0.attn.hook_pattern',
        'blocks.1.attn.hook_z',
        'blocks.1.mlp.hook_post',
        'blocks.0.hook_mlp_out',
        'blocks.1.ln2.hook_scale',
        'blocks.1.hook_resid_post',
        'ln_final.hook_normalized',
        'blocks.1.hook_q_input',
      ] as HookName[];
      const result = await model.gradients([A, B], metric, hooks);
      for (const hook of hooks) {
        const g = await read(result.gradients.get(hook));
        const x = result.activations.get(hook)!;
        expect(result.gradients.get(hook)!.shape, hook).toEqual(x.shape);
        const direction = Float32Array.from(g, (_, i) => Math.sin(i * 1.7 + 0.3));
        const step = 2e-3;
        const moved = async (sign: number): Promise<number> => {
          const delta = tf.tensor(
            direction.map((d) => d * step * sign),
            x.shape,
          );
          const run = await model.runWithHooks([A, B], { edits: new Map([[hook, (a: Tensor): Tensor => tf.add(a, delta)]]) });
          const sum = (await model.metric(run, [A, B], metric)).reduce((a, b) => a + b, 0);
          run.dispose();
          return sum;
        };
        const numeric = ((await moved(1)) - (await moved(-1))) / (2 * step);
        const analytic = g.reduce((sum, v, i) => sum + v * direction[i]!, 0);
        expect(Math.abs(numeric - analytic) / Math.max(0.3, Math.abs(analytic)), hook).toBeLessThan(0.03);
      }
      result.dispose();
      model.dispose();
    });

    it(`${name}: cached generation equals uncached, with and without edits, and a seed repeats`, async () => {
      const model = await fresh();
      const tokens = async (options: Partial<Parameters<HookedModel['generate']>[1]>): Promise<number[]> => {
        const out: number[] = [];
        for await (const { token } of model.generate(A, {
          maxNewTokens: 12,
          sampling: { temperature: 0.9, topP: 0.95, repetitionPenalty: 1.1, seed: 5 },
          ...options,
        }))
          out.push(token);
        return out;
      };
      const plan = {
        interventions: [
          { kind: 'scale', hook: hookName('mlp_out', 0), factor: 2, positions: 'generated' },
          { kind: 'blockAttention', layers: [1], query: 'generated', key: [1, 2] },
        ] as const,
      };
      const free = await tokens({});
      expect(free.length).toBe(12);
      expect(await tokens({ useCache: false })).toEqual(free);
      expect(await tokens({})).toEqual(free);
      const steered = await tokens({ plan });
      expect(await tokens({ plan, useCache: false })).toEqual(steered);
      expect(steered).not.toEqual(free);
      model.dispose();
    });
  }

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const model = await tinyModel(TINY_GPT2);
    const run = await model.runWithHooks([A, B], {
      capture: allHooks(model.config),
      plan: {
        interventions: [
          { kind: 'mean', hook: hookName('z', 0), over: 'batch' },
          { kind: 'freezePattern', layers: [1] },
        ],
      },
    });
    run.dispose();
    const grads = await model.gradients([A], { kind: 'loss' }, allHooks(model.config));
    grads.dispose();
    for await (const step of model.generate(A, {
      maxNewTokens: 3,
      sampling: { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 },
    }))
      expect(step.token).toBeGreaterThanOrEqual(0);
    await expect(model.runWithHooks([A], { checkpoint: () => Promise.reject(new Error('stop')) })).rejects.toThrow('stop');
    model.dispose();
    expect(tf.memory().numTensors, backend).toBe(before);
  });
});
