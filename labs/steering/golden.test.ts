import { expect, it } from 'vitest';
import { instructionEnd } from '../../core/prompt-ids.ts';
import { Cancelled, VitrineError } from '../../core/protocol/errors.ts';
import { tensorData } from '../../core/protocol/wire-tensor.ts';
import { completeSpec, type ExperimentSpec } from '../../core/spec/index.ts';
import type { RunContext, Tokenizer } from '../../workers/api.ts';
import { readMany, tf } from '../../workers/kernels/index.ts';
import { goldenModel, readGolden, within } from '../../workers/testing/goldens.ts';
import { describeBackends } from '../../workers/testing/node-backends.ts';
import { relativeError } from '../../workers/testing/numbers.ts';
import { finishLab, labContext } from '../../workers/testing/lab-context.ts';
import { TOLERANCE } from '../../workers/testing/tolerances.ts';
import type { Reading, SteeringChunk, SteeringResult } from './result.ts';
import { run } from './run.ts';
import { lab, type Steer } from './spec.ts';

interface Meta {
  readonly prompt: readonly number[];
  readonly newTokens: number;
  readonly max: number;
  readonly cases: Readonly<
    Record<
      'gpt2' | 'llama',
      Readonly<
        Record<
          string,
          {
            readonly steers: readonly Steer[];
            readonly default: readonly number[];
            readonly steered: readonly number[];
            readonly loss: { readonly default: number; readonly steered: number };
            readonly readings: readonly Reading[];
            readonly norms: readonly number[];
          }
        >
      >
    >
  >;
}

const finish = (spec: ExperimentSpec, ctx: RunContext): Promise<{ result: SteeringResult; chunks: SteeringChunk[] }> =>
  finishLab(run(completeSpec(spec, lab), ctx));

const close = (a: number | null, b: number | null): number => (a === null || b === null ? (a === b ? 0 : Infinity) : apart(a, b));
const apart = (a: number, b: number): number => Math.abs(a - b) / Math.max(1, Math.abs(b));

