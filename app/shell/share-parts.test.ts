import { describe, expect, it } from 'vitest';
import { specFromUrl } from '../../core/share/address.ts';
import { LINK_BUDGET } from '../../core/share/codec.ts';
import { readSafetensors, safeFloats } from '../../core/files/safetensors.ts';
import { wireTensor } from '../../core/protocol/wire-tensor.ts';
import { parsePlace } from '../state/address.ts';
import { provenance, specOf } from '../state/testing/fixtures.ts';
import { minimalSpec } from '../../core/spec/index.ts';
import { testLab } from '../state/testing/fixtures.ts';
import {
  arraysOf,
  citation,
  contents,
  embedCode,
  embedUrl,
  exportArrays,
  exportJson,
  fitScript,
  shareLink,
} from './share-parts.ts';

const SITE = 'https://example.org/sub/';
const spec = minimalSpec(specOf('Mary & John said "hi" <b>'), testLab('explore'));

describe('sharing', () => {
  it('the link opens the same experiment, under any sub-path', () => {
    const { url, length, fits } = shareLink(SITE, spec);
    expect(url.startsWith(`${SITE}#/lab/explore?s=`)).toBe(true);
    expect(specFromUrl(url)).toEqual(spec);
    expect(length).toBe(url.length - SITE.length);
    expect(fits).toBe(true);
  });

  it('says when a link would be too long', () => {
    const text = Array.from({ length: 900 }, (_, i) => `w${(i * 7919) % 10007}`).join(' ');
    const link = shareLink(SITE, { ...spec, prompts: [{ text }] });
    expect(link.fits).toBe(false);
    expect(link.length).toBeGreaterThan(LINK_BUDGET);
  });

  it('names what is in it, and that results are not', () => {
    expect(contents(spec)).toBe('model, 1 prompt; no results');
    const more = { ...spec, saes: ['a', 'b'], sampling: { seed: 7 }, view: { token: 1 }, params: { depth: 2 } };
    expect(contents(more)).toBe('model, 1 prompt, 2 dictionaries, 1 setting, seed, what is selected; no results');
  });

  it('the embed shows the same experiment, in the theme asked for', () => {
    const url = embedUrl(SITE, spec, { height: 400, theme: 'dark' });
    const place = parsePlace(url.slice(SITE.length));
    expect(place).toMatchObject({ page: 'embed', lab: 'explore', hasSpec: true });
    expect('options' in place && place.options.get('theme')).toBe('dark');
    expect(specFromUrl(url)).toEqual(spec);
    expect(embedUrl(SITE, spec, { height: 400, theme: 'system' })).not.toContain('theme');
  });

  it('the embed shows the parts asked for, also where the address is readable', () => {
    const url = embedUrl(SITE, spec, { height: 400, theme: 'light', parts: ['tokens', 'sides'] });
    const place = parsePlace(url.slice(SITE.length));
    expect('options' in place && place.options.get('parts')).toBe('tokens,sides');
    expect(specFromUrl(url)).toEqual(spec);
    const feature = {
      ...spec,
      lab: 'feature-dashboard',
      prompts: [],
      saes: ['blocks.2.hook_resid_post'],
      params: { feature: 7 },
    };
    const readable = embedUrl(SITE, feature, { height: 400, theme: 'dark', parts: ['writes'] });
    expect(readable).toBe(`${SITE}#/embed/feature/primer/blocks.2.hook_resid_post/7?theme=dark&parts=writes`);
    expect(specFromUrl(readable).view).toEqual({ parts: ['writes'] });
    expect(embedUrl(SITE, feature, { height: 400, theme: 'system' })).toBe(
      `${SITE}#/embed/feature/primer/blocks.2.hook_resid_post/7`,
    );
  });

  it('the script that fits frames hears this site alone', () => {
    expect(fitScript(SITE)).toContain('"https://example.org"');
  });

  it('arrays of a result are a safetensors file, named by their place', () => {
    const values = [0.5, -2, 3];
    const result = { layers: [{ x: wireTensor(new Float32Array(values), [3], ['pos']) }], other: 'text' };
    const entry = { result, source: 'live' as const, provenance: provenance(spec) };
    expect(arraysOf(entry).map(({ name }) => name)).toEqual(['layers.0.x']);
    const { tensors, metadata } = readSafetensors(exportArrays(entry, spec));
    expect([...safeFloats(tensors.get('layers.0.x')!, 'x')]).toEqual(values);
    expect(JSON.parse(metadata.get('spec') ?? '')).toEqual(spec);
    expect(metadata.get('specHash')).toBe(provenance(spec).specHash);
  });

  it('the embed code cannot be broken out of', () => {
    const code = embedCode(SITE, spec, '"><script>', { height: 400, theme: 'light' });
    expect(code).not.toContain('<script>');
    expect(code.match(/"/g)).toHaveLength(12);
  });

  it('the file holds the experiment, and with a result the numbers in plain form', () => {
    expect(JSON.parse(exportJson(spec))).toEqual(spec);
    const result = { values: wireTensor(new Float32Array([0.5, NaN]), [2], ['pos']) };
    const file: unknown = JSON.parse(exportJson(spec, { result, source: 'live', provenance: provenance(spec) }));
    expect(file).toMatchObject({ spec, specHash: provenance(spec).specHash, result: { values: { data: [0.5, null] } } });
  });

  it('the citation names experiment, model, version and where to find it', () => {
    const entry = { result: null, source: 'live' as const, provenance: provenance(spec) };
    const text = citation(spec, 'abc123', 'c0ffee', entry, 'https://x/#/lab');
    for (const part of ['explore', 'primer', 'abc123', 'c0ffee', 'https://x/#/lab']) expect(text).toContain(part);
    // What is no SHA-256 is not called one.
    const withDigest = (digest: string): string => {
      const made = { ...entry.provenance, model: { ...entry.provenance.model, digest } };
      return citation(spec, 'abc123', 'c0ffee', { ...entry, provenance: made }, 'https://x/#/lab');
    };
    expect(withDigest('a'.repeat(64))).toContain(`(sha256 ${'a'.repeat(12)})`);
    expect(withDigest('https://models.example/x.gguf@0123456789abcdef')).not.toContain('sha256');
  });
});
