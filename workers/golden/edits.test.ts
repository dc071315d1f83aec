import { expect, it } from 'vitest';
import type { HookName } from '../../core/hooks.ts';
import type { Intervention, InterventionKind } from '../../core/interventions.ts';
import { tf } from '../kernels/index.ts';
import { goldenModel, ownValues, readGolden, top, within, type TinyMeta } from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { relativeError } from '../testing/numbers.ts';
import { TOLERANCE } from '../testing/tolerances.ts';

const KINDS: Readonly<Record<InterventionKind, true>> = {
  zero: true,
  mean: true,
  patch: true,
  add: true,
  scale: true,
  saeFeature: true,
  blockAttention: true,
  freezePattern: true,
};

describeBackends('interventions, against the same edits with PyTorch hooks', (backend) => {
  for (const family of ['gpt2', 'llama'] as const) {
    const golden = readGolden<TinyMeta>(`tiny-${family}`);
    const { rows, prompts, cases } = golden.meta;
    const lengths = rows.map((row) => row.length);

    it(`${family}: the goldens hold every kind`, () => {
      const found = new Set(Object.values(cases).flatMap((c) => c.interventions.map((i) => i.kind)));
      expect([...found].sort()).toEqual(Object.keys(KINDS).sort());
    });

    it(`${family}: all of them, one model`, async () => {
      const model = await goldenModel(family);
      for (const [i, [label, { interventions }]] of Object.entries(cases).entries()) {
        const expected = golden.values(`edit/${i}`);
        const run = await model.runWithHooks(rows, { plan: { interventions, prompts } });
        const logits = await ownValues(run.logits!, lengths);
        within(relativeError(logits, expected), TOLERANCE.activation.f32, {
          backend,
          dtype: 'f32',
          kind: 'edited logits',
          of: `${family}: ${label}`,
        });
        expect(top(logits.subarray(-model.config.dVocab)), label).toEqual(top(expected.subarray(-model.config.dVocab)));
        run.dispose();
        // On a software GPU every run counts; one in six stands for the rest there.
        if (backend === 'webgpu' && i % 6 > 0) continue;
        const again = await model.runWithHooks(rows, { plan: { interventions, prompts } });
        expect(await ownValues(again.logits!, lengths), label).toEqual(logits);
        again.dispose();
      }
      model.dispose();
    });

    it(`${family}: capturing hooks that are computed on request changes nothing`, async () => {
      const model = await goldenModel(family);
      const plan = { interventions: cases['an edited norm while single queries read apart']!.interventions.slice(0, 1), prompts };
      const run = async (capture: readonly string[]): Promise<Float32Array> => {
        const output = await model.runWithHooks(rows, { plan, capture: capture as HookName[] });
        const logits = await ownValues(output.logits!, lengths);
        output.dispose();
        return logits;
      };
      const alone = await run([]);
      const copies = ['hook_q_input', 'hook_k_input', 'hook_v_input', 'attn.hook_result', 'hook_mlp_in'].map(
        (n) => `blocks.1.${n}`,
      );
      expect(relativeError(await run(copies), alone)).toBeLessThan(TOLERANCE.reordering);
      model.dispose();
    });
  }

  it('refuses what a model or a hook does not have', async () => {
    const model = await goldenModel('llama');
    const refused: readonly (readonly [Intervention, string])[] = [
      [{ kind: 'zero', hook: 'blocks.2.hook_mlp_out' as HookName }, 'unknown-hook'],
      [{ kind: 'zero', hook: 'hook_pos_embed' as HookName }, 'unknown-hook'],
      [{ kind: 'zero', hook: 'blocks.0.attn.hook_k' as HookName, heads: [2] }, 'bad-intervention'],
      [{ kind: 'zero', hook: 'blocks.0.hook_mlp_out' as HookName, heads: [0] }, 'bad-intervention'],
      [{ kind: 'zero', hook: 'blocks.0.mlp.hook_post' as HookName, units: [64] }, 'bad-intervention'],
      [{ kind: 'patch', hook: 'blocks.0.hook_mlp_out' as HookName, prompt: 9 }, 'bad-intervention'],
      [
        { kind: 'patch', hook: 'blocks.0.hook_mlp_out' as HookName, prompt: 0, positions: [1], sourcePositions: [1, 2] },
        'bad-intervention',
      ],
      [
        { kind: 'patch', hook: 'blocks.0.hook_mlp_out' as HookName, prompt: 0, positions: [1], sourcePositions: [77] },
        'bad-intervention',
      ],
      [{ kind: 'mean', hook: 'blocks.0.attn.hook_pattern' as HookName, over: 'batch' }, 'bad-intervention'],
      [
        { kind: 'add', hook: 'blocks.0.hook_mlp_out' as HookName, coefficient: 1, vector: { from: 'values', values: [1, 2] } },
        'bad-intervention',
      ],
      [{ kind: 'saeFeature', sae: 'tiny/jumprelu', feature: 40, mode: 'set', value: 1 }, 'bad-intervention'],
      [{ kind: 'blockAttention', layers: [0], heads: [4], query: 'all', key: [0] }, 'bad-intervention'],
    ];
    const before = tf.memory().numTensors;
    for (const [intervention, code] of refused) {
      const run = model.runWithHooks([[0, 1, 2]], { plan: { interventions: [intervention] } });
      await expect(run, JSON.stringify(intervention)).rejects.toMatchObject({ code });
    }
    // One SAE stays loaded.
    expect(tf.memory().numTensors - before).toBeLessThan(8);
    model.dispose();
  });
});