describeBackends('steered continuations, against TransformerLens and SAELens in float64', (backend) => {
  const golden = readGolden<Meta>('steering');
  const { prompt, newTokens, max, cases } = golden.meta;
  const ask = (steers: readonly Steer[], more: object = {}): ExperimentSpec => ({
    v: 1,
    lab: 'steering',
    labV: 1,
    model: 'tiny',
    prompts: [{ tokens: prompt }],
    params: { steers, ...more } as never,
    sampling: { seed: 1, temperature: 0, maxNewTokens: newTokens },
  });

  for (const family of ['gpt2', 'llama'] as const) {
    it(`${family}: the same tokens, logits, KL, losses and readings`, async () => {
      const model = await goldenModel(family);
      const ctx = labContext(model, backend, max);
      for (const [i, [label, expected]] of Object.entries(cases[family]).entries()) {
        // A software GPU takes a tenth of a second for each token; a few cases stand for the rest there.
        if (backend === 'webgpu' && i % 6 !== 2) continue;
        const { result } = await finish(ask(expected.steers), ctx);
        const ids = (side: 'default' | 'steered'): number[] => result[side].tokens.map(({ token }) => token.id);
        expect(ids('default'), label).toEqual(expected.default);
        expect(ids('steered'), label).toEqual(expected.steered);

        const { dVocab } = model.config;
        const logits = golden.values(`${family}/${i}/steered`);
        const note = { backend, dtype: 'f32', of: `${family}: ${label}` } as const;
        for (const [t, written] of result.steered.tokens.entries()) {
          const row = logits.subarray(t * dVocab, (t + 1) * dVocab);
          const order = [...row.keys()].sort((a, b) => row[b]! - row[a]!).slice(0, 5);
          expect(
            written.top.map(({ token }) => token.id),
            `${label}, token ${t}`,
          ).toEqual(order);
          const got = Float32Array.from(written.top, ({ logit }) => logit);
          within(
            relativeError(
              got,
              Float32Array.from(order, (id) => row[id]!),
            ),
            TOLERANCE.activation.f32,
            {
              ...note,
              kind: 'steered logits, generated',
            },
          );
        }
        const kl = tensorData(result.kl);
        const wanted = golden.values(`${family}/${i}/kl`);
        expect(kl.length).toBe(wanted.length);
        within(Math.max(...wanted.map((x, t) => close(kl[t]!, x))), TOLERANCE.logProb, {
          ...note,
          kind: 'KL of steered text, nats',
        });
        within(
          Math.max(
            close(result.coherence.loss.default, expected.loss.default),
            close(result.coherence.loss.steered, expected.loss.steered),
            ...result.steers.map(({ norm }, s) => close(norm, expected.norms[s]!)),
            ...result.steers.flatMap(({ reading }, s) =>
              (['default', 'text', 'steered'] as const).map((k) => close(reading[k], expected.readings[s]![k])),
            ),
          ),
          TOLERANCE.logProb,
          { ...note, kind: 'losses and readings of steered text' },
        );
        if (expected.steers.every(({ muted }) => muted)) {
          expect(Math.max(...kl)).toBeLessThan(1e-6);
          expect(result.neutral.steered).toBe(result.neutral.default);
        }
      }
      ctx.close();
      model.dispose();
    }, 240_000);
  }

  if (backend === 'webgpu') return;

  it('compares methods at the same strengths: each curve is the sweep of a steer of that method', async () => {
    const model = await goldenModel('gpt2');
    const ctx = labContext(model, backend, max);
    const feature = { kind: 'feature', sae: 'tiny/standard', feature: 3, strength: 1, positions: 'all', muted: false } as const;
    const sweep = { steer: 0, from: -2, to: 2, steps: 3, texts: 1 };
    const of = async (mode: 'add' | 'clamp', more: object = {}) =>
      (await finish(ask([{ ...feature, mode }], { sweep: { ...sweep, ...more } }), ctx)).result.sweep!;
    const [added, set, both] = [await of('add'), await of('clamp'), await of('add', { compare: true })];
    expect(added.compared).toBeUndefined();
    expect(both.points).toEqual(added.points);
    expect(both.compared!.map(({ method }) => method)).toEqual(['set', 'scale']);
    expect(both.compared![0]!.points).toEqual(set.points);
    const scaled = both.compared![1]!.points;
    expect(scaled.map(({ strength }) => strength)).toEqual([-2, 0, 2]);
    // Twice 0 is 0: at strength 0 setting and scaling both switch the feature off.
    expect({ ...scaled[1]!, effect: null }).toEqual({ ...set.points[1]!, effect: null });
    expect((await of('clamp', { compare: true })).compared!.map(({ method }) => method)).toEqual(['add', 'scale']);
    const message = await finish(ask(cases.gpt2['a vector']!.steers, { sweep: { ...sweep, compare: true } }), ctx).catch(
      (error: unknown) => (error as Error).message,
    );
    expect(message).toContain('only a feature can be set or scaled');
    ctx.close();
  });

  it('the result is what was streamed, and nothing is left on the device, also when it is given up halfway', async () => {
    const model = await goldenModel('gpt2');
    const ctx = labContext(model, backend, max);
    const spec = ask(cases.gpt2['many hands']!.steers, { sweep: { steer: 0, from: -1, to: 1, steps: 3, texts: 2 } });
    const { result, chunks } = await finish(spec, ctx);
    const streamed = (side: 'default' | 'steered') =>
      chunks.flatMap((c) => (c.part === 'token' && c.side === side ? c.tokens : []));
    expect(streamed('default')).toEqual(result.default.tokens);
    expect(streamed('steered')).toEqual(result.steered.tokens);
    expect(chunks.filter(({ part }) => part === 'sweep').length).toBe(3);
    expect(result.sweep!.points.map(({ strength }) => strength)).toEqual([-1, 0, 1]);
    expect((await finish(spec, ctx)).result).toEqual(result);
    const held = tf.memory().numTensors;
    const steps = run(completeSpec(ask(cases.gpt2['a vector']!.steers), lab), ctx);
    for (let i = 0; i < 4; i++) await steps.next();
    await steps.return(undefined as never);
    await expect(
      finish(ask(cases.gpt2['add a feature everywhere']!.steers, { sweep: { steer: 0 } }), {
        ...ctx,
        checkpoint: (() => {
          let left = 60;
          return () => (left-- > 0 ? Promise.resolve() : Promise.reject(new Cancelled()));
        })(),
      }),
    ).rejects.toBeInstanceOf(Cancelled);
    expect(tf.memory().numTensors).toBe(held);
    ctx.close();
    model.dispose();
  });

  it('loss on neutral text is that of each document alone, steered at every token', async () => {
    const model = await goldenModel('llama');
    const ctx = labContext(model, backend, max);
    const { hook, values } = cases.llama['a vector']!.steers[0] as Extract<Steer, { kind: 'vector' }>;
    const { result } = await finish(
      ask([{ kind: 'vector', hook, values, strength: 0.7, positions: 'generated', muted: false, label: '' }]),
      ctx,
    );
    const { neutralTexts } = await import('./lib/neutral.ts');
    const sums = { default: 0, steered: 0, n: 0 };
    for (const text of neutralTexts()) {
      const row = ctx.model.tokenizer.encodePrompt(text).slice(0, model.config.nCtx);
      const vector = { from: 'values', values } as const;
      for (const [side, interventions] of [
        ['default', []],
        ['steered', [{ kind: 'add', hook, vector, coefficient: 0.7 }]],
      ] as const) {
        const output = await model.runWithHooks([row], { plan: { interventions } });
        const [logits] = await readMany([output.logits!]);
        output.dispose();
        const { dVocab } = model.config;
        for (let p = 0; p + 1 < row.length; p++) {
          const at = Array.from(logits!.slice(p * dVocab, (p + 1) * dVocab));
          const top = Math.max(...at);
          sums[side] -= at[row[p + 1]!]! - top - Math.log(at.reduce((sum, x) => sum + Math.exp(x - top), 0));
        }
      }
      sums.n += row.length - 1;
    }
    expect(result.neutral.tokens).toBe(sums.n);
    expect(result.neutral.default).toBeCloseTo(sums.default / sums.n, 4);
    expect(result.neutral.steered).toBeCloseTo(sums.steered / sums.n, 4);
    expect(Math.abs(result.neutral.steered - result.neutral.default)).toBeGreaterThan(1e-3);
    ctx.close();
    model.dispose();
  });

  it('refuses what does not fit, and says what', async () => {
    const model = await goldenModel('gpt2');
    const ctx = labContext(model, backend, max);
    const feature: Steer = {
      kind: 'feature',
      sae: 'tiny/jumprelu',
      feature: 4,
      mode: 'add',
      strength: 1,
      positions: 'all',
      muted: false,
    };
    const failing = async (spec: ExperimentSpec, on: RunContext = ctx): Promise<VitrineError> => {
      const error: unknown = await finish(spec, on).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(VitrineError);
      return error as VitrineError;
    };
    expect((await failing({ ...ask([]), prompts: [{ text: '' }] })).code).toBe('prompt-empty');
    expect((await failing({ ...ask([]), prompts: [] })).code).toBe('prompt-empty');
    expect((await failing({ ...ask([]), prompts: [{ text: 'x '.repeat(60) }] })).message).toContain('61 tokens');
    expect((await failing(ask([{ ...feature, feature: 40 }]))).message).toContain('40 features, 0 … 39; there is no 40');
    const dead = { ...ctx, sae: async (id: string) => ({ ...(await ctx.sae(id)), maxActivation: new Float32Array(40) }) };
    expect((await failing(ask([feature]), dead)).message).toContain('never active');
    const contrast: Steer = {
      kind: 'contrast',
      hook: 'blocks.0.hook_resid_post' as never,
      pairs: [{ positive: '3 4', negative: '' }],
      token: -1,
      label: '',
      strength: 1,
      positions: 'all',
      muted: false,
    };
    expect((await failing(ask([feature, contrast]))).message).toBe('steer 2, pair 1, negative text: it is empty');
    expect((await failing(ask([{ ...contrast, pairs: [{ positive: '3 4', negative: '5' }], token: 2 }]))).message).toContain(
      'no token 2',
    );
    expect(
      (
        await failing(
          ask([{ ...contrast, hook: 'blocks.0.attn.hook_pattern' as never, pairs: [{ positive: '3', negative: '5' }] }]),
        )
      ).code,
    ).toBe('bad-intervention');
    expect(
      (
        await failing(
          ask([
            {
              kind: 'vector',
              hook: 'blocks.0.hook_resid_post' as never,
              values: [1, 2],
              strength: 1,
              positions: 'all',
              muted: false,
              label: '',
            },
          ]),
        )
      ).code,
    ).toBe('bad-intervention');
    const same = { ...contrast, pairs: [{ positive: '3 4', negative: '3 5' }], token: 1 };
    expect((await failing(ask([same]))).message).toContain('their difference is 0');
    expect((await failing(ask([], { sweep: { steer: 0 } }))).message).toContain('there is no steer 0');
    ctx.close();
    model.dispose();
  });

  it('a chat that goes on: each column answers its own conversation', async () => {
    const model = await goldenModel('gpt2');
    const base = labContext(model, backend, max);
    const { tokenizer } = base.model;
    // Who speaks is a token, then what is said; the model's turn begins with its own.
    const applyChat: Tokenizer['applyChat'] = async (messages, { end }) => ({
      text: '',
      ids: [
        0,
        ...messages.flatMap(({ role, content }) => [role === 'user' ? 33 : 34, ...tokenizer.encode(content)]),
        ...(end === 'generation' ? [34] : []),
      ],
    });
    const ctx = { ...base, model: { ...base.model, tokenizer: { ...tokenizer, hasChat: true, applyChat } } };
    const steers = cases.gpt2['add a feature everywhere']!.steers;
    const messages = [{ role: 'user' as const, content: '5 17' }];
    const turns = [{ default: '4 9', steered: '30', user: '11' }];
    const { result, chunks } = await finish({ ...ask(steers, { turns }), prompts: [{ messages }] }, ctx);
    const ids = (tokens: readonly { readonly id: number }[] = []): number[] => tokens.map(({ id }) => id);
    expect(ids(result.prompt)).toEqual([0, 33, 5, 17, 34, 30, 33, 11, 34]);
    expect(ids(result.defaultPrompt)).toEqual([0, 33, 5, 17, 34, 4, 9, 33, 11, 34]);
    expect(chunks[0]).toMatchObject({ part: 'prompt', defaultTokens: result.defaultPrompt });
    // The instruction ends before the model's own turn; of an answer that is begun, before that.
    const asked = { messages };
    expect(await instructionEnd(ctx.model.tokenizer, asked, [0, 33, 5, 17, 34])).toBe(3);
    const begun = { messages: [...messages, { role: 'assistant' as const, content: '4 9' }] };
    expect(await instructionEnd(ctx.model.tokenizer, begun, [0, 33, 5, 17, 34, 4, 9])).toBe(3);
    expect(await instructionEnd(ctx.model.tokenizer, { text: 'x' }, [0, 5, 6])).toBe(2);
    // Each column is what the same prompt gives by itself, its measurements among it.
    const alone = async (tokens: readonly number[]): Promise<SteeringResult> =>
      (await finish({ ...ask(steers), prompts: [{ tokens: [...tokens] }] }, ctx)).result;
    const [ofDefault, ofSteered] = [await alone(ids(result.defaultPrompt)), await alone(ids(result.prompt))];
    expect(result.default).toEqual(ofDefault.default);
    expect(result.steered).toEqual(ofSteered.steered);
    expect(result.kl).toEqual(ofSteered.kl);
    expect(result.coherence).toEqual({
      loss: { default: ofDefault.coherence.loss.default, steered: ofSteered.coherence.loss.steered },
      repeats: { default: ofDefault.coherence.repeats.default, steered: ofSteered.coherence.repeats.steered },
    });
    expect(ofSteered.default).not.toEqual(result.default);
    const message = await finish(ask(steers, { turns }), ctx).catch((error: unknown) => (error as Error).message);
    expect(message).toContain('only a chat is continued');
    base.close();
    model.dispose();
  });

  it('a dictionary without known maxima is steered in its own units', async () => {
    const model = await goldenModel('gpt2');
    const base = labContext(model, backend, max);
    const ctx = { ...base, sae: async (id: string) => ({ ...(await base.sae(id)), maxActivation: null }) };
    const [steer] = cases.gpt2['add a feature everywhere']!.steers;
    const { result } = await finish(ask([{ ...steer!, strength: steer!.strength * max }]), ctx);
    expect(result.steers[0]).toMatchObject({ unit: 'own', scale: 1 });
    expect(result.steered.tokens.map(({ token }) => token.id)).toEqual(cases.gpt2['add a feature everywhere']!.steered);
    base.close();
    model.dispose();
  });
});
