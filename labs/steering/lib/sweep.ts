import { VitrineError } from '../../../core/protocol/errors.ts';
import type { RunContext } from '../../../workers/api.ts';
import type { Sweep, SweepPoint } from '../result.ts';
import { methodOf, METHODS, steerKey, type Method, type SteeringParams } from '../spec.ts';
import { readPlain } from './measure.ts';
import type { Plan, ReadySteer } from './plan.ts';
import { remember } from './remember.ts';
import { repeats } from './repeats.ts';
import { writeOne, type Sampling } from './write.ts';

/** New tokens of each text of a sweep, at most. */
export const SWEEP_TOKENS = 24;

/**
 * Writes at every strength of one steer, the others as they stand; then, where they are asked for, at the same strengths with
 * the other methods. Yields what is there after each strength.
 */
export async function* sweepStrength(
  ctx: RunContext,
  prompt: readonly number[],
  sampling: Sampling,
  plan: Plan,
  asked: NonNullable<SteeringParams['sweep']>,
): AsyncGenerator<Sweep, Sweep> {
  const subject = plan.ready[asked.steer];
  if (!subject)
    throw new VitrineError('bad-spec', `params.sweep.steer: there is no steer ${asked.steer} among ${plan.ready.length}`);
  const tokens = Math.min(SWEEP_TOKENS, sampling.maxNewTokens);
  if (asked.compare && subject.steer.kind !== 'feature')
    throw new VitrineError('bad-spec', 'params.sweep.compare: only a feature can be set or scaled; a direction is added');
  const point = (strength: number | null, method?: Method): Promise<SweepPoint> => {
    const at = strength === null ? null : plan.at(asked.steer, strength, method);
    const interventions = at?.writing() ?? [];
    const { model } = ctx;
    const key = [
      'sweep',
      model.digest,
      model.quantization,
      ctx.backend,
      prompt,
      { ...sampling, maxNewTokens: tokens },
      interventions,
      steerKey(subject.steer),
      asked.texts,
    ];
    return remember(key, () =>
      measurePoint(ctx, prompt, { ...sampling, maxNewTokens: tokens }, interventions, subject, strength ?? 0, asked.texts),
    );
  };
  const others = asked.compare ? METHODS.filter((method) => method !== methodOf(subject.steer)) : [];
  const total = asked.steps * (1 + others.length) + 1;
  let done = 0;
  ctx.progress('sweep', done, total, 'strengths');
  const reference = await point(null);
  const points: SweepPoint[] = [];
  const compared = others.map((method) => ({ method, points: [] as SweepPoint[] }));
  const now = (): Sweep => ({
    steer: asked.steer,
    tokens,
    texts: asked.texts,
    reference,
    points: [...points],
    ...(asked.compare ? { compared: compared.map((c) => ({ ...c, points: [...c.points] })) } : {}),
  });
  for (const curve of [{ method: undefined, points }, ...compared])
    for (const strength of strengths(asked)) {
      await ctx.checkpoint();
      ctx.progress('sweep', ++done, total, 'strengths');
      curve.points.push({ ...(await point(strength, curve.method)), strength });
      yield now();
    }
  return now();
}

/** Evenly from `from` to `to`, both included; rounded so that 0 is 0. */
export function strengths({ from, to, steps }: { readonly from: number; readonly to: number; readonly steps: number }): number[] {
  return Array.from({ length: steps }, (_, i) => Math.round((from + ((to - from) * i) / (steps - 1)) * 1e6) / 1e6 + 0);
}

async function measurePoint(
  ctx: RunContext,
  prompt: readonly number[],
  sampling: Sampling,
  interventions: Parameters<typeof writeOne>[3],
  subject: ReadySteer,
  strength: number,
  texts: number,
): Promise<SweepPoint> {
  let [loss, effect, effects, repeated, repeatable] = [0, 0, 0, 0, 0];
  for (let k = 0; k < texts; k++) {
    // A seed past the largest begins anew, as seeds are unsigned 32-bit numbers.
    const ids = await writeOne(ctx, prompt, { ...sampling, seed: (sampling.seed + k) % 2 ** 32 }, interventions);
    const read = await readPlain(ctx, prompt, ids, subject);
    loss += read.loss / texts;
    if (read.effect !== null) [effect, effects] = [effect + read.effect, effects + 1];
    const share = repeats(ids);
    if (share !== null) [repeated, repeatable] = [repeated + share, repeatable + 1];
  }
  return {
    strength,
    effect: effects === 0 ? null : effect / effects,
    loss,
    repeats: repeatable === 0 ? null : repeated / repeatable,
  };
}
