import * as v from 'valibot';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { featureRefKey, labelSchema, listSchema, type OwnLabel, type ReaderList } from '../../core/lists/index.ts';
import { toWireError, VitrineError, type WireError } from '../../core/protocol/errors.ts';
import { browserLibraryDb, type LibraryDb, type LibraryTable, type RecordChange } from './library-db.ts';
import type { Persistence } from './persistence.ts';

export interface LibraryState {
  /** By `featureRefKey`. */
  readonly labels: Readonly<Record<string, OwnLabel>>;
  /** By id. */
  readonly lists: Readonly<Record<string, ReaderList>>;
  /** What is stored has been read (or cannot be). */
  readonly ready: boolean;
  /** Changes that stand on the page but could not be stored; none of them is lost while the tab is open. */
  readonly unsaved: number;
  /** Why. */
  readonly problem: WireError | null;
}

/** Kept in IndexedDB, record by record; what a file or a link holds is said in `core/lists`. */
export const LIBRARY_PERSISTENCE: Persistence<LibraryState> = {
  labels: { url: true, local: true, export: true },
  lists: { url: true, local: true, export: true },
  ready: { url: false, local: false, export: false },
  unsaved: { url: false, local: false, export: false },
  problem: { url: false, local: false, export: false },
};

interface Placed {
  readonly table: LibraryTable;
  readonly key: string;
  readonly value: OwnLabel | ReaderList | undefined;
}

export interface LibraryStore {
  readonly store: StoreApi<LibraryState>;
  /** Reads what is stored, once. Never rejects. */
  open(): Promise<void>;
  /** Changes records, at once on the page and then in storage. Resolves to whether all of them are stored. */
  change(changes: readonly RecordChange[]): Promise<boolean>;
  /** Tries again to store what could not be. */
  retry(): Promise<boolean>;
}

/**
 * The reader's own labels and lists. A change shows at once, and is stored as a function of the record as it is in storage
 * then, so that several tabs add to each other's changes. Where storage refuses, changes wait in order.
 */
export function createLibrary(db: LibraryDb): LibraryStore {
  const store = createStore<LibraryState>(() => ({ labels: {}, lists: {}, ready: false, unsaved: 0, problem: null }));
  let queue: (readonly RecordChange[])[] = [];
  let opening: Promise<void> | null = null;
  let working: Promise<boolean> | null = null;
  let writes = 0;

  const put = (records: readonly Placed[]): void => {
    const { labels, lists } = store.getState();
    const next = { labels: { ...labels }, lists: { ...lists } };
    for (const { table, key, value } of records) {
      if (value) next[table][key] = value as OwnLabel & ReaderList;
      else delete next[table][key];
    }
    store.setState(next);
  };
  /** Shows what is stored, with the changes that still wait on top. */
  const show = (records: readonly { readonly table: LibraryTable; readonly key: string; readonly value: unknown }[]): void =>
    put(
      records.map(({ table, key, value }) => {
        const waiting = queue.flat().filter((change) => change.table === table && change.key === key);
        return { table, key, value: waiting.reduce((now, change) => applied(change, now), parseRecord(table, value)) };
      }),
    );
  const work = async (): Promise<boolean> => {
    await open();
    for (let first = queue[0]; first; first = queue[0]) {
      const changes = first;
      try {
        const written = await db.change(changes.map(guarded));
        queue = queue.slice(1);
        writes++;
        show(changes.map(({ table, key }, i) => ({ table, key, value: written[i] })));
        store.setState({ unsaved: queue.length, problem: null });
      } catch (error) {
        store.setState({ unsaved: queue.length, problem: toWireError(storageError(error)) });
        return false;
      }
    }
    return true;
  };
  const start = (): Promise<boolean> =>
    (working ??= work().finally(() => {
      working = null;
    }));
  const read = async (): Promise<void> => {
    try {
      const { labels, lists } = await db.readAll();
      const records = [
        ...labels.map((value) => ({ table: 'labels' as const, value })),
        ...lists.map((value) => ({ table: 'lists' as const, value })),
      ].flatMap(({ table, value }) => {
        const parsed = parseRecord(table, value);
        return parsed ? [{ table, key: 'id' in parsed ? parsed.id : featureRefKey(parsed), value: parsed }] : [];
      });
      show(records);
    } catch (error) {
      store.setState({ problem: toWireError(storageError(error)) });
    }
    store.setState({ ready: true });
  };
  const open = (): Promise<void> => (opening ??= read());

  const readAgain = async (table: LibraryTable, keys: readonly string[]): Promise<void> => {
    for (;;) {
      const before = writes;
      const records = await Promise.all(keys.map(async (key) => ({ table, key, value: await db.read(table, key) })));
      // What was read while this tab wrote may be older than what it wrote.
      if (before === writes) return show(records);
    }
  };
  db.onOther((table, keys) => {
    if (opening) readAgain(table, keys).catch(() => undefined);
  });
  return {
    store,
    open,
    async change(changes) {
      queue = [...queue, changes];
      // Shown from what is on the page; storage has the last word.
      const now = store.getState();
      put(changes.map((change) => ({ ...change, value: applied(change, now[change.table][change.key]) })));
      // A run that is about to end on an error is not the one that tried this change.
      return (await start()) && (queue.length === 0 || start());
    },
    retry: start,
  };
}

/** A damaged record counts as none; a change that would leave no valid record is not made. */
const applied = ({ table, apply }: RecordChange, value: unknown): OwnLabel | ReaderList | undefined => {
  const before = parseRecord(table, value);
  const next = apply(before);
  return next === undefined ? undefined : (parseRecord(table, next) ?? before);
};
const guarded = (change: RecordChange): RecordChange => ({ ...change, apply: (stored) => applied(change, stored) });

function parseRecord(table: LibraryTable, value: unknown): OwnLabel | ReaderList | undefined {
  if (value === undefined) return undefined;
  const parsed = v.safeParse(table === 'labels' ? labelSchema : listSchema, value, { abortEarly: true });
  return parsed.success ? parsed.output : undefined;
}

function storageError(error: unknown): VitrineError {
  const full = error instanceof Error && (error.name === 'QuotaExceededError' || /quota/i.test(error.message));
  const why = error instanceof Error && error.message !== '' ? error.message : String(error);
  return full
    ? new VitrineError('storage-full', 'the last change to your lists is on this page, but could not be stored', { cause: error })
    : new VitrineError('no-storage', `the browser does not let this page store anything (${why})`, { cause: error });
}

/** The library of this browser. */
export const library: LibraryStore = createLibrary(browserLibraryDb());

/** Asks before the tab is closed, while something on it is not stored. */
function guardUnsaved({ store }: LibraryStore): void {
  if (typeof window === 'undefined') return;
  const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
  store.subscribe(({ unsaved }) => {
    // The listener itself keeps a page out of the browser's back-forward cache, so it is there only while it is needed.
    if (unsaved > 0) window.addEventListener('beforeunload', ask);
    else window.removeEventListener('beforeunload', ask);
  });
}
guardUnsaved(library);
