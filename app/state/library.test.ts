import { describe, expect, it } from 'vitest';
import { featureRefKey, type ReaderList } from '../../core/lists/index.ts';
import type { LibraryDb, LibraryTable, RecordChange } from './library-db.ts';
import { createLibrary } from './library.ts';

const ref = { model: 'primer', sae: 'blocks.0.hook_mlp_out', feature: 3 };
const key = featureRefKey(ref);

/** Storage that tabs share; it can be full, slow, or closed. */
function storage() {
  const tables = { labels: new Map<string, unknown>(), lists: new Map<string, unknown>() };
  const listeners: { readonly tab: object; readonly tell: (table: LibraryTable, keys: readonly string[]) => void }[] = [];
  const state: { fails: Error | null } = { fails: null };
  const tab = (): LibraryDb => {
    const self = {};
    return {
      async readAll() {
        if (state.fails && state.fails.name !== 'QuotaExceededError') throw state.fails;
        await Promise.resolve();
        return { labels: [...tables.labels.values()], lists: [...tables.lists.values()] };
      },
      read: async (table, key) => Promise.resolve(tables[table].get(key)),
      async change(changes) {
        await Promise.resolve();
        if (state.fails) throw state.fails;
        const written = changes.map(({ table, key, apply }) => {
          const next = apply(structuredClone(tables[table].get(key)));
          if (next === undefined) tables[table].delete(key);
          else tables[table].set(key, structuredClone(next));
          return next;
        });
        for (const { tab, tell } of listeners) if (tab !== self) for (const { table, key } of changes) tell(table, [key]);
        return written;
      },
      onOther: (tell) => void listeners.push({ tab: self, tell }),
    };
  };
  return { tables, tab, state };
}

const name = (text: string): RecordChange => ({
  table: 'labels',
  key,
  apply: () => ({ ...ref, text, note: '', at: 1 }),
});
const list: ReaderList = { id: 'aaaa', name: 'n', note: '', prompt: '', items: [], created: 0, changed: 0 };
const add = (feature: number): RecordChange => ({
  table: 'lists',
  key: 'aaaa',
  apply: (stored) => ({
    ...list,
    items: [
      ...((stored as ReaderList | undefined)?.items ?? []),
      { kind: 'feature', model: 'primer', sae: 'a', feature, note: '', at: 0 },
    ],
  }),
});
const full = Object.assign(new Error('no space'), { name: 'QuotaExceededError' });
const features = ({ store }: ReturnType<typeof createLibrary>): number[] =>
  (store.getState().lists['aaaa']?.items ?? []).map((item) => (item.kind === 'feature' ? item.feature : -1));

describe('the library', () => {
  it('shows a change at once, stores it, and has it after a reload', async () => {
    const { tab } = storage();
    const first = createLibrary(tab());
    const stored = first.change([name('verbs')]);
    expect(first.store.getState().labels[key]?.text).toBe('verbs');
    expect(await stored).toBe(true);
    const second = createLibrary(tab());
    await second.open();
    expect(second.store.getState()).toMatchObject({ ready: true, unsaved: 0, problem: null });
    expect(second.store.getState().labels[key]?.text).toBe('verbs');
  });

  it('adds up what several tabs do to one list', async () => {
    const { tab } = storage();
    const [a, b] = [createLibrary(tab()), createLibrary(tab())];
    await Promise.all([a.open(), b.open()]);
    await Promise.all([a.change([add(1)]), b.change([add(2)]), a.change([add(3)]), b.change([add(4)])]);
    await new Promise((resolve) => setTimeout(resolve));
    expect(features(a).sort()).toEqual([1, 2, 3, 4]);
    expect(features(b)).toEqual(features(a));
  });

  it('loses nothing when storage is full: it says so, keeps order, and stores all of it later', async () => {
    const { tab, tables, state } = storage();
    const library = createLibrary(tab());
    await library.change([add(1)]);
    state.fails = full;
    expect(await library.change([add(2)])).toBe(false);
    expect(await library.change([add(3)])).toBe(false);
    expect(library.store.getState()).toMatchObject({ unsaved: 2, problem: { code: 'storage-full' } });
    expect(features(library)).toEqual([1, 2, 3]);
    expect((tables.lists.get('aaaa') as ReaderList).items).toHaveLength(1);
    // Another tab's change does not take away what waits here.
    state.fails = null;
    await createLibrary(tab()).change([add(9)]);
    state.fails = full;
    await new Promise((resolve) => setTimeout(resolve));
    expect(features(library)).toEqual([1, 9, 2, 3]);
    expect(await library.retry()).toBe(false);
    state.fails = null;
    expect(await library.retry()).toBe(true);
    expect(library.store.getState()).toMatchObject({ unsaved: 0, problem: null });
    expect((tables.lists.get('aaaa') as ReaderList).items).toHaveLength(4);
  });

  it('works without any storage, and says that nothing is kept', async () => {
    const { tab, state } = storage();
    state.fails = new Error('denied');
    const library = createLibrary(tab());
    await library.open();
    expect(await library.change([name('x')])).toBe(false);
    expect(library.store.getState()).toMatchObject({ ready: true, unsaved: 1, problem: { code: 'no-storage' } });
    expect(library.store.getState().labels[key]?.text).toBe('x');
  });

  it('leaves out damaged records, and makes no change that would damage one', async () => {
    const { tab, tables } = storage();
    tables.labels.set('junk', { text: 4 });
    tables.lists.set('aaaa', list);
    const library = createLibrary(tab());
    await library.open();
    expect(Object.keys(library.store.getState().labels)).toEqual([]);
    await library.change([{ table: 'lists', key: 'aaaa', apply: () => ({ ...list, name: '' }) }]);
    expect(library.store.getState().lists['aaaa']?.name).toBe('n');
    expect(tables.lists.get('aaaa')).toMatchObject({ name: 'n' });
  });
});
