import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { TokenIndex } from '../../core/dashboards/tokens.ts';
import { toWireError, VitrineError, type WireError } from '../../core/protocol/errors.ts';
import type { Persistence } from './persistence.ts';
import { storedFile } from './stored-files.ts';

/** What is known of the tokens on which a model's features fire. */
export type TokenIndexState =
  | { readonly state: 'loading' }
  | { readonly state: 'none' }
  | { readonly state: 'failed'; readonly error: WireError }
  | { readonly state: 'ready'; readonly index: TokenIndex };

export interface TokenIndexesState {
  /** By model. */
  readonly models: Readonly<Record<string, TokenIndexState>>;
}

export const TOKEN_INDEXES_PERSISTENCE: Persistence<TokenIndexesState> = {
  models: { url: false, local: false, export: false },
};

const store: StoreApi<TokenIndexesState> = createStore<TokenIndexesState>(() => ({ models: {} }));

/** Reads a model's index of tokens. @param file below the site; null where there is none */
export async function readTokenIndex(
  model: string,
  file: (path: string) => Promise<Uint8Array | null>,
): Promise<TokenIndexState> {
  try {
    const [{ manifestPath, parseDashboardsManifest }, { decodeTokenIndex }] = await Promise.all([
      import('../../core/dashboards/files.ts'),
      import('../../core/dashboards/tokens.ts'),
    ]);
    const bytes = await file(manifestPath(model));
    const listed = bytes && parseDashboardsManifest(JSON.parse(new TextDecoder().decode(bytes))).tokens;
    if (!listed) return { state: 'none' };
    const found = await file(listed.path);
    if (!found) throw new VitrineError('not-found', `${listed.path} is not there`);
    return { state: 'ready', index: decodeTokenIndex(found) };
  } catch (error) {
    return { state: 'failed', error: toWireError(error) };
  }
}

/** Loads a model's index of tokens, once; again where it failed. */
export async function loadTokenIndex(model: string): Promise<void> {
  const before = store.getState().models[model];
  if (before && before.state !== 'failed') return;
  const put = (state: TokenIndexState): void => store.setState(({ models }) => ({ models: { ...models, [model]: state } }));
  put({ state: 'loading' });
  put(await readTokenIndex(model, storedFile));
}

const LOADING: TokenIndexState = { state: 'loading' };

export function useTokenIndex(model: string): TokenIndexState {
  useEffect(() => void loadTokenIndex(model), [model]);
  return useStore(store, ({ models }) => models[model] ?? LOADING);
}
