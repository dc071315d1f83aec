import type { StoreApi } from 'zustand/vanilla';

/** Where a piece of state may be kept. */
export interface Policy {
  /** It is part of the link. */
  readonly url: boolean;
  /** It survives a reload, in this browser. */
  readonly local: boolean;
  /** It is part of what is downloaded or shared as a file. */
  readonly export: boolean;
}

/** One decision per key: a new key does not compile until someone decides. */
export type Persistence<State> = { readonly [Key in keyof State]-?: Policy };

/** What of `localStorage` is used; both may throw (private windows, full storage). */
export type LocalStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Reads JSON that this page wrote before; null for anything missing, damaged or forbidden. */
export function readLocal(storage: LocalStore | null, key: string): unknown {
  try {
    const text = storage?.getItem(key) ?? null;
    return text === null ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

/**
 * Writes JSON, or removes the key for null. A full or forbidden storage is no error: the page works without.
 * @returns whether it is stored; else the state stays in memory for this visit
 */
export function writeLocal(storage: LocalStore | null, key: string, value: unknown): boolean {
  try {
    if (value === null) storage?.removeItem(key);
    else storage?.setItem(key, JSON.stringify(value));
    return storage !== null;
  } catch {
    return false;
  }
}

/** The keys that may be kept locally, and nothing else. */
export function localPart<State extends object>(state: State, policies: Persistence<State>): Partial<State> {
  const kept = (Object.keys(policies) as (keyof State)[]).filter((key) => policies[key].local);
  return Object.fromEntries(kept.map((key) => [key, state[key]])) as Partial<State>;
}

/**
 * Fills a store from local storage and writes its local keys back on each change.
 * @param read turns what was stored (untrusted) into the keys that are good
 */
export function keepLocally<State extends object>(
  store: StoreApi<State>,
  options: {
    readonly key: string;
    readonly policies: Persistence<State>;
    readonly storage: LocalStore | null;
    readonly read: (stored: Readonly<Record<string, unknown>>) => Partial<State>;
  },
): () => void {
  const { key, policies, storage, read } = options;
  const stored = readLocal(storage, key);
  if (typeof stored === 'object' && stored !== null) store.setState(read(stored as Record<string, unknown>));
  return store.subscribe((state) => writeLocal(storage, key, localPart(state, policies)));
}

/** The browser's storage, or null where reading the property already throws. */
export function browserStorage(): LocalStore | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
