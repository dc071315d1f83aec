import { expect, it } from 'vitest';
import { tensorData } from '../../core/protocol/wire-tensor.ts';
import { completeSpec, type ExperimentSpec } from '../../core/spec/index.ts';
import type { HookedModel, RunContext } from '../../workers/api.ts';
import { readMany } from '../../workers/kernels/index.ts';
import { goldenModel } from '../../workers/testing/goldens.ts';
import { finishLab, labContext } from '../../workers/testing/lab-context.ts';
import { describeBackends } from '../../workers/testing/node-backends.ts';
import { relativeError } from '../../workers/testing/numbers.ts';
import { contrastVector, lengthOf } from './lib/contrast.ts';
import type { SteeringChunk, SteeringResult } from './result.ts';
import { run } from './run.ts';
import { lab, type Steer } from './spec.ts';

const prompt = [0, 5, 17, 3, 9];
const FEATURE: Steer = {
  kind: 'feature',
  sae: 'tiny/jumprelu',
  feature: 4,
  mode: 'add',
  strength: 1,
  positions: 'all',
  muted: false,
};
const max = 2.5;

const finish = (spec: ExperimentSpec, ctx: RunContext): Promise<{ result: SteeringResult; chunks: SteeringChunk[] }> =>
  finishLab(run(completeSpec(spec, lab), ctx));

const ask = (steers: readonly Steer[], more: object = {}): ExperimentSpec => ({
  v: 1,
  lab: 'steering',
  labV: 1,
  model: 'tiny',
  prompts: [{ tokens: prompt }],
  params: { steers, ...more } as never,
  sampling: { seed: 1, temperature: 0, maxNewTokens: 6 },
});

const contrast = (change: object = {}): Steer => ({
  kind: 'contrast',
  hook: 'blocks.0.hook_resid_post' as never,
  pairs: [
    { positive: '4 9 30', negative: '4 9 2 11' },
    { positive: '16 7', negative: '16 28 3' },
  ],
  token: -1,
  label: '',
  strength: 1.5,
  positions: 'all',
  muted: false,
  ...change,
});
/** Next-token log-probabilities after a row, with a vector added at some positions, by a forward pass of its own. */
async function after(model: HookedModel, row: readonly number[], hook: string, values: readonly number[], from: number) {
  const positions = row.map((_, p) => p).filter((p) => p >= from);
  const add = { kind: 'add', hook: hook as never, vector: { from: 'values', values }, coefficient: 1, positions } as const;
  const output = await model.runWithHooks([row], { logits: 'last', plan: { interventions: [add] } });
  const [read] = await readMany([output.logits!]);
  output.dispose();
  const logits = Array.from(read!);
  const top = Math.max(...logits);
  const sum = logits.reduce((total, x) => total + Math.exp(x - top), 0);
  return logits.map((x) => x - top - Math.log(sum));
}

