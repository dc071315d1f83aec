import * as v from 'valibot';
import type { LabDefinition } from '../../core/spec/index.ts';

const token = v.pipe(v.string(), v.minLength(1), v.maxLength(200));

export interface ExploreParams {
  /** Next tokens kept per position, and per cell of the lens. */
  readonly topTokens: number;
  /** Two tokens, as text, whose logits are compared; null: the two most probable ones. */
  readonly compare: { readonly a: string; readonly b: string } | null;
  /** Position of the comparison; negative counts from the end. */
  readonly position: number;
}

export type ExploreTab = 'features' | 'lens' | 'attention' | 'next';

export interface ExploreView {
  readonly tab: ExploreTab;
  /** Selected token; null: the last. */
  readonly token: number | null;
  /** End of a selected range (inclusive); null: one token. */
  readonly rangeEnd: number | null;
  readonly groupBy: 'layer' | 'token';
  readonly head: { readonly layer: number; readonly head: number } | null;
  readonly pattern: 'pattern' | 'valueWeighted';
  readonly cell: { readonly layer: number; readonly pos: number } | null;
  readonly pinned: readonly string[];
  readonly normalise: 'known-max' | 'view';
  /** Activation to shade: (share of full scale) ^ gamma. */
  readonly gamma: number;
}

const params: v.GenericSchema<unknown, ExploreParams> = v.strictObject({
  topTokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(50)), 10),
  compare: v.optional(v.nullable(v.strictObject({ a: token, b: token })), null),
  position: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-8192), v.maxValue(8192)), -1),
});

const small = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8192));
const view: v.GenericSchema<unknown, ExploreView> = v.strictObject({
  tab: v.optional(v.picklist(['features', 'lens', 'attention', 'next']), 'features'),
  token: v.optional(v.nullable(small), null),
  rangeEnd: v.optional(v.nullable(small), null),
  groupBy: v.optional(v.picklist(['layer', 'token']), 'layer'),
  head: v.optional(v.nullable(v.strictObject({ layer: small, head: small })), null),
  pattern: v.optional(v.picklist(['pattern', 'valueWeighted']), 'pattern'),
  cell: v.optional(v.nullable(v.strictObject({ layer: small, pos: small })), null),
  pinned: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(120))), v.maxLength(50)), []),
  normalise: v.optional(v.picklist(['known-max', 'view']), 'known-max'),
  gamma: v.optional(v.pipe(v.number(), v.minValue(0.25), v.maxValue(2)), 1),
});

export const lab: LabDefinition<ExploreParams, ExploreView> = {
  id: 'explore',
  version: 1,
  title: 'Explore',
  question: 'What does the model see in this text, and what does it expect next?',
  needs: { saes: true },
  params,
  view,
  defaults: {
    v: 1,
    lab: 'explore',
    labV: 1,
    model: 'primer',
    saes: ['blocks.2.hook_resid_post'],
    prompts: [{ text: 'When Mary and John went to the store, John gave a drink to' }],
    params: {},
  },
};
