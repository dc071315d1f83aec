import { expect, it } from 'vitest';
import { Correlation } from '../../core/dashboards/correlate.ts';
import { alignment, headShares } from '../../core/dashboards/weights.ts';
import { parseHook } from '../../core/hooks.ts';
import { tensorData } from '../../core/protocol/wire-tensor.ts';
import { completeSpec } from '../../core/spec/index.ts';
import type { RunContext } from '../../workers/api.ts';
import { readMany, tf } from '../../workers/kernels/index.ts';
import { goldenModel, readGolden, tinySaeNames } from '../../workers/testing/goldens.ts';
import { finishLab, labContext } from '../../workers/testing/lab-context.ts';
import { describeBackends } from '../../workers/testing/node-backends.ts';
import { relativeError } from '../../workers/testing/numbers.ts';
import { TOLERANCE } from '../../workers/testing/tolerances.ts';
import { computeFeature } from './lib/compute.ts';
import { readDocument, withBos } from './lib/documents.ts';
import { featureWeights } from './lib/weights.ts';
import type { TextActivations } from './result.ts';
import { run } from './run.ts';
import { lab } from './spec.ts';

interface Weights {
  readonly alignment: readonly { readonly index: number; readonly cosine: number; readonly share: number }[];
  readonly encoderCosine: number;
  readonly heads?: readonly number[];
}
interface Sources {
  readonly feature: number;
  readonly position: number;
  readonly constant: number;
  readonly value: number;
}
interface Meta {
  readonly prompt: readonly number[];
  readonly feature: number;
  readonly weights: Readonly<Record<string, Weights>>;
  readonly sources: Readonly<Record<'gpt2' | 'llama', Sources>>;
  readonly correlations: { readonly pearson: readonly (number | null)[]; readonly cosine: readonly number[] };
}

/** Written by training/goldens/dashboard.py. */
const golden = readGolden<Meta>('dashboard');

/** The feature on the golden's prompt. */
async function onPrompt(ctx: RunContext, sae: string, params: object): Promise<TextActivations> {
  const { prompt } = golden.meta;
  const spec = {
    ...lab.defaults,
    model: 'tiny',
    saes: [sae],
    prompts: [{ tokens: prompt }],
    params: { mode: 'text', ...params },
  };
  return (await finishLab(run(completeSpec(spec, lab), ctx))).result.texts[0]!;
}

it('correlations of one pass are those of NumPy, whichever way the streams come', () => {
  const { pearson, cosine } = golden.meta.correlations;
  const [f, x] = [golden.values('f'), golden.values('x')];
  const width = pearson.length;
  const [dense, sparse] = [new Correlation(width), new Correlation(width)];
  for (const [t, value] of f.entries()) {
    dense.add(value, x, t * width);
    const row = x.subarray(t * width, (t + 1) * width);
    sparse.addSparse(value, Int32Array.from(row.keys()), row);
  }
  for (const sums of [dense, sparse]) {
    for (const [i, expected] of pearson.entries()) {
      if (expected === null) expect(sums.of(i).pearson).toBeNaN();
      else expect(sums.of(i).pearson).toBeCloseTo(expected, 10);
      expect(sums.of(i).cosine).toBeCloseTo(cosine[i]!, 12);
    }
    const order = pearson.flatMap((p, i) => (p === null ? [] : [i])).sort((a, b) => pearson[b]! - pearson[a]!);
    expect(sums.top().map(({ index }) => index)).toEqual(order.slice(0, 3));
    expect(sums.top(order[0]).map(({ index }) => index)).toEqual(order.slice(1, 4));
  }
});

it('nothing is divided by a row that is 0', () => {
  const zero = new Float32Array(8);
  expect(alignment(zero)).toEqual([0, 1, 2].map((index) => ({ index, cosine: 0, share: 0 })));
  expect([...headShares(zero, 4)]).toEqual([0, 0, 0, 0]);
});

