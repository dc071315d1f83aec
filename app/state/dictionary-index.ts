import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { DashboardIndex } from '../../core/dashboards/files.ts';
import { toWireError, VitrineError, type WireError } from '../../core/protocol/errors.ts';
import type { Persistence } from './persistence.ts';
import { storedFile } from './stored-files.ts';

/** What is known of the stored dashboards of one dictionary. */
export type DictionaryState =
  | { readonly state: 'loading' }
  /** Nothing is stored of it. */
  | { readonly state: 'none' }
  | { readonly state: 'failed'; readonly error: WireError }
  | { readonly state: 'ready'; readonly index: DashboardIndex };

export interface DictionariesState {
  /** By `<model>/<sae>`. */
  readonly dictionaries: Readonly<Record<string, DictionaryState>>;
}

export const DICTIONARIES_PERSISTENCE: Persistence<DictionariesState> = {
  dictionaries: { url: false, local: false, export: false },
};

export interface Dictionaries {
  readonly store: StoreApi<DictionariesState>;
  /** Loads the index of a dictionary, once; again where it failed. Never rejects. */
  load(model: string, sae: string): Promise<void>;
}

const LOADING: DictionaryState = { state: 'loading' };
/** Milliseconds. */
const TOGETHER = 60;

/** @param fetchBytes a file below the site; null where there is none */
export function createDictionaries(fetchBytes: (path: string) => Promise<Uint8Array | null>): Dictionaries {
  const store = createStore<DictionariesState>(() => ({ dictionaries: {} }));
  const manifests = new Map<string, Promise<Uint8Array | null>>();
  let arrived: Record<string, DictionaryState> = {};
  let loading = 0;
  let shown: Promise<void> | null = null;
  const show = (): void => {
    const states = arrived;
    arrived = {};
    shown = null;
    store.setState(({ dictionaries }) => ({ dictionaries: { ...dictionaries, ...states } }));
  };
  /** Of many that are on their way, those that arrive together are shown together: a page draws all that it names once, not for each. */
  const arrive = async (key: string, state: DictionaryState): Promise<void> => {
    arrived[key] = state;
    if (--loading === 0) return show();
    shown ??= new Promise((done) => {
      setTimeout(() => {
        if (Object.keys(arrived).length > 0) show();
        done();
      }, TOGETHER);
    });
    await shown;
  };
  const read = async (model: string, sae: string): Promise<DictionaryState> => {
    // The layout of the files comes with the first dictionary that is looked at.
    const { decodeIndex, manifestPath, parseDashboardsManifest } = await import('../../core/dashboards/files.ts');
    const path = manifestPath(model);
    const asked = manifests.get(path) ?? fetchBytes(path);
    manifests.set(path, asked);
    asked.catch(() => manifests.delete(path));
    const bytes = await asked;
    if (bytes === null) return { state: 'none' };
    const manifest = parseDashboardsManifest(JSON.parse(new TextDecoder().decode(bytes)));
    const entry = manifest.saes.find(({ id }) => id === sae);
    if (!entry) return { state: 'none' };
    const file = await fetchBytes(entry.path);
    if (file === null) throw new VitrineError('not-found', `${entry.path} is not there`);
    return { state: 'ready', index: decodeIndex(file) };
  };
  return {
    store,
    async load(model, sae) {
      const key = `${model}/${sae}`;
      const before = store.getState().dictionaries[key];
      if (before && before.state !== 'failed') return;
      loading++;
      store.setState(({ dictionaries }) => ({ dictionaries: { ...dictionaries, [key]: LOADING } }));
      await arrive(
        key,
        await read(model, sae).catch((error: unknown): DictionaryState => ({ state: 'failed', error: toWireError(error) })),
      );
    },
  };
}

/** The dictionaries of this page. */
export const dictionaries: Dictionaries = createDictionaries(storedFile);

/** What is known of a dictionary's stored dashboards; loads it where need be. */
export function useDictionary(model: string, sae: string): DictionaryState {
  useEffect(() => void dictionaries.load(model, sae), [model, sae]);
  return useStore(dictionaries.store, (state) => state.dictionaries[`${model}/${sae}`] ?? LOADING);
}

/** All that is known of dictionaries by now, by `<model>/<sae>`; loads nothing. */
export const useKnownDictionaries = (): DictionariesState['dictionaries'] =>
  useStore(dictionaries.store, (state) => state.dictionaries);
