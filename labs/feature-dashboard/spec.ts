import * as v from 'valibot';
import { DASHBOARD_PARTS, type DashboardPart } from '../../core/share/feature-address.ts';
import { MAX_STRENGTH } from '../../core/share/steer-link.ts';
import type { LabDefinition } from '../../core/spec/index.ts';

export interface DashboardParams {
  /** Index of the feature in the dictionary `saes[0]`. */
  readonly feature: number;
  /**
   * `auto`: the stored dashboard, or one computed here where nothing is stored. `computed`: computed here on the first
   * `documents` documents of the same corpus. `text`: no dashboard, only the prompts' activations.
   */
  readonly mode: 'auto' | 'computed' | 'text';
  /** Documents of a dashboard that is computed here. */
  readonly documents: number;
  /** Token at which sources are asked for (`hook_z`), BOS being 0; null: where the feature is strongest on the text. */
  readonly at: number | null;
  /** Asks for the texts that read the same as an example, in mode `text`; null: for none. */
  readonly repeatsOf: RepeatsRequest | null;
}

/** Which texts of the corpus read the same around a token of one of its documents. */
export interface RepeatsRequest {
  readonly document: number;
  /** The token, BOS being 0. */
  readonly position: number;
  /** Of the first so many documents. */
  readonly documents: number;
}

export type ExampleContext = 'stacked' | 'snippet' | 'full';

export interface DashboardView {
  /** How much of an example is shown: ±5 tokens, ±16 tokens, all of it. */
  readonly context: ExampleContext;
  readonly breaks: boolean;
  readonly values: boolean;
  /** Activation to shade: (share of full scale) ^ gamma. */
  readonly gamma: number;
  /** Which convention of the logit effects. */
  readonly logits: 'gain' | 'raw';
  /** The band that is open; null: the first. */
  readonly group: number | null;
  /** Selected token of the reader's own text; null: none. */
  readonly token: number | null;
  /** How strongly it is steered with, in multiples of its largest activation. */
  readonly strength: number;
  /** Writes with it and without, as soon as the engine runs. */
  readonly writes: boolean;
  /** What is shown, always in the same order; null: everything. */
  readonly parts: readonly DashboardPart[] | null;
}

const small = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8192));
const place = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000));
const params: v.GenericSchema<unknown, DashboardParams> = v.strictObject({
  feature: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000_000)), 0),
  mode: v.optional(v.picklist(['auto', 'computed', 'text']), 'auto'),
  documents: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(4_096)), 512),
  at: v.optional(v.nullable(small), null),
  repeatsOf: v.optional(v.nullable(v.strictObject({ document: place, position: small, documents: place })), null),
});

const view: v.GenericSchema<unknown, DashboardView> = v.strictObject({
  context: v.optional(v.picklist(['stacked', 'snippet', 'full']), 'snippet'),
  breaks: v.optional(v.boolean(), false),
  values: v.optional(v.boolean(), false),
  gamma: v.optional(v.pipe(v.number(), v.minValue(0.25), v.maxValue(2)), 1),
  logits: v.optional(v.picklist(['gain', 'raw']), 'gain'),
  group: v.optional(v.nullable(small), null),
  token: v.optional(v.nullable(small), null),
  strength: v.optional(v.pipe(v.number(), v.finite(), v.minValue(-MAX_STRENGTH), v.maxValue(MAX_STRENGTH)), 2),
  writes: v.optional(v.boolean(), false),
  parts: v.optional(v.nullable(v.pipe(v.array(v.picklist(DASHBOARD_PARTS)), v.maxLength(DASHBOARD_PARTS.length))), null),
});

export const lab: LabDefinition<DashboardParams, DashboardView> = {
  id: 'feature-dashboard',
  version: 1,
  title: 'Feature',
  question: 'What does this feature mean, when is it active, and what does it write?',
  needs: { saes: true },
  params,
  view,
  defaults: {
    v: 1,
    lab: 'feature-dashboard',
    labV: 1,
    model: 'primer',
    saes: ['blocks.2.hook_resid_post'],
    prompts: [],
    params: {},
  },
};
