import { describe, expect, it } from 'vitest';
import type { DashboardIndex } from '../../core/dashboards/files.ts';
import { windowOf } from './example-window.ts';
import { featureRows, filterRows, sortRows } from './feature-rows.ts';
import { variableTitle } from './variable-words.ts';

const name = { place: 'before', kind: 'name', role: 'indirect-object', value: null } as const;
const index = {
  corpus: { tokens: 200 },
  active: [0, 100, 2, 20],
  max: [0, 3, 9, 1],
  variables: [name],
  best: [null, [0, 0.25], [0, 0.75], null],
} as unknown as DashboardIndex;
const rows = featureRows(index, 4, (feature) => (feature === 3 ? 'Commas' : null));
const order = (...args: [Parameters<typeof sortRows>[1], boolean]): number[] => sortRows(rows, ...args).map((r) => r.feature);

describe('a table of features', () => {
  it('has density, maximum and the closest variable of each', () => {
    expect(rows[1]).toMatchObject({ density: 0.5, max: 3, f1: 0.25, truth: 'right before name, indirect object', label: null });
    expect(rows[0]).toMatchObject({ density: 0, f1: NaN, truth: null });
  });

  it('sorts either way, with what is unknown last and ties by number', () => {
    expect(order('f1', true)).toEqual([2, 1, 0, 3]);
    expect(order('f1', false)).toEqual([1, 2, 0, 3]);
    expect(order('density', true)).toEqual([1, 3, 2, 0]);
    expect(order('label', false)).toEqual([3, 0, 1, 2]);
    expect(order('feature', true)).toEqual([3, 2, 1, 0]);
  });

  it('finds by number, label and variable, each word anywhere, and leaves out those never active when asked', () => {
    const found = (typed: string, live = false): number[] => filterRows(rows, typed, live).map((r) => r.feature);
    expect(found('comm')).toEqual([3]);
    expect(found('OBJECT before')).toEqual([1, 2]);
    expect(found('object 2')).toEqual([2]);
    expect(found('', true)).toEqual([1, 2, 3]);
    expect(found('nothing like it')).toEqual([]);
  });

  it('knows nothing but numbers and labels where nothing is stored', () => {
    const bare = featureRows(null, 3, () => null);
    expect(bare).toHaveLength(3);
    expect(bare[2]).toMatchObject({ feature: 2, density: NaN, max: NaN, truth: null });
  });
});

describe('a variable in words', () => {
  it('says where it holds', () => {
    const at = (change: object): string => variableTitle({ ...name, place: 'at', ...change });
    expect(at({})).toBe('Name, indirect object');
    expect(at({ role: null, value: 'Mary' })).toBe('Name “Mary”');
    expect(at({ place: 'last' })).toBe('Last token of name, indirect object');
    expect(at({ place: 'population', kind: 'greaterThan', role: null })).toBe('Any token of greater than text');
    expect(at({ place: 'token', kind: 'token', role: null, value: ' the' })).toBe('The token “ the”');
  });
});

describe('the window of an example', () => {
  it('is around its token, clamped, without BOS unless all is shown', () => {
    expect(windowOf(40, 20, 'stacked', true)).toEqual({ from: 15, to: 25 });
    expect(windowOf(40, 2, 'stacked', true)).toEqual({ from: 1, to: 7 });
    expect(windowOf(40, 2, 'stacked', false)).toEqual({ from: 0, to: 7 });
    expect(windowOf(40, 39, 'snippet', true)).toEqual({ from: 23, to: 39 });
    expect(windowOf(40, 20, 'full', true)).toEqual({ from: 0, to: 39 });
  });
});
