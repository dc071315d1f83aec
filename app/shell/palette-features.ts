import { useDeferredValue, useMemo } from 'react';
import { useStore } from 'zustand';
import { featureRefKey, type FeatureRef } from '../../core/lists/index.ts';
import { featureLink, parseFeaturePath } from '../../core/share/feature-address.ts';
import { dictionaries } from '../state/dictionary-index.ts';
import { useLabels } from '../state/labels.ts';
import { library } from '../state/library.ts';
import { findFeatures } from '../views/find-features.ts';
import { matchText, nameOf, nameText, useDictionaries, type FeatureName } from '../views/names.ts';
import { siteShort } from '../views/sites.ts';
import { catalogue, experiments, preferences } from './app.ts';
import { LABS } from './labs.ts';
import type { PaletteEntry } from './palette-entries.ts';
import { labOnScreen } from './shortcuts.ts';

const MOST = 24;
const RECENT = 'Recent';

const goTo = (fragment: string) => (): void => {
  location.hash = fragment;
};

/** `id` of the entry of a feature, so that none is offered twice. */
export const featureEntryId = (ref: FeatureRef, group: 'recent' | 'found' | 'label'): string => `${group}-${featureRefKey(ref)}`;

function featureEntry(ref: FeatureRef, name: FeatureName, found: boolean, hook = ref.sae): PaletteEntry {
  const place = `feature ${ref.feature} of ${siteShort(hook)}`;
  const hints = [ref.model, ...(name.name === null ? [nameText(name)] : [place, matchText(name)])];
  return {
    id: featureEntryId(ref, found ? 'found' : 'recent'),
    group: found ? 'Features' : RECENT,
    label: name.name ?? `${place.charAt(0).toUpperCase()}${place.slice(1)}`,
    hint: hints.filter(Boolean).join(' · '),
    go: goTo(featureLink(ref)),
  };
}

/** Labs and features that were open, newest first. */
export function recentEntries(): PaletteEntry[] {
  const { labels } = library.store.getState();
  const known = dictionaries.store.getState().dictionaries;
  return preferences.store.getState().recentPlaces.flatMap((place): PaletteEntry[] => {
    const feature = parseFeaturePath(place.replace(/^#\//, ''));
    if (feature) return [featureEntry(feature, nameOf(feature, labels, known[`${feature.model}/${feature.sae}`]), false)];
    const lab = LABS.find(({ id }) => place === `#/lab/${id}`);
    return lab ? [{ id: `recent-lab-${lab.id}`, group: RECENT, label: lab.title, hint: lab.question, go: goTo(place) }] : [];
  });
}

/** What is offered: what was open, what was found by what is typed, the rest. */
export function merged(
  entries: readonly PaletteEntry[],
  found: readonly (PaletteEntry & { readonly ref: FeatureRef })[],
): readonly PaletteEntry[] {
  const twice = new Set(found.flatMap(({ ref }) => [featureEntryId(ref, 'recent'), featureEntryId(ref, 'label')]));
  const rest = entries.filter(({ id }) => !twice.has(id));
  return [...rest.filter(({ group }) => group === RECENT), ...found, ...rest.filter(({ group }) => group !== RECENT)];
}

/** Features of the model on screen that are meant by what is typed; none until something is. Loads what they are called. */
export function useFoundFeatures(typed: string): readonly (PaletteEntry & { readonly ref: FeatureRef })[] {
  const spec = useStore(experiments.store, ({ drafts }) => drafts[labOnScreen() ?? '']?.spec ?? null);
  const model = useStore(
    catalogue.store,
    ({ models }) => models?.find(({ id }) => id === spec?.model) ?? models?.find(({ saes }) => saes.length > 0) ?? null,
  );
  const labels = useLabels();
  const begun = typed.trim().length > 1;
  const known = useDictionaries(model?.id ?? '', model?.saes.map(({ id }) => id) ?? [], begun);
  const query = useDeferredValue(typed);
  const first = spec?.saes?.[0] ?? null;
  return useMemo(
    () =>
      model && begun
        ? findFeatures(query, { model, first, labels, known }, MOST).map(({ ref, hook, name }) => ({
            ...featureEntry(ref, name, true, hook),
            ref,
          }))
        : [],
    [model, begun, query, first, labels, known],
  );
}
