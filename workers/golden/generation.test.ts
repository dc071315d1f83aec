import { expect, it } from 'vitest';
import { hookName, type HookName } from '../../core/hooks.ts';
import type { Intervention } from '../../core/interventions.ts';
import type { GenerateOptions } from '../api.ts';
import { tf } from '../kernels/index.ts';
import { goldenModel, readGolden, within, type TinyMeta } from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { distance, generated, GREEDY } from '../testing/generation.ts';
import { TOLERANCE } from '../testing/tolerances.ts';

const TIMEOUT = 120_000;

describeBackends('generation', (backend) => {
  for (const family of ['gpt2', 'llama'] as const) {
    const { rows, prompts, cases } = readGolden<TinyMeta>(`tiny-${family}`).meta;
    const prompt = rows[0]!;
    // What goes on while tokens are generated, beside the plans that the goldens have.
    const more: readonly (readonly [string, readonly Intervention[]])[] = [
      ['scale generated', [{ kind: 'scale', hook: hookName('mlp_out', 0), factor: 3, positions: 'generated' }]],
      ['mean over positions, generated too', [{ kind: 'mean', hook: hookName('mlp_out', 1), over: 'batch+positions' }]],
      ['generated to the prompt', [{ kind: 'blockAttention', layers: [0, 1], query: 'generated', key: [1, 2, -1] }]],
      ['a feature everywhere', [{ kind: 'saeFeature', sae: 'tiny/jumprelu', feature: 4, mode: 'set', value: 3 }]],
      ['a position not there yet', [{ kind: 'zero', hook: hookName('resid_mid', 1), positions: [6] }]],
      ['a longer prompt’s pattern', [{ kind: 'freezePattern', layers: [0], prompt: 2 }]],
    ];
    const plans = [...Object.entries(cases).map(([label, c]) => [label, c.interventions] as const), ...more];

    it(
      `${family}: cached equals uncached, under every intervention`,
      async () => {
        const model = await goldenModel(family);
        let changed = 0;
        const free = await generated(model, prompt, {});
        for (const [i, [label, interventions]] of plans.entries()) {
          // A software GPU takes a tenth of a second for each token; a few plans stand for the rest there.
          if (backend === 'webgpu' && i % 12 > 0) continue;
          const plan = { interventions, prompts };
          const cached = await generated(model, prompt, { plan });
          const uncached = await generated(model, prompt, { plan, useCache: false });
          within(distance(cached, uncached), TOLERANCE.logProb, {
            backend,
            dtype: 'f32',
            kind: 'cached generation, nats',
            of: `${family}: ${label}`,
          });
          if (distance(cached, free) > 1e-3) changed++;
        }
        expect(changed).toBeGreaterThan(backend === 'webgpu' ? 2 : 40);
        model.dispose();
      },
      TIMEOUT,
    );

    it(
      `${family}: a mean over positions reaches tokens that no prompt has`,
      async () => {
        const model = await goldenModel(family);
        const plan = (positions: 'all' | 'generated'): Partial<GenerateOptions> => ({
          plan: {
            interventions: [{ kind: 'mean', hook: 'blocks.0.hook_mlp_out' as HookName, over: 'batch+positions', positions }],
            prompts: [[0, 1]],
          },
        });
        const free = await generated(model, prompt, { maxNewTokens: 3 });
        const ablated = await generated(model, prompt, { maxNewTokens: 3, ...plan('generated') });
        // The same numbers on another path: nobody listens inside of a block while nothing is edited.
        expect(distance(ablated.slice(0, 1), free.slice(0, 1))).toBeLessThan(TOLERANCE.logProb);
        expect(distance(ablated.slice(1), free.slice(1))).toBeGreaterThan(1e-3);
        model.dispose();
      },
      TIMEOUT,
    );

    it(
      `${family}: the same seed gives the same bits, another seed other tokens; to the context’s end`,
      async () => {
        const model = await goldenModel(family, 'int8');
        const sampling = { temperature: 1.3, topP: 0.98, repetitionPenalty: 1.1, seed: 3 };
        const maxNewTokens = backend === 'webgpu' ? 6 : 100;
        const first = await generated(model, prompt, { sampling, maxNewTokens });
        expect(await generated(model, prompt, { sampling, maxNewTokens })).toEqual(first);
        expect(await generated(model, prompt, { sampling: { ...sampling, seed: 4 }, maxNewTokens })).not.toEqual(first);
        // The last token is the one after a full context.
        if (backend !== 'webgpu') expect(first).toHaveLength(model.config.nCtx + 1 - prompt.length);
        const stop = first[2]!.token;
        const stopped = await generated(model, prompt, { sampling, maxNewTokens, stopTokens: [stop] });
        expect(stopped.map((s) => s.token)).toEqual(
          first.slice(0, first.findIndex((s) => s.token === stop) + 1).map((s) => s.token),
        );
        model.dispose();
      },
      TIMEOUT,
    );
  }

  it('leaves no tensor behind when it is given up halfway', async () => {
    const before = tf.memory().numTensors;
    const model = await goldenModel('llama');
    for await (const { token } of model.generate([0, 1, 2], { maxNewTokens: 9, sampling: GREEDY })) {
      expect(token).toBeGreaterThanOrEqual(0);
      break;
    }
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
