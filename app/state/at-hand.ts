import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { FeatureRef } from '../../core/lists/index.ts';
import type { Persistence } from './persistence.ts';

export interface AtHandState {
  /** The feature that the picture on screen begins with; null where there is none. */
  readonly feature: FeatureRef | null;
}

export const AT_HAND_PERSISTENCE: Persistence<AtHandState> = { feature: { url: false, local: false, export: false } };

const store: StoreApi<AtHandState> = createStore<AtHandState>(() => ({ feature: null }));

/** Tells the page around a panel which feature one would go on with; nothing is at hand once the panel has left. */
export function useFeatureAtHand(feature: FeatureRef | null): void {
  const { model = '', sae = '', feature: number = -1 } = feature ?? {};
  useEffect(() => {
    store.setState({ feature: number < 0 ? null : { model, sae, feature: number } });
    return () => store.setState({ feature: null });
  }, [model, sae, number]);
}

/** What one would go on with from the picture on screen. */
export const useAtHand = (): AtHandState => useStore(store);