describeBackends('directions: where they act, how long they are, at which layer', (backend) => {
  it('an equal length is the mean length of what was read; swapped pairs give the opposite direction', async () => {
    const model = await goldenModel('gpt2');
    const ctx = labContext(model, backend, max);
    const own = contrast() as Extract<Steer, { kind: 'contrast' }>;
    const swapped = { ...own, pairs: own.pairs.map(({ positive, negative }) => ({ positive: negative, negative: positive })) };
    const [v, opposite, equal] = [
      await contrastVector(ctx, own, 0),
      await contrastVector(ctx, swapped, 0),
      await contrastVector(ctx, { ...own, equal: true }, 0),
    ];
    expect(
      relativeError(
        Float32Array.from(opposite, (x) => -x),
        Float32Array.from(v),
      ),
    ).toBeLessThan(1e-6);
    const lengths: number[] = [];
    for (const text of own.pairs.flatMap(({ positive, negative }) => [positive, negative])) {
      const ids = ctx.model.tokenizer.encodePrompt(text);
      const output = await model.runWithHooks([ids], { capture: [own.hook], logits: 'none' });
      const [x] = await readMany([output.cache.get(own.hook)!]);
      output.dispose();
      lengths.push(Math.hypot(...x!.subarray((ids.length - 1) * 32)));
    }
    expect(lengthOf(equal)).toBeCloseTo(lengths.reduce((a, b) => a + b, 0) / lengths.length, 4);
    expect(equal.reduce((sum, x, i) => sum + x * v[i]!, 0) / (lengthOf(equal) * lengthOf(v))).toBeCloseTo(1, 6);
    expect(lengthOf(equal)).not.toBeCloseTo(lengthOf(v), 2);
    const { result } = await finish(ask([{ ...own, equal: true }]), ctx);
    expect(result.steers[0]!.norm).toBeCloseTo(lengthOf(equal), 5);
    ctx.close();
    model.dispose();
  }, 240_000);

  // A software GPU takes a tenth of a second for each token.
  if (backend === 'webgpu') return;

  it('answers again after its answer was handed over: what is remembered is not given away', async () => {
    const model = await goldenModel('gpt2');
    const ctx = labContext(model, backend, max);
    const first = await finish(ask([FEATURE]), ctx);
    const muted = await finish(ask([{ ...FEATURE, muted: true }]), ctx);
    const again = await finish(ask([FEATURE]), ctx);
    expect(muted.result.default).toEqual(first.result.default);
    expect(again.result).toEqual(first.result);
    expect(tensorData(first.result.steers[0]!.along.default).length).toBeGreaterThan(0);
    ctx.close();
    model.dispose();
  });

  it('acts from the end of the instruction on: the token that the first new one is read off, and all after it', async () => {
    const model = await goldenModel('gpt2');
    const ctx = labContext(model, backend, max);
    const values = Array.from({ length: 32 }, (_, i) => Math.sin(i * 7) * 2);
    const steer = { kind: 'vector', hook: 'blocks.0.hook_resid_post', values, label: '', strength: 1, muted: false } as const;
    const { result } = await finish(ask([{ ...steer, hook: steer.hook as never, positions: 'answer' }]), ctx);
    const row = [...prompt];
    for (const { token, logProb } of result.steered.tokens.slice(0, 5)) {
      const expected = await after(model, row, steer.hook, values, prompt.length - 1);
      expect(token.id).toBe(expected.indexOf(Math.max(...expected)));
      expect(logProb).toBeCloseTo(expected[token.id]!, 4);
      row.push(token.id);
    }
    // What is measured of the text is measured with the same positions.
    const everywhere = await finish(ask([{ ...steer, hook: steer.hook as never, positions: 'all' }]), ctx);
    const generated = await finish(ask([{ ...steer, hook: steer.hook as never, positions: 'generated' }]), ctx);
    const first = (r: SteeringResult): number => tensorData(r.kl)[0]!;
    expect(first(generated.result)).toBeLessThan(1e-6);
    expect(first(result)).toBeGreaterThan(1e-3);
    expect(Math.abs(first(everywhere.result) - first(result))).toBeGreaterThan(1e-4);
    ctx.close();
    model.dispose();
  }, 240_000);

  it('layers and strengths: each cell is a run with that layer’s vector; 0 changes nothing; swapped pairs mirror it', async () => {
    const model = await goldenModel('gpt2');
    const ctx = labContext(model, backend, max);
    const own = contrast() as Extract<Steer, { kind: 'contrast' }>;
    const asked = { steer: 0, from: -2, to: 2, steps: 5, answer: '7' };
    const { result, chunks } = await finish(ask([own], { grid: asked }), ctx);
    const grid = result.grid!;
    expect(grid.strengths).toEqual([-2, -1, 0, 1, 2]);
    expect(grid.hooks).toEqual(['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post']);
    expect(grid.answer.id).toBe(7);
    expect(chunks.filter(({ part }) => part === 'grid')).toHaveLength(2);
    const cells = tensorData(grid.probability);
    const plain = Math.exp((await after(model, prompt, own.hook, new Array<number>(32).fill(0), 0))[7]!);
    expect(grid.reference).toBeCloseTo(plain, 6);
    for (const [row, hook] of grid.hooks.entries()) {
      expect(cells[row * 5 + 2]).toBe(Math.fround(grid.reference));
      const v = await contrastVector(ctx, { ...own, hook }, 0);
      for (const [column, strength] of grid.strengths.entries()) {
        const expected = Math.exp(
          (
            await after(
              model,
              prompt,
              hook,
              v.map((x) => x * strength),
              0,
            )
          )[7]!,
        );
        expect(cells[row * 5 + column]).toBeCloseTo(expected, 5);
      }
    }
    expect(Math.max(...cells) - Math.min(...cells)).toBeGreaterThan(1e-3);
    const swapped = { ...own, pairs: own.pairs.map(({ positive, negative }) => ({ positive: negative, negative: positive })) };
    const mirrored = tensorData((await finish(ask([swapped], { grid: asked }), ctx)).result.grid!.probability);
    for (let row = 0; row < 2; row++)
      for (let column = 0; column < 5; column++) expect(mirrored[row * 5 + column]).toBeCloseTo(cells[row * 5 + 4 - column]!, 6);
    const refused = async (steer: Steer): Promise<string> =>
      finish(ask([steer], { grid: asked }), ctx).then(
        () => '',
        (error: unknown) => (error as Error).message,
      );
    expect(await refused({ ...own, positions: 'generated' })).toContain('acts on new tokens only');
    expect(await refused({ ...own, hook: 'hook_embed' as never })).toContain('in no layer');
    expect(await refused(FEATURE)).toContain('only a contrast');
    ctx.close();
    model.dispose();
  }, 240_000);

  it('token by token it is what the readings are the means of', async () => {
    const model = await goldenModel('gpt2');
    const ctx = labContext(model, backend, max);
    const { result } = await finish(ask([FEATURE, contrast({ positions: 'answer' })]), ctx);
    const mean = (values: ArrayLike<number>): number => {
      const rest = Array.from(values).slice(prompt.length);
      return rest.reduce((a, b) => a + b, 0) / rest.length;
    };
    for (const { along, reading } of result.steers) {
      expect(along.default.shape).toEqual([prompt.length + result.default.tokens.length]);
      expect(along.steered.shape).toEqual([prompt.length + result.steered.tokens.length]);
      expect(mean(tensorData(along.default))).toBeCloseTo(reading.default!, 5);
      expect(mean(tensorData(along.steered))).toBeCloseTo(reading.text!, 5);
    }
    ctx.close();
    model.dispose();
  }, 240_000);
});
