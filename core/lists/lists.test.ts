import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VitrineError } from '../protocol/errors.ts';
import { encodeJson } from '../share/codec.ts';
import {
  featureRefKey,
  itemKey,
  libraryFile,
  LIST_LIMITS,
  listsFragment,
  mergeLibraries,
  parseLibrary,
  parseLibraryFile,
  parseSharedLists,
  type Library,
} from './index.ts';

const note = fc.stringMatching(/^[a-z]{0,6}(\n[a-z]{1,6}){0,2}$/);
const ref = fc.record({
  model: fc.constantFrom('primer', 'other'),
  sae: fc.constantFrom('blocks.0.hook_mlp_out', 'a/b'),
  feature: fc.nat({ max: 5 }),
});
const at = fc.nat({ max: 4 });
const label = fc.tuple(ref, fc.record({ text: fc.stringMatching(/^[a-z]{1,5}$/), note, at })).map(([a, b]) => ({ ...a, ...b }));
const spec = { v: 1 as const, lab: 'explore', labV: 1, model: 'primer', prompts: [{ text: 'a' }], params: {} };
const item = fc.oneof(
  fc.tuple(ref, fc.record({ kind: fc.constant('feature' as const), note, at })).map(([a, b]) => ({ ...a, ...b })),
  fc.record({
    kind: fc.constant('experiment' as const),
    id: fc.constantFrom('abcdef01', '1234567890ab'),
    title: fc.constant('t'),
    spec: fc.constant(spec),
    note,
    at,
  }),
);
const list = fc.record({
  id: fc.constantFrom('aaaa', 'bbbb', 'cccc'),
  name: fc.stringMatching(/^[a-z]{1,5}$/),
  note,
  prompt: fc.constantFrom('', 'p', 'q'),
  items: fc.uniqueArray(item, { selector: itemKey, maxLength: 6 }),
  created: at,
  changed: at,
});
const library: fc.Arbitrary<Library> = fc.record({
  labels: fc.uniqueArray(label, { selector: featureRefKey, maxLength: 6 }),
  lists: fc.uniqueArray(list, { selector: ({ id }) => id, maxLength: 3 }),
});

describe('lists of the reader', () => {
  it('come back from a file as they went', () => {
    fc.assert(
      fc.property(library, (all) => {
        expect(parseLibraryFile(libraryFile(all))).toEqual(all);
      }),
    );
  });

  it('come back from a link as they went; damaged links are refused with a typed error', () => {
    fc.assert(
      fc.property(library, fc.nat(), fc.string({ maxLength: 3 }), (all, at, put) => {
        const fragment = listsFragment(all);
        expect(fragment).toMatch(/^#\/lists\?s=1\.[\w-]+$/);
        const packed = fragment.split('s=')[1]!;
        if (all.lists.length + all.labels.length > 0) expect(parseSharedLists(packed)).toEqual(all);
        else expect(() => parseSharedLists(packed)).toThrow(VitrineError);
        const i = at % packed.length;
        try {
          parseSharedLists(packed.slice(0, i) + put + packed.slice(i + 1));
        } catch (error) {
          expect(error).toBeInstanceOf(VitrineError);
          expect((error as VitrineError).code).toBe('bad-link');
        }
      }),
      { numRuns: 300 },
    );
    expect(() => parseSharedLists(encodeJson({ lists: [{ id: 'aaaa', name: 'x', evil: 1 }] }))).toThrow(/evil/);
  });

  it('are merged so that nothing of either is lost, and merging again changes nothing', () => {
    fc.assert(
      fc.property(library, library, (a, b) => {
        const both = mergeLibraries(a, b);
        for (const side of [a, b]) {
          for (const mine of side.labels) {
            const found = both.labels.find((l) => featureRefKey(l) === featureRefKey(mine))!;
            expect(`${found.text}\n${found.note}`).toContain(mine.text);
            for (const line of mine.note.split('\n')) expect(found.note).toContain(line);
          }
          for (const mine of side.lists) {
            const found = both.lists.find(({ id }) => id === mine.id)!;
            for (const entry of mine.items) {
              const same = found.items.find((other) => itemKey(other) === itemKey(entry))!;
              for (const line of entry.note.split('\n')) expect(same.note).toContain(line);
            }
            for (const line of mine.note.split('\n')) expect(found.note).toContain(line);
          }
        }
        expect(mergeLibraries(both, b)).toEqual(both);
        expect(mergeLibraries(both, both)).toEqual(both);
        // Who is merged into whom decides the order of items alone.
        const other = mergeLibraries(b, a);
        expect(new Set(other.labels.map((l) => `${featureRefKey(l)} ${l.text}`))).toEqual(
          new Set(both.labels.map((l) => `${featureRefKey(l)} ${l.text}`)),
        );
      }),
    );
  });

  it('are refused with a typed error where a file is not one of ours, too large or damaged', () => {
    const good: unknown = JSON.parse(libraryFile({ labels: [], lists: [] }));
    const bad = (change: object): string => JSON.stringify({ ...(good as object), ...change });
    const one = { id: 'aaaa', name: 'n', items: [] as unknown[] };
    const feature = { kind: 'feature', model: 'primer', sae: 'a', feature: 1 };
    for (const text of [
      '',
      'no',
      '[]',
      '{}',
      bad({ v: 2 }),
      bad({ more: 1 }),
      bad({ lists: [{ ...one, id: '../x' }] }),
      bad({ lists: [{ ...one, name: '' }] }),
      bad({ lists: [{ ...one, name: 'n'.repeat(LIST_LIMITS.name + 1) }] }),
      bad({ lists: [{ ...one, items: [feature, feature] }] }),
      bad({ lists: [{ ...one, items: [{ ...feature, model: '../../etc' }] }] }),
      bad({ lists: [{ ...one, items: [{ ...feature, feature: -1 }] }] }),
      bad({ lists: [{ ...one, items: [{ kind: 'experiment', id: 'abcdef', title: '', spec: { v: 1 } }] }] }),
      bad({ lists: Array.from({ length: LIST_LIMITS.lists + 1 }, (_, i) => ({ ...one, id: `list${i}` })) }),
      bad({ labels: [{ model: 'primer', sae: 'a', feature: 1, text: 'x'.repeat(LIST_LIMITS.label + 1) }] }),
      ' '.repeat(LIST_LIMITS.file + 1),
    ]) {
      let caught: unknown;
      try {
        parseLibraryFile(text);
      } catch (error) {
        caught = error;
      }
      expect(caught, text.slice(0, 80)).toBeInstanceOf(VitrineError);
      expect((caught as VitrineError).code).toBe('bad-file');
    }
    expect(parseLibrary({ lists: [{ ...one, items: [feature] }] }).lists[0]?.items).toHaveLength(1);
    expect(() => parseLibraryFile(bad({ lists: [{ ...one, items: [{ ...feature, feature: 0.5 }] }] }))).toThrow(
      /lists\.0\.items\.0\.feature/,
    );
  });
});
