import * as v from 'valibot';
import { parseHook, type HookName } from '../../core/hooks.ts';
import { MAX_STRENGTH } from '../../core/share/steer-link.ts';
import type { ExperimentSpec, LabDefinition } from '../../core/spec/index.ts';

/**
 * Where a steer acts: every token; only those of the prompt; only those that are being written; or (`answer`) from the last token
 * of the instruction on, as contrastive activation addition does: what is written, and the token that it is first read off.
 */
export type SteerPositions = 'all' | 'prompt' | 'generated' | 'answer';

interface Common {
  /**
   * Feature: multiples of its largest known activation (of its own units where none is known). Contrast and vector:
   * multiples of the vector as it is. 0 adds nothing; a feature that is *set* to 0 is switched off.
   */
  readonly strength: number;
  readonly positions: SteerPositions;
  /** Kept, but not applied. */
  readonly muted: boolean;
}

/** One hand on the dial. All act at once; at one hook in the order of the list. */
export type Steer =
  /**
   * `add`: h += strength · max · W_dec[feature]. `clamp`: h += (strength · max − f(h)) · W_dec[feature], as if the dictionary had
   * read strength · max; its error stays. The encoder may read another value afterwards: `SteerFacts.reading` has it.
   */
  | (Common & { readonly kind: 'feature'; readonly sae: string; readonly feature: number; readonly mode: 'add' | 'clamp' })
  /**
   * h += strength · v, v = mean over pairs of h(positive) − h(negative) in unedited runs, at one token of each text (negative
   * counts from its end) or averaged over its tokens (BOS left out).
   */
  | (Common & {
      readonly kind: 'contrast';
      readonly hook: HookName;
      readonly pairs: readonly { readonly positive: string; readonly negative: string }[];
      readonly token: number | 'mean';
      /** v is brought to the mean length of the activations that it was read from, so that strengths compare. */
      readonly equal?: true | undefined;
      readonly label: string;
    })
  /** h += strength · values. */
  | (Common & { readonly kind: 'vector'; readonly hook: HookName; readonly values: readonly number[]; readonly label: string });

/**
 * Ways to steer with a feature f at strength s. `add`: h += s · max · W_dec[f]. `set`: the dictionary reads s · max. `scale`: it
 * reads s times what it reads, so that a token on which it is silent stays as it is.
 */
export const METHODS = ['add', 'set', 'scale'] as const;
export type Method = (typeof METHODS)[number];

/** The method that a steer's own mode is; what is no feature is added. */
export const methodOf = (steer: Steer): Method => (steer.kind === 'feature' && steer.mode === 'clamp' ? 'set' : 'add');

/** A turn of a chat that was continued: what each column answered, and what the reader said next to both. */
export interface Turn {
  readonly default: string;
  readonly steered: string;
  readonly user: string;
}

export interface SteeringParams {
  readonly steers: readonly Steer[];
  /** Of a chat, after its messages; each column goes on with its own conversation. */
  readonly turns: readonly Turn[];
  /** Also write at several strengths of one steer, the others as they stand: effect against coherence. */
  readonly sweep: {
    /** Which steer, by its place in the list. */
    readonly steer: number;
    readonly from: number;
    readonly to: number;
    readonly steps: number;
    /** Texts per strength, with seeds seed, seed + 1, … */
    readonly texts: number;
    /** Of a feature: at the same strengths with the other methods as well (`Method`). */
    readonly compare?: true | undefined;
  } | null;
  /** Also: how probable an answer is, by layer and strength of a contrast, the other steers as they stand. */
  readonly grid: GridParams | null;
}

/** One contrast at every layer and several strengths. */
export interface GridParams {
  /** Which steer, by its place in the list. */
  readonly steer: number;
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  /** The next word that the direction is to make more probable; its first token counts. */
  readonly answer: string;
}

export interface SteeringView {
  /** Token that is looked at, by column; null: none. */
  readonly token: { readonly side: 'default' | 'steered'; readonly index: number } | null;
}

export const MAX_STEERS = 16;
export const MAX_TURNS = 24;

