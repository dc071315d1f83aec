import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { decodeIndex } from '../../core/dashboards/files.ts';
import { featureRefKey } from '../../core/lists/index.ts';
import type { DictionaryState } from '../state/dictionary-index.ts';
import { matchText, nameOf, nameSource, nameText } from './names.ts';
import { number } from './numbers.ts';
import { NAMED_FROM, variableTitle } from './variable-words.ts';

const sae = 'blocks.2.hook_resid_post';
const index = decodeIndex(readFileSync(`public/dashboards/primer/${sae}/index.bin`));
const ready: DictionaryState = { state: 'ready', index };
const ref = (feature: number) => ({ model: 'primer', sae, feature });
const by = (fits: (f1: number) => boolean): number => index.best.findIndex((best) => best !== null && fits(best[1]));
const good = by((f1) => f1 >= NAMED_FROM);
const bad = by((f1) => f1 < NAMED_FROM);

describe('what a feature is called', () => {
  it('is the variable of the curriculum that matches well enough, said to be a match', () => {
    const [variable, f1] = index.best[good]!;
    const name = nameOf(ref(good), {}, ready);
    expect(name).toEqual({ name: variableTitle(index.variables[variable]!), from: 'truth', f1 });
    expect(matchText(name)).toBe(`F1 ${number(f1)}`);
    expect(nameSource(name)).toContain('curriculum');
  });

  it('is nothing where the match is poor, and never the number', () => {
    const name = nameOf(ref(bad), {}, ready);
    expect(name).toEqual({ name: null, from: 'none', f1: null });
    expect(nameText(name)).toBe('No label yet');
    expect(matchText(name)).toBe('');
  });

  it('is the reader’s own label before any match', () => {
    const labels = { [featureRefKey(ref(good))]: { ...ref(good), text: 'who acts', note: '', at: 0 } };
    const name = nameOf(ref(good), labels, ready);
    expect(name).toEqual({ name: 'who acts', from: 'reader', f1: null });
    expect(nameOf({ ...ref(good), model: 'another' }, labels, undefined).name).toBeNull();
  });

  it('is not denied while the dictionary’s index is on its way', () => {
    expect(nameText(nameOf(ref(good), {}, { state: 'loading' }))).toBe('…');
    for (const state of [{ state: 'none' } as const, undefined])
      expect(nameText(nameOf(ref(good), {}, state))).toBe('No label yet');
  });
});
