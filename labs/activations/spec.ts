import * as v from 'valibot';
import type { LabDefinition } from '../../core/spec/index.ts';

export interface ActivationsParams {
  /** Exact hook names or globs (`*` within a part, `**` across): `blocks.*.hook_resid_post`. */
  readonly hooks: readonly string[];
  /** Also return the logits of every position. */
  readonly logits: boolean;
}

export interface ActivationsView {
  readonly hook: string | null;
  readonly prompt: number;
  /** Index along the head axis, where there is one. */
  readonly head: number;
  readonly scale: 'shared' | 'own';
  readonly table: boolean;
}

const params: v.GenericSchema<unknown, ActivationsParams> = v.strictObject({
  hooks: v.optional(v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(200))), v.maxLength(200)), [
    'blocks.*.hook_resid_post',
  ]),
  logits: v.optional(v.boolean(), false),
});

const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8192));
const view: v.GenericSchema<unknown, ActivationsView> = v.strictObject({
  hook: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(200))), null),
  prompt: v.optional(index, 0),
  head: v.optional(index, 0),
  scale: v.optional(v.picklist(['shared', 'own']), 'own'),
  table: v.optional(v.boolean(), false),
});

export const lab: LabDefinition<ActivationsParams, ActivationsView> = {
  id: 'activations',
  version: 1,
  title: 'Activations',
  question: 'What are the numbers at any hook, on any prompts?',
  needs: {},
  params,
  view,
  defaults: {
    v: 1,
    lab: 'activations',
    labV: 1,
    model: 'primer',
    prompts: [{ text: 'When Mary and John went to the store, John gave a drink to' }],
    params: { hooks: ['blocks.*.hook_resid_post'] },
  },
};
