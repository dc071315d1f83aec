import { useEffect } from 'react';
import { useStore } from 'zustand';
import { featureRefKey, LIST_LIMITS, type FeatureRef, type OwnLabel } from '../../core/lists/index.ts';
import { library } from './library.ts';

/**
 * What features are called. Every view that names a feature asks here, so that a name given once stands everywhere:
 * `useLabel(ref)` for one, `useLabels()` for many, `setLabel` to give or take one.
 */

/** The reader's own label of a feature; null where there is none. Follows changes, also those of other tabs. */
export function useLabel(ref: FeatureRef): string | null {
  return useOwnLabel(ref)?.text ?? null;
}

/** The same with its note. */
export function useOwnLabel(ref: FeatureRef): OwnLabel | null {
  useEffect(() => void library.open(), []);
  const key = featureRefKey(ref);
  return useStore(library.store, ({ labels }) => labels[key] ?? null);
}

/** All own labels, by `featureRefKey`; the same object until one changes. */
export function useLabels(): Readonly<Record<string, OwnLabel>> {
  useEffect(() => void library.open(), []);
  return useStore(library.store, ({ labels }) => labels);
}

/** Of a table of many features: how to look one up in `useLabels()`. */
export const labelText = (labels: Readonly<Record<string, OwnLabel>>, ref: FeatureRef): string | null =>
  labels[featureRefKey(ref)]?.text ?? null;

/**
 * Gives a feature a name; an empty one takes it away. The name is cut at 120 characters, the note at 2,000.
 * @returns whether it is stored; it stands on the page either way
 */
export function setLabel(ref: FeatureRef, text: string, note?: string): Promise<boolean> {
  const name = text.trim().replace(/\s+/g, ' ').slice(0, LIST_LIMITS.label);
  const { model, sae, feature } = ref;
  return library.change([
    {
      table: 'labels',
      key: featureRefKey(ref),
      apply(stored) {
        if (name === '') return undefined;
        const before = stored as OwnLabel | undefined;
        const words = (note ?? before?.note ?? '').slice(0, LIST_LIMITS.note);
        return { model, sae, feature, text: name, note: words, at: Date.now() } satisfies OwnLabel;
      },
    },
  ]);
}
