import { afterAll, afterEach, expect, it } from 'vitest';
import { hookName } from '../../core/hooks.ts';
import type { GeneratedToken, HookedModel } from '../api.ts';
import { registerFusedBlock } from '../kernels/fused-block/index.ts';
import { wasmBlock } from '../kernels/fused-block/wasm.ts';
import { allowFusedBlocks, tf } from '../kernels/index.ts';
import { wasmKernels } from '../kernels/wasm/kernels.ts';
import { FURTHER_FAMILIES, goldenModel, ownValues, readGolden, type TinyMeta } from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { relativeError } from '../testing/numbers.ts';
import { TOLERANCE } from '../testing/tolerances.ts';

const GREEDY = { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 };

describeBackends(
  'fused blocks of WASM',
  () => {
    let ran = 0;
    const counted = (): void =>
      registerFusedBlock('wasm', (...args) => {
        const out = wasmBlock(...args);
        if (out) ran++;
        return out;
      });
    afterEach(() => allowFusedBlocks(true));
    afterAll(() => registerFusedBlock('wasm', wasmBlock));

    const generated = async (model: HookedModel, prompt: readonly number[], fused: (step: number) => boolean) => {
      const out: GeneratedToken[] = [];
      allowFusedBlocks(fused(0));
      for await (const token of model.generate(prompt, { maxNewTokens: 8, sampling: GREEDY, topLogits: 5 })) {
        out.push(token);
        allowFusedBlocks(fused(out.length));
      }
      return out;
    };

    it.each(['gpt2', 'llama', ...FURTHER_FAMILIES] as const)('%s: the numbers of the way step by step', async (family) => {
      counted();
      const { rows, variants } = readGolden<TinyMeta>(`tiny-${family}`).meta;
      const lengths = rows.map((row) => row.length);
      for (const change of [{}, ...Object.values(variants ?? {})]) {
        const model = await goldenModel(family, 'f32', change);
        const { nLayers } = model.config;
        const run = async (fused: boolean): Promise<Float32Array[]> => {
          allowFusedBlocks(fused);
          const post = hookName('resid_post', nLayers - 1);
          const out = await model.runWithHooks(rows, { capture: [post, hookName('resid_pre', 1)] });
          const values = [await ownValues(out.logits!, lengths), await ownValues(out.cache.get(post)!, lengths)];
          out.dispose();
          return values;
        };
        ran = 0;
        const fused = await run(true);
        expect(ran).toBe(nLayers);
        const tensors = tf.memory().numTensors;
        const stepwise = await run(false);
        expect(ran).toBe(nLayers);
        expect(tf.memory().numTensors).toBe(tensors);
        fused.forEach((values, i) => expect(relativeError(values, stepwise[i]!)).toBeLessThan(TOLERANCE.reordering));
        model.dispose();
      }
    });

    it.each(['llama', 'gemma3', 'gpt-neox'] as const)('%s: keys and values of both ways go together', async (family) => {
      const model = await goldenModel(family, 'int8');
      const [prompt = []] = readGolden<TinyMeta>(`tiny-${family}`).meta.rows;
      const want = await generated(model, prompt, () => false);
      for (const fused of [() => true, (step: number) => step % 2 === 0, (step: number) => step > 2]) {
        const got = await generated(model, prompt, fused);
        expect(got.map((t) => t.token)).toEqual(want.map((t) => t.token));
        got.forEach((t, i) => expect(Math.abs(t.logProb - want[i]!.logProb)).toBeLessThan(TOLERANCE.logProb));
      }
      model.dispose();
    });

    it('takes no more memory the more often it runs', async () => {
      const model = await goldenModel('llama', 'int8');
      const after: number[] = [];
      for (let i = 0; i < 4; i++) {
        await generated(model, [1, 2, 3], () => true);
        after.push(wasmKernels()!.heap.bytes);
      }
      expect(new Set(after.slice(1)).size).toBe(1);
      model.dispose();
    });
  },
  ['wasm'],
);
