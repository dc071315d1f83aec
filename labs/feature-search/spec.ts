import * as v from 'valibot';
import type { LabDefinition } from '../../core/spec/index.ts';

/** What the engine is asked: features that are active on a prompt, or features that write a token. */
export type SearchBy = 'prompt' | 'token';

export interface SearchParams {
  readonly by: SearchBy;
  /** Of the prompt, score of a feature: its largest activation on the chosen tokens, or the sum of its activations there. */
  readonly score: 'max' | 'sum';
  /** Features of all dictionaries are ranked by the score itself, or by the score as a share of the largest activation known. */
  readonly rank: 'activation' | 'share';
  /** Chosen positions, BOS being 0; null: all of them. */
  readonly tokens: readonly number[] | null;
  /** BOS takes part. */
  readonly bos: boolean;
  /** Features that are active on more than this share of the card's text are left out, 0–1; null: none is. */
  readonly maxDensity: number | null;
  /** Features that are returned, per direction where there are two. */
  readonly results: number;
  /** By token: its text, with or without the space in front. */
  readonly token: string;
  /** By token: the effect of one unit of the feature, or of the feature at its largest activation known. */
  readonly effect: 'unit' | 'max';
}

export type SearchTab = SearchBy | 'label' | 'variable';

export interface SearchView {
  readonly tab: SearchTab;
  /** By label: what is looked for. */
  readonly query: string;
  /** By token: features that write it, or features that fire on it. */
  readonly tokenRole: 'writes' | 'fires';
  /** The token on which features fire, its text. */
  readonly firesOn: string;
  /** By variable: its name, as the dashboards' index has it; empty: none. */
  readonly variable: string;
}

const position = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8_192));
const params: v.GenericSchema<unknown, SearchParams> = v.strictObject({
  by: v.optional(v.picklist(['prompt', 'token']), 'prompt'),
  score: v.optional(v.picklist(['max', 'sum']), 'max'),
  rank: v.optional(v.picklist(['activation', 'share']), 'share'),
  tokens: v.optional(v.nullable(v.pipe(v.array(position), v.minLength(1), v.maxLength(512))), null),
  bos: v.optional(v.boolean(), false),
  maxDensity: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))), null),
  results: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(500)), 50),
  token: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(200)), ' Mary'),
  effect: v.optional(v.picklist(['unit', 'max']), 'max'),
});

const view: v.GenericSchema<unknown, SearchView> = v.strictObject({
  tab: v.optional(v.picklist(['prompt', 'token', 'label', 'variable']), 'prompt'),
  query: v.optional(v.pipe(v.string(), v.maxLength(200)), ''),
  tokenRole: v.optional(v.picklist(['writes', 'fires']), 'writes'),
  firesOn: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(200)), ' Mary'),
  variable: v.optional(v.pipe(v.string(), v.maxLength(200)), ''),
});

/** Every dictionary of `primer`. */
export const ALL_SITES: readonly string[] = [0, 1, 2, 3].flatMap((layer) =>
  ['attn.hook_z', 'hook_mlp_out', 'hook_resid_post'].map((site) => `blocks.${layer}.${site}`),
);

export const lab: LabDefinition<SearchParams, SearchView> = {
  id: 'feature-search',
  version: 1,
  title: 'Find features',
  question: 'Which features are active here, write this word, or mean this?',
  needs: { saes: true },
  params,
  view,
  defaults: {
    v: 1,
    lab: 'feature-search',
    labV: 1,
    model: 'primer',
    saes: ALL_SITES,
    prompts: [{ text: 'When Mary and John went to the store, John gave a drink to' }],
    params: {},
  },
};
