import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { decodeIndex } from '../../../core/dashboards/files.ts';
import { featureRefKey, type OwnLabel } from '../../../core/lists/index.ts';
import { nameOf } from '../../../app/views/names.ts';
import { suggestions } from './suggestions.tsx';
import type { NameOf } from './words.tsx';

const sae = 'blocks.2.hook_resid_post';
const index = decodeIndex(readFileSync(`public/dashboards/primer/${sae}/index.bin`));
const top = [{ feature: 5, activation: 2, max: 4, position: 1 }];
const prompt = [
  { id: 0, text: '<s>' },
  { id: 1, text: 'Once' },
];
const own = 17;
const labels: Readonly<Record<string, OwnLabel>> = {
  [featureRefKey({ model: 'primer', sae, feature: own })]: {
    model: 'primer',
    sae,
    feature: own,
    text: 'a pirate talks',
    note: '',
    at: 0,
  },
};
const names: NameOf = (id, feature) => nameOf({ model: 'primer', sae: id, feature }, labels, { state: 'ready', index });
const found = (typed: string) => suggestions({ sae, index, size: null, typed, nameOf: names, top, prompt });

describe('features to steer with', () => {
  it('are the strongest on the prompt until something is typed', () => {
    expect(found('').map(({ id }) => id)).toEqual(['5']);
    expect(found('')[0]!.hint).toContain('2.00 at “Once”, 50.0\u00a0% of its largest');
  });

  it('are found by the reader’s label first, then by the curriculum’s names, best match first', () => {
    expect(found('pirate talks')[0]).toEqual({ id: String(own), label: `${own} · a pirate talks`, hint: 'your label' });
    const byName = found('name subject');
    expect(byName.length).toBeGreaterThan(1);
    for (const { label } of byName) expect(label.toLowerCase()).toMatch(/^\d+ · (?=.*name).*subject/);
    const scores = byName.map(({ id }) => index.best[Number(id)]![1]);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(byName[0]!.hint).toMatch(/^F1 0\.\d+/);
  });

  it('are found by how their number begins, and stand alone once taken', () => {
    const ids = found('10').map(({ id }) => id);
    expect(ids[0]).toBe('10');
    expect(ids.slice(0, 11).every((id) => id.startsWith('10'))).toBe(true);
    expect(found(found('10')[0]!.label)).toEqual([found('10')[0]]);
    expect(found('no such words anywhere')).toEqual([]);
  });
});
