import { describe, expect, it } from 'vitest';
import { heldOf, labFragment, specFromUrl, withHeld } from '../../core/share/address.ts';
import { embedUrl, shareLink } from '../shell/share-parts.ts';
import { heldInLink, noteHeld, noteLink, otherwiseHeld } from './link-held.ts';
import { provenance, specOf } from './testing/fixtures.ts';
import { parsePlace } from './address.ts';

const SITE = 'https://example.org/sub/';
const spec = specOf('Mary');
const made = (specHash: string, quantization: 'int8' | 'int4' | 'f32'): Parameters<typeof otherwiseHeld>[0] => {
  const base = provenance(spec);
  return { specHash: specHash as typeof base.specHash, model: { ...base.model, quantization } };
};

describe('a link on weights that are held in one of several ways', () => {
  it('says in which, beside the experiment, which stays the same', () => {
    const fragment = labFragment(spec);
    const link = withHeld(fragment, 'int4');
    expect([heldOf(link), heldOf(fragment), withHeld(fragment, null)]).toEqual(['int4', null, fragment]);
    expect(specFromUrl(link)).toEqual(spec);
    const { url } = shareLink(SITE, spec, 'int4');
    expect(url).toBe(`${SITE}${link}`);
    const embed = embedUrl(SITE, spec, { height: 1, theme: 'dark', held: 'int4' });
    expect(heldOf(embed)).toBe('int4');
    expect(specFromUrl(embed)).toEqual(spec);
    expect(parsePlace(new URL(embed).hash)).toMatchObject({ page: 'embed', lab: spec.lab, hasSpec: true });
    for (const odd of ['&held=int3', '&held=', '&held=int4x', '&Held=int4', '#held=int4'])
      expect(heldOf(`${fragment}${odd}`)).toBeNull();
  });

  it('is told where its answer comes of weights that are held in another one', () => {
    noteLink('a', '#/lab/explore?s=x&held=int4');
    noteLink('b', '#/lab/explore?s=x');
    noteLink(undefined, '#/lab/explore?s=x&held=int4');
    expect([heldInLink('a'), heldInLink('b'), heldInLink(undefined)]).toEqual(['int4', undefined, undefined]);
    expect(otherwiseHeld(made('a', 'int4'))).toBe('');
    expect(otherwiseHeld(made('b', 'int8'))).toBe('');
    expect(otherwiseHeld(made('a', 'int8'))).toBe(
      ' Weights are held in 8 bits here and were held in 4 bits where this experiment comes from, so numbers differ.',
    );
    noteHeld('a', 'f32');
    expect(otherwiseHeld(made('a', 'int8'))).toContain('were held as stored');
  });
});