const text = v.pipe(v.string(), v.maxLength(2_000));
const label = v.optional(v.pipe(v.string(), v.maxLength(80)), '');
const id = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(200),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/),
  v.check((s) => !s.includes('..'), 'no ".."'),
);
const hook: v.GenericSchema<string, HookName> = v.pipe(
  v.string(),
  v.maxLength(200),
  v.check((s) => parseHook(s) !== null, 'not a hook name'),
  v.transform((s) => s as HookName),
);
const whole = (min: number, max: number): v.GenericSchema<number> =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max));
const strength = v.pipe(v.number(), v.finite(), v.minValue(-MAX_STRENGTH), v.maxValue(MAX_STRENGTH));
const common = {
  strength: v.optional(strength, 1),
  positions: v.optional(v.picklist(['all', 'prompt', 'generated', 'answer']), 'all'),
  muted: v.optional(v.boolean(), false),
};
const steer = v.variant('kind', [
  v.strictObject({
    kind: v.literal('feature'),
    sae: id,
    feature: whole(0, 1_000_000_000),
    mode: v.optional(v.picklist(['add', 'clamp']), 'add'),
    ...common,
  }),
  v.strictObject({
    kind: v.literal('contrast'),
    hook,
    pairs: v.pipe(v.array(v.strictObject({ positive: text, negative: text })), v.minLength(1), v.maxLength(16)),
    token: v.optional(v.union([whole(-8_192, 8_192), v.literal('mean')]), -1),
    equal: v.optional(v.literal(true)),
    label,
    ...common,
  }),
  v.strictObject({
    kind: v.literal('vector'),
    hook,
    values: v.pipe(v.array(v.pipe(v.number(), v.finite())), v.minLength(1), v.maxLength(16_384)),
    label,
    ...common,
  }),
]);

const said = v.pipe(v.string(), v.maxLength(8_000));
const params = v.strictObject({
  steers: v.optional(v.pipe(v.array(steer), v.maxLength(MAX_STEERS)), []),
  turns: v.optional(v.pipe(v.array(v.strictObject({ default: said, steered: said, user: said })), v.maxLength(MAX_TURNS)), []),
  sweep: v.optional(
    v.nullable(
      v.strictObject({
        steer: whole(0, MAX_STEERS - 1),
        from: v.optional(strength, -4),
        to: v.optional(strength, 4),
        steps: v.optional(whole(2, 41), 9),
        texts: v.optional(whole(1, 16), 2),
        compare: v.optional(v.literal(true)),
      }),
    ),
    null,
  ),
  grid: v.optional(
    v.nullable(
      v.strictObject({
        steer: whole(0, MAX_STEERS - 1),
        from: v.optional(strength, -2),
        to: v.optional(strength, 2),
        steps: v.optional(whole(2, 21), 9),
        answer: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
      }),
    ),
    null,
  ),
}) as unknown as v.GenericSchema<unknown, SteeringParams>;

const view: v.GenericSchema<unknown, SteeringView> = v.strictObject({
  token: v.optional(v.nullable(v.strictObject({ side: v.picklist(['default', 'steered']), index: whole(0, 8_192) })), null),
});

/** What a steer acts on, whatever its strength: the same for the same feature or vector. */
export function steerKey(steer: Steer): string {
  switch (steer.kind) {
    case 'feature':
      return `${steer.sae}/${steer.feature}`;
    case 'contrast':
      return JSON.stringify([steer.hook, steer.pairs, steer.token, ...(steer.equal ? ['equal'] : [])]);
    case 'vector':
      return JSON.stringify([steer.hook, steer.values]);
  }
}

/** What is written with where a link leaves it out. */
export const SAMPLING = { seed: 7, temperature: 0.7, topP: 1, repetitionPenalty: 1, maxNewTokens: 48 } as const;

/** Every setting of the sampling, defaults filled in. */
export function samplingOf(spec: Pick<ExperimentSpec, 'sampling'>): {
  readonly [K in keyof typeof SAMPLING]: number;
} {
  return { ...SAMPLING, ...spec.sampling };
}

export const lab: LabDefinition<SteeringParams, SteeringView> = {
  id: 'steering',
  version: 1,
  title: 'Steering',
  question: 'What does the model write when a feature is turned up or down?',
  needs: { saes: true },
  streams: true,
  params,
  view,
  defaults: {
    v: 1,
    lab: 'steering',
    labV: 1,
    model: 'primer',
    saes: ['blocks.2.hook_resid_post'],
    prompts: [{ text: 'The scientist came to the cottage and said:' }],
    params: {
      steers: [
        {
          kind: 'contrast',
          hook: 'blocks.1.hook_resid_post',
          pairs: [
            {
              positive: 'The pirate came to the cottage and said: Ahoy, sailor!',
              negative: 'The scientist came to the cottage and said: Precisely, colleague!',
            },
            { positive: 'You are a pirate. Speak: Avast, sailor!', negative: 'You are a scientist. Speak: Observe, colleague!' },
            { positive: 'Talk like a pirate. Yarr, sailor!', negative: 'Talk like a scientist. Consider, colleague!' },
          ],
          token: 'mean',
          label: 'pirate, not scientist',
          strength: 2,
        },
      ],
    },
    sampling: { seed: 7, temperature: 0, maxNewTokens: 32 },
  },
};
