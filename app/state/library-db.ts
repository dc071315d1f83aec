import type { DBSchema, IDBPDatabase } from 'idb';

/** Where the reader's own things are kept: labels by feature, lists by id. */
export type LibraryTable = 'labels' | 'lists';

/** A change of one record, as a function of what is stored at that moment; `undefined` is no record. */
export interface RecordChange {
  readonly table: LibraryTable;
  readonly key: string;
  readonly apply: (stored: unknown) => unknown;
}

/** Storage of the library. Records are untrusted: another version of the page may have written them. */
export interface LibraryDb {
  readAll(): Promise<Readonly<Record<LibraryTable, readonly unknown[]>>>;
  read(table: LibraryTable, key: string): Promise<unknown>;
  /** All changes or none, in one transaction, so that two tabs never overwrite each other. @returns the new records */
  change(changes: readonly RecordChange[]): Promise<readonly unknown[]>;
  /** Another tab changed these records. */
  onOther(listener: (table: LibraryTable, keys: readonly string[]) => void): void;
}

interface Schema extends DBSchema {
  labels: { key: string; value: unknown };
  lists: { key: string; value: unknown };
}

/** The database; what is in it is shown, and deleted, on the page of lists. */
export const LIBRARY_NAME = 'vitrine-library';
const TABLES: readonly LibraryTable[] = ['labels', 'lists'];

/** The browser's IndexedDB, opened at the first use. */
export function browserLibraryDb(): LibraryDb {
  let opening: Promise<IDBPDatabase<Schema>> | null = null;
  const open = (): Promise<IDBPDatabase<Schema>> => {
    opening ??= import('idb')
      .then(({ openDB }) =>
        openDB<Schema>(LIBRARY_NAME, 1, {
          upgrade(db) {
            for (const table of TABLES) if (!db.objectStoreNames.contains(table)) db.createObjectStore(table);
          },
          // A newer version of the page wants to change the tables: let it, and open again when next needed.
          blocking: (_current, _blocked, event) => {
            (event.target as IDBDatabase | null)?.close();
            opening = null;
          },
          terminated: () => void (opening = null),
        }),
      )
      .catch((error: unknown) => {
        opening = null;
        throw error;
      });
    return opening;
  };
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(LIBRARY_NAME);
  return {
    async readAll() {
      const db = await open();
      const [labels, lists] = await Promise.all([db.getAll('labels'), db.getAll('lists')]);
      return { labels, lists };
    },
    async read(table, key) {
      return (await open()).get(table, key);
    },
    async change(changes) {
      const tx = (await open()).transaction([...TABLES], 'readwrite');
      const written: unknown[] = [];
      try {
        for (const { table, key, apply } of changes) {
          const store = tx.objectStore(table);
          const next = apply(await store.get(key));
          if (next === undefined) await store.delete(key);
          else await store.put(next, key);
          written.push(next);
        }
        await tx.done;
      } catch (error) {
        // Storage that is full may only say so when the transaction is to end.
        const why = tx.error ?? error;
        await tx.done.catch(() => undefined);
        throw why;
      }
      for (const table of TABLES) {
        const keys = changes.filter((change) => change.table === table).map(({ key }) => key);
        if (keys.length > 0) channel?.postMessage({ table, keys });
      }
      return written;
    },
    onOther(listener) {
      channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        if (typeof data !== 'object' || data === null || !('table' in data) || !('keys' in data)) return;
        const table = TABLES.find((known) => known === data.table);
        if (table && Array.isArray(data.keys))
          listener(
            table,
            data.keys.filter((key) => typeof key === 'string'),
          );
      });
    },
  };
}
