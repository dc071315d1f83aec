import { expect, it } from 'vitest';
import { lab } from './spec.ts';
import { completeSpec, parseSpec } from '../../core/spec/index.ts';
import { specFromUrl } from '../../core/share/address.ts';
import { steerLink } from '../../core/share/steer-link.ts';

it('a link that turns a feature up is an experiment of the steering lab, its defaults filled in there', () => {
  const link = steerLink({ model: 'primer', sae: 'blocks.1.hook_mlp_out', feature: 12, strength: -2.5, prompt: 'Once' });
  const spec = completeSpec(parseSpec(specFromUrl(`https://example.org/${link}`)), lab);
  expect(spec.prompts).toEqual([{ text: 'Once' }]);
  expect(spec.params.steers).toEqual([
    {
      kind: 'feature',
      sae: 'blocks.1.hook_mlp_out',
      feature: 12,
      mode: 'add',
      strength: -2.5,
      positions: 'all',
      muted: false,
    },
  ]);
  const plain = specFromUrl(steerLink({ model: 'primer', sae: 'a', feature: 0 }));
  expect(completeSpec(plain, lab).params.steers).toMatchObject([{ strength: 1 }]);
});
