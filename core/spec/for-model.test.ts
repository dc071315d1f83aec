import { describe, expect, it } from 'vitest';
import { forModel } from './for-model.ts';
import type { ExperimentSpec } from './schema.ts';

const SPEC: ExperimentSpec = {
  v: 1,
  lab: 'steering',
  labV: 1,
  model: 'primer',
  saes: ['a', 'b'],
  prompts: [{ text: 'x' }],
  interventions: [
    { kind: 'saeFeature', sae: 'a', feature: 1, mode: 'set', value: 1 },
    { kind: 'zero', hook: 'blocks.0.hook_mlp_out' as never },
  ],
  metric: { kind: 'logit', token: 5 },
  params: { steers: [{ kind: 'feature', sae: 'a' }, { kind: 'contrast' }], n: 2 },
};

describe('the same question to another model', () => {
  it('keeps what does not name a dictionary, or a token of the other vocabulary', () => {
    expect(forModel(SPEC, 'other', [])).toEqual({
      v: 1,
      lab: 'steering',
      labV: 1,
      model: 'other',
      prompts: [{ text: 'x' }],
      interventions: [{ kind: 'zero', hook: 'blocks.0.hook_mlp_out' }],
      params: { steers: [{ kind: 'contrast' }], n: 2 },
    });
  });

  it('keeps dictionaries that the other model has, else takes the lab’s usual ones', () => {
    expect(forModel(SPEC, 'other', ['b', 'c']).saes).toEqual(['b']);
    expect(forModel({ ...SPEC, saes: [] }, 'other', ['b', 'c'], ['c', 'd']).saes).toEqual(['c']);
    expect(forModel(SPEC, 'primer', [])).toBe(SPEC);
  });
});
