import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VitrineError } from '../protocol/errors.ts';
import { canonicalJson, type ExperimentSpec } from '../spec/index.ts';
import { specFragment, specFromUrl } from './address.ts';
import { encodeSpec } from './codec.ts';
import { featureLink, parseFeaturePath, specOfFeature } from './feature-address.ts';

const spec = (change: Partial<ExperimentSpec> = {}): ExperimentSpec => ({
  v: 1,
  lab: 'feature-dashboard',
  labV: 1,
  model: 'primer',
  saes: ['blocks.2.hook_resid_post'],
  prompts: [],
  params: { feature: 413 },
  ...change,
});

describe('the address of a feature', () => {
  it('is readable, with and without a text', () => {
    expect(specFragment(spec())).toBe('#/feature/primer/blocks.2.hook_resid_post/413');
    expect(specFragment(spec({ prompts: [{ text: 'a & b?' }] }))).toBe(
      '#/feature/primer/blocks.2.hook_resid_post/413?text=a%20%26%20b%3F',
    );
    expect(specFragment(spec({ params: {} }))).toBe('#/feature/primer/blocks.2.hook_resid_post/0');
  });

  it('holds the whole experiment where it asks for more', () => {
    for (const more of [
      spec({ view: { context: 'full' } }),
      spec({ params: { feature: 3, mode: 'computed' } }),
      spec({ prompts: [{ text: 'x' }, { text: 'y' }] }),
      spec({ prompts: [{ text: 'x', bos: false }] }),
      spec({ prompts: [{ tokens: [1, 2] }] }),
    ]) {
      const fragment = specFragment(more);
      expect(fragment).toMatch(/^#\/feature\/primer\/blocks\.2\.hook_resid_post\/\d+\?s=1\./);
      expect(canonicalJson(specFromUrl(`https://example.org/${fragment}`))).toBe(canonicalJson(more));
    }
  });

  it('gives back any text, in a page and in an embed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), (text) => {
        const asked = spec({ prompts: [{ text }] });
        const fragment = specFragment(asked);
        expect(fragment).toMatch(/^[\x21-\x7e]+$/);
        expect(specFromUrl(fragment)).toEqual(asked);
        expect(specFromUrl(fragment.replace('#/feature/', '#/embed/feature/'))).toEqual(asked);
      }),
    );
  });

  it('reads the flags of Neuronpedia’s embeds and a list of parts, in one order', () => {
    const of = (query: string): unknown => specOfFeature(`${featureLink({ model: 'primer', sae: 's', feature: 1 })}?${query}`);
    expect(of('embed=true&embedplots=false&embedtest=true')).toMatchObject({
      view: { parts: ['meaning', 'test', 'examples', 'steer'] },
    });
    expect(of('parts=examples,writes,nonsense')).toMatchObject({ view: { parts: ['writes', 'examples'] } });
    expect(of('defaulttesttext=hello%20you')).toMatchObject({ prompts: [{ text: 'hello you' }] });
    expect(of('')).not.toHaveProperty('view');
  });

  it('reads dictionaries whose ids have slashes, and nothing that is no feature', () => {
    expect(parseFeaturePath('feature/m/a/b/c/7')).toEqual({ model: 'm', sae: 'a/b/c', feature: 7 });
    for (const path of ['feature/m/7', 'feature/m/s/x', 'feature/m/s/-1', 'feature/m/s/123456789', 'lab/m/s/1', 'feature//s/1'])
      expect(parseFeaturePath(path)).toBeNull();
  });

  it('refuses an experiment of another feature, dictionary or lab, and damage', () => {
    const at = '#/feature/primer/blocks.2.hook_resid_post/413?s=';
    for (const other of [spec({ params: { feature: 4 } }), spec({ saes: ['x'] }), spec({ model: 'm' }), spec({ lab: 'explore' })])
      expect(() => specFromUrl(`${at}${encodeSpec(other)}`)).toThrow(VitrineError);
    fc.assert(
      fc.property(fc.string(), fc.string(), (path, query) => {
        try {
          specFromUrl(`#/feature/${path}?${query}`);
        } catch (error) {
          expect(error).toBeInstanceOf(VitrineError);
        }
      }),
    );
  });
});
