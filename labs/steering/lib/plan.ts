import type { HookName } from '../../../core/hooks.ts';
import type { Intervention, Positions } from '../../../core/interventions.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { RunContext, Sae } from '../../../workers/api.ts';
import type { SteerFacts } from '../result.ts';
import { methodOf, type Method, type Steer, type SteerPositions } from '../spec.ts';
import { contrastVector, lengthOf } from './contrast.ts';
import { checkHook } from './place.ts';

/** One steer, ready to be applied. */
export interface ReadySteer {
  readonly steer: Steer;
  readonly hook: HookName;
  readonly sae: Sae | null;
  /** The contrast's or the given vector; null for features. */
  readonly vector: readonly number[] | null;
  readonly unit: SteerFacts['unit'];
  readonly scale: number;
  readonly norm: number;
  /** Of a feature, instead of the steer's own mode. */
  readonly method?: Method;
}

/** What positions refer to: how long the prompt is, and the last token of its instruction. */
export interface PromptPlace {
  readonly length: number;
  readonly instruction: number;
}

/** All steers of an experiment, ready to be applied to a generation or to texts that are there already. */
export interface Plan {
  readonly ready: readonly ReadySteer[];
  /** No steer acts. */
  readonly idle: boolean;
  /** For a generation: positions as the engine counts them. */
  writing(): Intervention[];
  /** For a text of `length` tokens that goes on from the prompt. */
  reading(length: number): Intervention[];
  /** At every token. */
  everywhere(): Intervention[];
  /** The same with another strength of one steer, which then acts even if it is muted; by another method where one is named. */
  at(steer: number, strength: number, method?: Method): Plan;
  /** The same with another direction for one steer, at another hook. */
  with(steer: number, hook: HookName, vector: readonly number[]): Plan;
}

/** Brings dictionaries and vectors. Whatever does not fit the model is refused here. */
export async function preparePlan(ctx: RunContext, steers: readonly Steer[], place: PromptPlace): Promise<Plan> {
  const ready: ReadySteer[] = [];
  for (const [i, steer] of steers.entries()) ready.push(await prepare(ctx, steer, i));
  return planOf(ready, place);
}

function planOf(ready: readonly ReadySteer[], place: PromptPlace): Plan {
  const acting = ready.filter(({ steer }) => !steer.muted);
  return {
    ready,
    idle: acting.length === 0,
    writing: () => acting.flatMap((r) => written(r.steer.positions, place).map((positions) => intervention(r, positions))),
    reading: (length) => acting.map((r) => intervention(r, within(r.steer.positions, place, length))),
    everywhere: () => acting.map((r) => intervention(r, 'all')),
    at: (steer, strength, method) =>
      planOf(
        ready.map((r, i) =>
          i === steer ? { ...r, steer: { ...r.steer, strength, muted: false }, ...(method ? { method } : {}) } : r,
        ),
        place,
      ),
    with: (steer, hook, vector) =>
      planOf(
        ready.map((r, i) => (i === steer ? { ...r, hook, vector, norm: lengthOf(vector) } : r)),
        place,
      ),
  };
}

const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** Positions of a generation, in parts that do not overlap: what is written yet has no numbers. */
function written(positions: SteerPositions, { length, instruction }: PromptPlace): readonly Positions[] {
  return positions === 'answer' ? [range(instruction, length), 'generated'] : [positions];
}

/** What positions mean in a text that is read whole. */
function within(positions: SteerPositions, place: PromptPlace, length: number): Positions {
  switch (positions) {
    case 'all':
      return 'all';
    case 'prompt':
      return range(0, Math.min(place.length, length));
    case 'generated':
      return range(place.length, length);
    case 'answer':
      return range(place.instruction, length);
  }
}

function intervention({ steer, hook, vector, scale, method }: ReadySteer, positions: Positions): Intervention {
  if (steer.kind !== 'feature')
    return { kind: 'add', hook, vector: { from: 'values', values: vector ?? [] }, coefficient: steer.strength, positions };
  const { sae, feature } = steer;
  const value = steer.strength * scale;
  switch (method ?? methodOf(steer)) {
    case 'add':
      return { kind: 'add', hook, vector: { from: 'decoder', sae, feature }, coefficient: value, positions };
    case 'set':
      return { kind: 'saeFeature', sae, feature, mode: 'set', value, positions };
    case 'scale':
      return { kind: 'saeFeature', sae, feature, mode: 'scale', value: steer.strength, positions };
  }
}

async function prepare(ctx: RunContext, steer: Steer, index: number): Promise<ReadySteer> {
  switch (steer.kind) {
    case 'feature': {
      const sae = await ctx.sae(steer.sae);
      const { scale, unit } = scaleOf(sae, steer.feature);
      const row = sae.decoderRows([steer.feature]);
      const norm = lengthOf((await ctx.read([row]))[0] ?? []);
      row.dispose();
      return { steer, hook: sae.hookName, sae, vector: null, unit, scale, norm };
    }
    case 'contrast': {
      const vector = await contrastVector(ctx, steer, index);
      if (lengthOf(vector) < 1e-6)
        throw new VitrineError(
          'bad-intervention',
          `steer ${index + 1}: the texts do not differ up to the token that is read, so their difference is 0; read a later token, or all`,
        );
      return { steer, hook: steer.hook, sae: null, vector, unit: 'vector', scale: 1, norm: lengthOf(vector) };
    }
    case 'vector': {
      checkHook(steer.hook);
      return { steer, hook: steer.hook, sae: null, vector: steer.values, unit: 'vector', scale: 1, norm: lengthOf(steer.values) };
    }
  }
}

function scaleOf(sae: Sae, feature: number): { readonly scale: number; readonly unit: 'max' | 'own' } {
  if (feature >= sae.dSae)
    throw new VitrineError('bad-intervention', `${sae.id} has ${sae.dSae} features, 0 … ${sae.dSae - 1}; there is no ${feature}`);
  if (!sae.maxActivation) return { scale: 1, unit: 'own' };
  const max = sae.maxActivation[feature] ?? 0;
  if (!(max > 0))
    throw new VitrineError(
      'bad-intervention',
      `feature ${feature} of ${sae.id} was never active on the text its maximum was taken from, so a strength has no unit; pick another`,
    );
  return { scale: max, unit: 'max' };
}
