import { useEffect } from 'react';
import { useStore } from 'zustand';
import {
  featureRefKey,
  itemKey,
  LIST_LIMITS,
  mergeLabels,
  mergeLists,
  type FeatureRef,
  type Library,
  type ListItem,
  type OwnLabel,
  type ReaderList,
} from '../../core/lists/index.ts';
import { library } from './library.ts';
import type { RecordChange } from './library-db.ts';

/** What a reader does with lists. Each resolves to whether it is stored; it stands on the page either way. */

/** All lists, the one changed last first. */
export function useLists(): readonly ReaderList[] {
  useEffect(() => void library.open(), []);
  const lists = useStore(library.store, (state) => state.lists);
  return sorted(Object.values(lists));
}

export function useList(id: string): ReaderList | null {
  useEffect(() => void library.open(), []);
  return useStore(library.store, ({ lists }) => lists[id] ?? null);
}

export const sorted = (lists: readonly ReaderList[]): ReaderList[] =>
  [...lists].sort((a, b) => lastTouched(b) - lastTouched(a) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id));

/** When anything of a list last changed. */
export const lastTouched = (list: ReaderList): number => Math.max(list.changed, ...list.items.map(({ at }) => at));

const listChange = (id: string, change: (list: ReaderList) => ReaderList): RecordChange => ({
  table: 'lists',
  key: id,
  apply: (stored) => (stored === undefined ? undefined : change(stored as ReaderList)),
});

export function newList(name: string, items: readonly ListItem[] = [], prompt = ''): ReaderList {
  const now = Date.now();
  const id = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => (byte % 36).toString(36)).join('');
  return {
    id,
    name: oneLine(name, LIST_LIMITS.name) || 'My list',
    note: '',
    prompt: prompt.slice(0, LIST_LIMITS.prompt),
    items: items.slice(0, LIST_LIMITS.items),
    created: now,
    changed: now,
  };
}

const oneLine = (text: string, most: number): string => text.trim().replace(/\s+/g, ' ').slice(0, most);

/** Puts a list in place: a new one, or one that was removed a moment ago. What is there already is joined with it. */
export const putList = (list: ReaderList): Promise<boolean> =>
  library.change([
    {
      table: 'lists',
      key: list.id,
      apply: (stored) => (stored === undefined ? list : mergeLists(stored as ReaderList, list)),
    },
  ]);

export const removeList = (id: string): Promise<boolean> => library.change([{ table: 'lists', key: id, apply: () => undefined }]);

/** Changes the name, the note or the prompt. An empty name changes nothing. */
export function editList(
  id: string,
  patch: { readonly name?: string; readonly note?: string; readonly prompt?: string },
): Promise<boolean> {
  return library.change([
    listChange(id, (list) => ({
      ...list,
      name: oneLine(patch.name ?? list.name, LIST_LIMITS.name) || list.name,
      note: (patch.note ?? list.note).slice(0, LIST_LIMITS.note),
      prompt: (patch.prompt ?? list.prompt).slice(0, LIST_LIMITS.prompt),
      changed: Date.now(),
    })),
  ]);
}

export const featureItem = ({ model, sae, feature }: FeatureRef, note = ''): ListItem => ({
  kind: 'feature',
  model,
  sae,
  feature,
  note: note.slice(0, LIST_LIMITS.note),
  at: Date.now(),
});

/** Adds items that are not there yet; a list that is full takes no more. */
export const addItems = (id: string, items: readonly ListItem[]): Promise<boolean> =>
  library.change([
    listChange(id, (list) => {
      const known = new Set(list.items.map(itemKey));
      const added = items.filter((item) => !known.has(itemKey(item)));
      return { ...list, items: [...list.items, ...added].slice(0, LIST_LIMITS.items) };
    }),
  ]);

export const removeItem = (id: string, key: string): Promise<boolean> =>
  library.change([
    listChange(id, (list) => ({ ...list, items: list.items.filter((item) => itemKey(item) !== key), changed: Date.now() })),
  ]);

export const noteItem = (id: string, key: string, note: string): Promise<boolean> =>
  library.change([
    listChange(id, (list) => ({
      ...list,
      items: list.items.map((item) =>
        itemKey(item) === key ? { ...item, note: note.slice(0, LIST_LIMITS.note), at: Date.now() } : item,
      ),
    })),
  ]);

/** Moves an item one place up (−1) or down (+1). */
export const moveItem = (id: string, key: string, by: -1 | 1): Promise<boolean> =>
  library.change([
    listChange(id, (list) => {
      const at = list.items.findIndex((item) => itemKey(item) === key);
      const items = [...list.items];
      const [moved] = at < 0 || at + by < 0 || at + by >= items.length ? [] : items.splice(at, 1);
      if (moved) items.splice(at + by, 0, moved);
      return { ...list, items, changed: Date.now() };
    }),
  ]);

/** Everything, for a file. */
export function allOfLibrary(): Library {
  const { labels, lists } = library.store.getState();
  return { labels: Object.values(labels), lists: sorted(Object.values(lists)) };
}

/** A list with the labels of its features: what a link or the file of one list holds. */
export function withLabels(list: ReaderList): Library {
  const { labels } = library.store.getState();
  const own = list.items.flatMap((item) => (item.kind === 'feature' ? [labels[featureRefKey(item)]] : []));
  return { lists: [list], labels: own.filter((label) => label !== undefined) };
}

export type ImportMode = 'merge' | 'new';

export interface Imported {
  readonly stored: boolean;
  /** Ids of the lists as they are here now. */
  readonly lists: readonly string[];
  readonly labels: number;
  /** Lists that were not taken, because there are as many as there may be. */
  readonly refused: number;
}

/**
 * Takes in lists and labels, all in one go.
 * - `merge`: a list of the same id becomes one with what is here; of two labels of a feature the newer stands, and the older
 *   is kept in its note.
 * - `new`: every list becomes a new one beside those that are here, and a feature that has a label here keeps it.
 */
export async function importLibrary(incoming: Library, mode: ImportMode): Promise<Imported> {
  const here = library.store.getState();
  const all = mode === 'merge' ? incoming.lists : incoming.lists.map((list) => ({ ...list, id: newList('').id }));
  let room = LIST_LIMITS.lists - Object.keys(here.lists).length;
  const taken = all.filter((list) => here.lists[list.id] !== undefined || room-- > 0);
  const stored = await library.change([
    ...taken.map((list): RecordChange => ({
      table: 'lists',
      key: list.id,
      apply: (before) => (before === undefined ? list : mergeLists(before as ReaderList, list)),
    })),
    ...incoming.labels.map((label): RecordChange => ({
      table: 'labels',
      key: featureRefKey(label),
      apply: (before) => (before === undefined ? label : mode === 'merge' ? mergeLabels(before as OwnLabel, label) : before),
    })),
  ]);
  return { stored, lists: taken.map(({ id }) => id), labels: incoming.labels.length, refused: all.length - taken.length };
}
