import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeIndex } from '../../core/dashboards/files.ts';
import { featureRefKey, type OwnLabel } from '../../core/lists/index.ts';
import type { ModelEntry } from '../state/catalogue.ts';
import { findFeatures, type FeaturesToFind } from './find-features.ts';

const manifest = JSON.parse(readFileSync('public/models/primer/manifest.json', 'utf8')) as ModelEntry;
const sae = 'blocks.2.hook_resid_post';
const index = decodeIndex(readFileSync(`public/dashboards/primer/${sae}/index.bin`));
const own = { model: 'primer', sae: 'blocks.0.hook_mlp_out', feature: 3 };
const label: OwnLabel = { ...own, text: 'a subject of mine', note: '', at: 0 };
const among: FeaturesToFind = {
  model: manifest,
  first: sae,
  labels: { [featureRefKey(own)]: label },
  known: { [`primer/${sae}`]: { state: 'ready', index } },
};
const places = (typed: string, most = 50): string[] =>
  findFeatures(typed, among, most).map(({ ref }) => `${ref.sae}/${ref.feature}`);

describe('features by what is typed', () => {
  it('a number is one of each dictionary that has so many, the one on screen first', () => {
    expect(places('413')[0]).toBe(`${sae}/413`);
    expect(places('feature 413')).toEqual(places('413'));
    expect(places('413')).toHaveLength(manifest.saes.filter(({ dSae }) => dSae > 413).length);
    expect(places('99999999')).toEqual([]);
  });

  it('a layer and a site in front of it narrow that down, as they are written on the page', () => {
    expect(places('L2 413').every((place) => place.startsWith('blocks.2.') && place.endsWith('/413'))).toBe(true);
    expect(places('L2 413')).toHaveLength(
      manifest.saes.filter(({ id, dSae }) => id.startsWith('blocks.2.') && dSae > 413).length,
    );
    expect(places('L2 resid_post · 413')).toEqual([`${sae}/413`]);
    expect(places('l9 413')).toEqual([]);
  });

  it('words are those of names: the reader’s own first, then the best match', () => {
    const found = findFeatures('subject', among, 50);
    expect(found[0]!.ref).toEqual(own);
    expect(found.length).toBeGreaterThan(2);
    const scores = found.slice(1).map(({ name }) => name.f1!);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(found.slice(1).every(({ name }) => name.name!.toLowerCase().includes('subject'))).toBe(true);
    expect(places('subject', 2)).toHaveLength(2);
    expect(places('')).toEqual([]);
  });
});