describeBackends('what a dashboard reads off weights and patterns, against NumPy in float64', (backend) => {
  it('alignment, encoder and heads of each architecture', async () => {
    const model = await goldenModel('gpt2');
    const ctx = labContext(model, backend);
    for (const name of tinySaeNames) {
      const expected = golden.meta.weights[name]!;
      const sae = await ctx.sae(`tiny/${name}`);
      const found = await featureWeights(ctx, sae, golden.meta.feature);
      expect(found.alignment.map(({ index }) => index)).toEqual(expected.alignment.map(({ index }) => index));
      for (const [i, { cosine, share }] of expected.alignment.entries()) {
        expect(found.alignment[i]!.cosine).toBeCloseTo(cosine, 6);
        expect(found.alignment[i]!.share).toBeCloseTo(share, 6);
      }
      expect(found.encoderCosine).toBeCloseTo(expected.encoderCosine, 6);
      expect(found.vector.shape).toEqual([sae.dIn]);
      expect(found.heads !== null).toBe(parseHook(sae.hookName)?.site === 'z');
      if (found.heads) expect(relativeError(tensorData(found.heads), expected.heads!)).toBeLessThan(1e-6);
    }
    ctx.close();
    model.dispose();
  });

  for (const family of ['gpt2', 'llama'] as const)
    it(`${family}: every head and token adds what it should, and with the constant they make the value`, async () => {
      const model = await goldenModel(family);
      const ctx = labContext(model, backend);
      const { feature, position, constant, value } = golden.meta.sources[family];
      const { sources, activations } = await onPrompt(ctx, 'tiny/jumprelu_z', { feature });
      expect(sources?.position).toBe(position);
      expect(sources!.byHead.shape).toEqual([4, golden.meta.prompt.length]);
      const error = relativeError(tensorData(sources!.byHead), golden.values(`${family}/sources`));
      expect(error).toBeLessThan(TOLERANCE.activation.f32);
      expect(sources!.constant).toBeCloseTo(constant, 5);
      expect(sources!.value).toBeCloseTo(value, 4);
      expect(tensorData(activations)[position]).toBeCloseTo(value, 4);
      // Another token where one is named; a feature that does not read heads has none.
      expect((await onPrompt(ctx, 'tiny/jumprelu_z', { feature, at: 4 })).sources?.position).toBe(4);
      expect((await onPrompt(ctx, 'tiny/topk', { feature: 3, at: 2 })).sources).toBeNull();
      ctx.close();
      model.dispose();
    });

  it('correlations over documents are those of a second pass over all tokens', async () => {
    const model = await goldenModel('gpt2');
    const ctx = labContext(model, backend);
    const sae = await ctx.sae('tiny/jumprelu');
    const feature = 4;
    const documents = backend === 'webgpu' ? 3 : 6;
    const { recipe, correlations } = await computeFeature(ctx, sae, feature, documents);
    const x: number[][] = Array.from({ length: sae.dIn }, () => []);
    const f: number[][] = Array.from({ length: sae.dSae }, () => []);
    for (let n = 0; n < documents; n++) {
      const ids = withBos(ctx.model, readDocument(ctx.model, recipe, n).ids);
      const output = await model.runWithHooks([ids], { capture: [sae.hookName], logits: 'none' });
      const rows = tf.reshape(output.cache.get(sae.hookName)!, [ids.length, sae.dIn]);
      const [plain, dense] = await readMany([rows, sae.encode(rows)]);
      for (let p = 1; p < ids.length; p++) {
        for (const [i, list] of x.entries()) list.push(plain![p * sae.dIn + i]!);
        for (const [i, list] of f.entries()) list.push(dense![p * sae.dSae + i]!);
      }
      output.dispose();
    }
    const own = f[feature]!;
    expect(own.filter((value) => value > 0).length).toBeGreaterThan(5);
    const [neurons, features] = [x, f].map((streams) => streams.map((stream) => pearsonOf(own, stream)));
    for (const [found, expected, except] of [
      [correlations.neurons, neurons!, -1],
      [correlations.features, features!, feature],
    ] as const) {
      expect(found.map(({ index }) => index)).toEqual(best(expected, except));
      for (const { index, pearson } of found) expect(pearson).toBeCloseTo(expected[index]!, 4);
    }
    ctx.close();
    model.dispose();
  });
});

/** By the definition, in two passes. */
function pearsonOf(a: readonly number[], b: readonly number[]): number {
  const centred = (v: readonly number[]): number[] => {
    const mean = v.reduce((sum, value) => sum + value, 0) / v.length;
    return v.map((value) => value - mean);
  };
  const dot = (u: readonly number[], w: readonly number[]): number => u.reduce((sum, value, i) => sum + value * w[i]!, 0);
  const [da, db] = [centred(a), centred(b)];
  return dot(da, db) / Math.sqrt(dot(da, da) * dot(db, db));
}

const best = (all: readonly number[], except: number): number[] =>
  [...all.keys()]
    .filter((i) => i !== except && !Number.isNaN(all[i]!))
    .sort((a, b) => all[b]! - all[a]!)
    .slice(0, 3);
