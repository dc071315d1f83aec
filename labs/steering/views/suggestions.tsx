import { useMemo } from 'react';
import type { TokenText } from '../../../core/tokens.ts';
import type { DashboardIndex } from '../../../core/dashboards/files.ts';
import { useKnownDictionaries } from '../../../app/state/dictionary-index.ts';
import { featureRows, filterRows, sortRows } from '../../../app/views/feature-rows.ts';
import { matchText, nameText } from '../../../app/views/names.ts';
import { number, percent } from '../../../app/views/numbers.ts';
import { quoteToken } from '../../../app/views/tokens.ts';
import type { PromptFeatures } from '../result.ts';
import type { NameOf } from './words.tsx';

/** More than one looks through. */
const MOST = 60;

export interface Suggestion {
  /** The feature's number. */
  readonly id: string;
  /** `413 · its name`. */
  readonly label: string;
  readonly hint: string;
}

interface Asked {
  readonly model: string;
  readonly sae: string | null;
  /** Features of the dictionary; null where unknown. */
  readonly size: number | null;
  readonly typed: string;
  readonly nameOf: NameOf;
  /** The strongest on the prompt. */
  readonly top: PromptFeatures['top'];
  readonly prompt: readonly TokenText[];
}

/** Features that one may mean by what is typed: the strongest on the prompt where that is nothing. */
export function useSuggestions({ model, sae, ...asked }: Asked): readonly Suggestion[] {
  const state = useKnownDictionaries()[`${model}/${sae ?? ''}`];
  const index = state?.state === 'ready' ? state.index : null;
  const { size, typed, nameOf, top, prompt } = asked;
  return useMemo(
    () => (sae === null ? [] : suggestions({ sae, index, size, typed, nameOf, top, prompt })),
    [sae, index, size, typed, nameOf, top, prompt],
  );
}

/** Those on the prompt first, then by how well they are named; `typed`: words of a name, or how a number begins. */
export function suggestions({
  sae,
  index,
  size,
  typed,
  nameOf,
  top,
  prompt,
}: Omit<Asked, 'model'> & { readonly sae: string; readonly index: DashboardIndex | null }): readonly Suggestion[] {
  const here = new Map(
    top.map(({ feature, activation, max, position }) => [
      feature,
      `${number(activation)} at ${quoteToken(prompt[position])}${max > 0 ? `, ${percent(activation / max)} of its largest` : ''}`,
    ]),
  );
  const suggest = (feature: number): Suggestion => {
    const name = nameOf(sae, feature);
    const hints = [name.from === 'reader' ? 'your label' : matchText(name), here.get(feature) ?? ''];
    return { id: String(feature), label: `${feature} · ${nameText(name)}`, hint: hints.filter(Boolean).join(' · ') };
  };
  const asked = typed.trim();
  if (asked === '') return [...here.keys()].map(suggest);
  // A suggestion that was taken stands in the field as a whole.
  const exact = /^(\d+) ·/.exec(asked)?.[1];
  if (exact !== undefined) return [suggest(Number(exact))];
  const dSae = index?.sae.dSae ?? size ?? 0;
  const own = (feature: number): string | null => {
    const { name, from } = nameOf(sae, feature);
    return from === 'reader' ? name : null;
  };
  const rows = featureRows(index, dSae, own);
  const byNumber = /^\d+$/.test(asked) ? rows.filter(({ feature }) => String(feature).startsWith(asked)) : [];
  const named = rows.filter(({ feature }) => nameOf(sae, feature).name !== null);
  const byName = sortRows(filterRows(named, asked, false), 'f1', true).sort(
    (a, b) => Number(a.label === null) - Number(b.label === null) || Number(here.has(b.feature)) - Number(here.has(a.feature)),
  );
  return [...new Set([...byNumber, ...byName].map(({ feature }) => feature))].slice(0, MOST).map(suggest);
}
