import { useCallback, useEffect } from 'react';
import { useStore } from 'zustand';
import type { FeatureRef } from '../../../core/lists/index.ts';
import { dictionaries, type DictionaryState } from '../../../app/state/dictionary-index.ts';
import { labelText, useLabels } from '../../../app/state/labels.ts';
import { NAMED_FROM, variableTitle } from '../../../app/views/variable-words.ts';

/** What a feature is called, and who says so. */
export type Naming = (ref: FeatureRef) => { readonly name: string | null; readonly from: 'reader' | 'truth' | 'none' };

/**
 * Own labels first, then the variable of the curriculum that matches well enough.
 * @param load fetch what is stored about the dictionaries; false in an embed that is not to load anything yet
 */
export function useNames(model: string, saes: readonly string[], load: boolean): Naming {
  const labels = useLabels();
  const known = useDictionaries(model, saes, load);
  return useCallback(
    (ref) => {
      const own = labelText(labels, ref);
      if (own !== null) return { name: own, from: 'reader' };
      const state = known[`${ref.model}/${ref.sae}`];
      const best = state?.state === 'ready' ? state.index.best[ref.feature] : null;
      const variable = best && state?.state === 'ready' ? state.index.variables[best[0]] : undefined;
      return variable && best && best[1] >= NAMED_FROM
        ? { name: variableTitle(variable), from: 'truth' }
        : { name: null, from: 'none' };
    },
    [labels, known],
  );
}

/** What is stored about several dictionaries, as it arrives. */
export function useDictionaries(
  model: string,
  saes: readonly string[],
  load: boolean,
): Readonly<Record<string, DictionaryState>> {
  const which = saes.join(' ');
  useEffect(() => {
    if (load) for (const sae of which.split(' ').filter(Boolean)) void dictionaries.load(model, sae);
  }, [model, which, load]);
  return useStore(dictionaries.store, (state) => state.dictionaries);
}
