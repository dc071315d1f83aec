import { useCallback, useEffect } from 'react';
import type { FeatureRef, OwnLabel } from '../../core/lists/index.ts';
import { dictionaries, useKnownDictionaries, type DictionaryState } from '../state/dictionary-index.ts';
import { labelText, useLabels } from '../state/labels.ts';
import { useModels } from '../state/use-model.ts';
import { whenIdle } from '../ui/idle.ts';
import { number } from './numbers.ts';
import { NAMED_FROM, variableTitle } from './variable-words.ts';

/** What a feature is called, and who says so. */
export interface FeatureName {
  readonly name: string | null;
  /** The reader; the curriculum, whose variable matches; nobody; or nobody yet, as the dictionary's index is on its way. */
  readonly from: 'reader' | 'truth' | 'none' | 'waiting';
  /** How well the variable matches, 0 … 1 (the scored half); null unless the name is one. */
  readonly f1: number | null;
}

export type Naming = (ref: FeatureRef) => FeatureName;

const NOBODY: FeatureName = { name: null, from: 'none', f1: null };
const WAITING: FeatureName = { name: null, from: 'waiting', f1: null };

/**
 * Own labels first, then the variable of the curriculum that matches well enough (`NAMED_FROM`).
 * @param state what is known of its dictionary
 */
export function nameOf(
  ref: FeatureRef,
  labels: Readonly<Record<string, OwnLabel>>,
  state: DictionaryState | undefined,
): FeatureName {
  const own = labelText(labels, ref);
  if (own !== null) return { name: own, from: 'reader', f1: null };
  if (state?.state === 'loading') return WAITING;
  if (state?.state !== 'ready') return NOBODY;
  const best = state.index.best[ref.feature];
  const variable = best && state.index.variables[best[0]];
  return variable && best[1] >= NAMED_FROM ? { name: variableTitle(variable), from: 'truth', f1: best[1] } : NOBODY;
}

/**
 * What features are called. Every view that names one asks here.
 * @param load fetch what is stored about the dictionaries (about 20 kB each), once the page is idle
 */
export function useNames(model: string, saes: readonly string[], load = true): Naming {
  const labels = useLabels();
  const known = useDictionaries(model, saes, load);
  const awaited = useListed(model, load ? saes : []) ?? saes.join(' ');
  return useCallback(
    (ref) => {
      const waits = ref.model === model && awaited.split(' ').includes(ref.sae);
      return nameOf(ref, labels, known[`${ref.model}/${ref.sae}`] ?? (waits ? LOADING : undefined));
    },
    [labels, known, model, awaited],
  );
}

const LOADING: DictionaryState = { state: 'loading' };

/** What is stored about several dictionaries, as it arrives. Of those that the model's manifest does not list, nothing is asked for. */
export function useDictionaries(model: string, saes: readonly string[], load = true): Readonly<Record<string, DictionaryState>> {
  const listed = useListed(model, saes) ?? '';
  useEffect(() => {
    if (!load || listed === '') return;
    return whenIdle(() => {
      for (const sae of listed.split(' ')) void dictionaries.load(model, sae);
    });
  }, [model, listed, load]);
  return useKnownDictionaries();
}

/** Those of some dictionaries that are the model's, as one text; null while nobody knows. */
function useListed(model: string, saes: readonly string[]): string | null {
  const models = useModels();
  if (models === null) return null;
  const entry = models.find(({ id }) => id === model);
  return saes.filter((id) => entry?.saes.some((sae) => sae.id === id)).join(' ');
}

/** A name as it is printed in its own place; never an id. */
export const nameText = ({ name, from }: FeatureName): string => name ?? (from === 'waiting' ? '…' : 'No label yet');

/** `F1 0.910` beside a name that is a match; empty beside what a reader wrote, or nothing. */
export const matchText = ({ f1 }: FeatureName): string => (f1 === null ? '' : `F1 ${number(f1)}`);

/** Who says so, in a sentence; empty where nobody does. */
export function nameSource({ from, f1 }: FeatureName): string {
  if (from === 'reader') return 'Your label';
  if (from === 'truth')
    return `From ground truth: the variable of the curriculum that matches the feature best, F1 ${number(f1 ?? NaN)}; no reader’s label`;
  return '';
}
