import type { HookName } from '../../../core/hooks.ts';
import { pieces } from '../../../core/pieces.ts';
import { wireTensor, type WireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { Side, Written } from '../../../core/written.ts';
import type { RunContext, Sae } from '../../../workers/api.ts';
import type { Coherence, MovedFeature, Reading, SteerFacts, SteeringChunk } from '../result.ts';
import { steerKey } from '../spec.ts';
import { along, meanNew, newActivations, newLogits, reading, readText, type Pass } from './pass.ts';
import type { Plan, ReadySteer } from './plan.ts';
import { remember } from './remember.ts';
import { repeats } from './repeats.ts';
import { idsOf } from './write.ts';

/** Other features that are listed. */
const MOVED = 8;

type Measured = Extract<SteeringChunk, { part: 'measured' }>;

interface Asked {
  readonly ctx: RunContext;
  readonly prompts: Readonly<Record<Side, readonly number[]>>;
  readonly plan: Plan;
  readonly texts: Readonly<Record<Side, Written>>;
  /** Dictionaries in which other features are looked for. */
  readonly saes: readonly Sae[];
  readonly streamNorm: (hook: HookName) => number;
}

/** What the steering did to the text, from three passes: the default text, and the steered text without and with steering. */
export async function measure({ ctx, prompts, plan, texts, saes, streamNorm }: Asked): Promise<Measured> {
  const { model } = ctx;
  const hooks = [...plan.ready.map(({ hook }) => hook), ...saes.map(({ hookName }) => hookName)];
  const ids = { default: idsOf(texts.default), steered: idsOf(texts.steered) };

  const subjects = plan.ready.map(({ steer }) => steerKey(steer));
  const key = ['readings', model.digest, model.quantization, ctx.backend, prompts.default, ids.default, subjects];
  const plain = await remember(key, () =>
    onText(ctx, prompts.default, ids.default, null, hooks, (pass) => readings(ctx, pass, plan.ready)),
  );
  const without = await readText(ctx, prompts.steered, ids.steered, null, hooks);
  const steered = await readText(ctx, prompts.steered, ids.steered, plan, hooks);
  try {
    const kl = await divergence(ctx, steered, without);
    const loss = await lossOf(ctx, without, ids.steered);
    const [text, acting] = [await readings(ctx, without, plan.ready), await readings(ctx, steered, plan.ready)];
    const coherence: Coherence = {
      loss: { default: mean(texts.default.tokens.map(({ logProb }) => -logProb)), steered: loss },
      repeats: { default: repeats(ids.default), steered: repeats(ids.steered) },
    };
    const steers = plan.ready.map(({ steer, hook, unit, scale, norm }, i): SteerFacts => {
      const read: Reading = {
        default: plain[i]?.mean ?? null,
        text: text[i]?.mean ?? null,
        steered: acting[i]?.mean ?? null,
      };
      const values = (found: Along | undefined): WireTensor => {
        // A copy: what a result holds is handed over to the page, and readings of the default text are remembered.
        const all = Float32Array.from(found?.values ?? []);
        return wireTensor(all, [all.length], ['pos']);
      };
      return {
        key: steerKey(steer),
        hook,
        unit,
        scale,
        norm,
        streamNorm: streamNorm(hook),
        reading: read,
        along: { default: values(plain[i]), steered: values(text[i]) },
      };
    });
    const moved = plan.idle ? [] : await movedFeatures(ctx, without, steered, plan.ready, saes);
    return { part: 'measured', kl, coherence, steers, moved };
  } finally {
    without.output.dispose();
    steered.output.dispose();
  }
}

async function onText<T>(
  ctx: RunContext,
  prompt: readonly number[],
  tokens: readonly number[],
  plan: Plan | null,
  hooks: readonly HookName[],
  use: (pass: Pass) => Promise<T>,
): Promise<T> {
  const pass = await readText(ctx, prompt, tokens, plan, hooks);
  try {
    return await use(pass);
  } finally {
    pass.output.dispose();
  }
}

interface Along {
  readonly values: Float32Array;
  readonly mean: number | null;
}

async function readings(ctx: RunContext, pass: Pass, steers: readonly ReadySteer[]): Promise<readonly Along[]> {
  const out: Along[] = [];
  for (const steer of steers) {
    const values = await along(ctx, pass, steer);
    out.push({ values, mean: meanNew(pass, values) });
  }
  return out;
}

/** KL(a ‖ b) of the next-token distributions at each new token, nats, [new]. */
async function divergence(ctx: RunContext, a: Pass, b: Pass): Promise<WireTensor> {
  const { tf } = ctx;
  const values = new Float32Array(a.predicted);
  for (const [from, to] of pieces(a.predicted, ctx.model.logitRows)) {
    await ctx.checkpoint();
    const kl = tf.tidy(() => {
      const [pa, pb] = [tf.logSoftmax(newLogits(a, from, to)), tf.logSoftmax(newLogits(b, from, to))];
      return tf.sum(tf.mul(tf.exp(pa), tf.sub(pa, pb)), -1);
    });
    values.set((await ctx.read([kl]))[0] ?? [], from);
    kl.dispose();
  }
  // Rounding of equal distributions may fall below 0.
  return wireTensor(
    Float32Array.from(values, (x) => Math.max(0, x)),
    [values.length],
    ['pos'],
  );
}

/** Nats per new token under the logits of a pass. */
async function lossOf(ctx: RunContext, pass: Pass, tokens: readonly number[]): Promise<number> {
  const losses: number[] = [];
  for (const [from, to] of pieces(tokens.length, ctx.model.logitRows)) {
    await ctx.checkpoint();
    const logits = newLogits(pass, from, to);
    const { logProbs } = await ctx.reduce.tokenLogits(logits, tokens.slice(from, to));
    logits.dispose();
    losses.push(...[...logProbs].map((x) => -x));
  }
  return mean(losses);
}

/** Loss of the unsteered model on a text, and a steer's reading of it: one point of a sweep. */
export function readPlain(
  ctx: RunContext,
  prompt: readonly number[],
  tokens: readonly number[],
  steer: ReadySteer,
): Promise<{ readonly loss: number; readonly effect: number | null }> {
  return onText(ctx, prompt, tokens, null, [steer.hook], async (pass) => ({
    loss: await lossOf(ctx, pass, tokens),
    effect: await reading(ctx, pass, steer),
  }));
}

/** The features, other than the steered ones, whose mean activation the steering changes most. */
async function movedFeatures(
  ctx: RunContext,
  without: Pass,
  steered: Pass,
  steers: readonly ReadySteer[],
  saes: readonly Sae[],
): Promise<readonly MovedFeature[]> {
  const found: MovedFeature[] = [];
  for (const sae of saes) {
    await ctx.checkpoint();
    const [a, b] = [await meanFeatures(ctx, without, sae), await meanFeatures(ctx, steered, sae)];
    for (const feature of new Set([...a.keys(), ...b.keys()])) {
      if (steers.some(({ steer }) => steer.kind === 'feature' && steer.sae === sae.id && steer.feature === feature)) continue;
      const max = sae.maxActivation?.[feature] ?? 0;
      found.push({ sae: sae.id, feature, without: a.get(feature) ?? 0, with: b.get(feature) ?? 0, max });
    }
  }
  const size = (m: MovedFeature): number => Math.abs(m.with - m.without);
  return found.sort((x, y) => size(y) - size(x)).slice(0, MOVED);
}

async function meanFeatures(ctx: RunContext, pass: Pass, sae: Sae): Promise<ReadonlyMap<number, number>> {
  const x = newActivations(ctx, pass, sae.hookName);
  const sums = new Map<number, number>();
  if (!x) return sums;
  const n = x.shape[0] ?? 1;
  const { indices, values } = await sae.encodeSparse(x);
  x.dispose();
  indices.forEach((row, p) => row.forEach((f, i) => sums.set(f, (sums.get(f) ?? 0) + (values[p]?.[i] ?? 0) / n)));
  return sums;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
