import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allHooks, asHook, hookAxes, hookExists, hookName, hookShape, matchHooks, parseHook, SITE_IDS } from './hooks.ts';
import { modelConfig } from './testing/arbitraries.ts';

describe('hook names', () => {
  it('parse and format are inverse for every hook of every model', () => {
    fc.assert(
      fc.property(modelConfig, (config) => {
        const names = allHooks(config, { onRequest: true });
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) {
          const address = parseHook(name);
          if (!address) throw new Error(name);
          expect(hookName(address.site, address.layer)).toBe(name);
          expect(hookExists(address, config)).toBe(true);
          expect(hookShape(address.site, config, 2, 7)).toHaveLength(hookAxes(address.site).length);
        }
      }),
    );
  });

  it('any text either is no hook, or formats back to itself', () => {
    const pieces = fc.constantFrom(
      'blocks',
      '.',
      '0',
      '3',
      '03',
      '-1',
      'attn',
      'hook_q',
      'hook_resid_pre',
      'ln1',
      'hook_scale',
      'hook_embed',
      ' ',
      '*',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 6 }).map((p) => p.join('')),
        ),
        (text) => {
          const address = parseHook(text);
          if (address) expect(hookName(address.site, address.layer)).toBe(text);
          else expect(() => asHook(text)).toThrow(RangeError);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('uses the names of TransformerLens', () => {
    expect(hookName('z', 2)).toBe('blocks.2.attn.hook_z');
    expect(hookName('resid_post', 0)).toBe('blocks.0.hook_resid_post');
    expect(hookName('final_scale')).toBe('ln_final.hook_scale');
    expect(hookName('pos_embed')).toBe('hook_pos_embed');
    for (const bad of [
      'blocks.01.hook_resid_pre',
      'blocks.1.hook_embed',
      'hook_resid_pre',
      'blocks..attn.hook_q',
      'blocks.1.attn.hook_q ',
      '',
    ])
      expect(parseHook(bad), bad).toBeNull();
    expect(() => hookName('z')).toThrow(RangeError);
    expect(() => hookName('embed', 0)).toThrow(RangeError);
  });

  it('a pattern matches what its regular expression says, in forward order, and on-request hooks only by their exact name', () => {
    fc.assert(
      fc.property(
        modelConfig,
        fc.constantFrom(
          'blocks.*.hook_resid_post',
          'blocks.0.**',
          '**',
          '*',
          'blocks.*.attn.*',
          'blocks.0.attn.hook_result',
          'nothing',
          '(',
        ),
        (config, pattern) => {
          const matched = matchHooks(pattern, config);
          const all = allHooks(config, { onRequest: true });
          expect(matched.map((m) => all.indexOf(m))).toEqual(matched.map((m) => all.indexOf(m)).toSorted((a, b) => a - b));
          if (pattern === '**') expect(matched).toEqual(allHooks(config));
          if (pattern === 'blocks.*.hook_resid_post') expect(matched).toHaveLength(config.nLayers);
          if (pattern === '*') expect(matched.every((m) => !m.includes('.'))).toBe(true);
          if (pattern === 'blocks.0.attn.hook_result') expect(matched).toEqual([pattern]);
          if (pattern === 'nothing' || pattern === '(') expect(matched).toEqual([]);
        },
      ),
    );
  });

  it('names rotary hooks only in rotary models, and positions only in learned ones', () => {
    fc.assert(
      fc.property(modelConfig, (config) => {
        const sites = new Set(allHooks(config).map((h) => parseHook(h)?.site));
        expect(sites.has('rot_q')).toBe(config.positional.kind === 'rotary');
        expect(sites.has('pos_embed')).toBe(config.positional.kind === 'learned');
        expect(sites.has('mlp_pre_linear')).toBe(config.mlp.gated);
        expect(SITE_IDS.length).toBeGreaterThan(sites.size);
      }),
    );
  });
});
