import { parseHook } from '../../core/hooks.ts';
import type { FeatureRef, OwnLabel } from '../../core/lists/index.ts';
import type { ModelEntry, SaeEntry } from '../state/catalogue.ts';
import type { DictionaryState } from '../state/dictionary-index.ts';
import { nameOf, type FeatureName } from './names.ts';

export interface FoundFeature {
  readonly ref: FeatureRef;
  readonly hook: string;
  readonly name: FeatureName;
}

export interface FeaturesToFind {
  readonly model: ModelEntry;
  /** The dictionary that is looked at: its features come first; null: none. */
  readonly first: string | null;
  readonly labels: Readonly<Record<string, OwnLabel>>;
  /** By `<model>/<sae>`, as far as it is there. */
  readonly known: Readonly<Record<string, DictionaryState>>;
}

/** `413`, `feature 413`, `L2 413`, `L2 resid_post · 413`: as features are written on the page. */
const NUMBERED = /^(?:feature\s+)?(?:l(\d+)\b)?[\s·]*([a-z][a-z_.]*)?[\s·]*(\d{1,8})$/i;

/**
 * Features by a number, in each dictionary that the words in front of it allow; else by words of their names: the reader's own
 * first, then the curriculum's, best match first.
 */
export function findFeatures(
  typed: string,
  { model, first, labels, known }: FeaturesToFind,
  most: number,
): readonly FoundFeature[] {
  const text = typed.trim();
  const saes = [...model.saes].sort((a, b) => Number(b.id === first) - Number(a.id === first));
  const found = ({ id, hookName }: SaeEntry, feature: number): FoundFeature => {
    const ref = { model: model.id, sae: id, feature };
    return { ref, hook: hookName, name: nameOf(ref, labels, known[`${model.id}/${id}`]) };
  };
  const numbered = NUMBERED.exec(text);
  if (numbered) {
    const [, layer, site, number] = numbered;
    const fitting = saes
      .filter(({ hookName, dSae }) => {
        const hook = parseHook(hookName);
        return (
          Number(number) < dSae &&
          (layer === undefined || hook?.layer === Number(layer)) &&
          (site === undefined || hookName.toLowerCase().includes(site.toLowerCase()))
        );
      })
      .map((sae) => found(sae, Number(number)));
    // A number may be a word of a name: “year 17”.
    if (fitting.length > 0) return fitting.slice(0, most);
  }
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const all = saes.flatMap((sae) =>
    Array.from({ length: sae.dSae }, (_, feature) => found(sae, feature)).filter(
      ({ name: { name } }) => name !== null && words.every((word) => name.toLowerCase().includes(word)),
    ),
  );
  // A reader's label has no F1, and weighs more than any.
  return all.sort((a, b) => (b.name.f1 ?? 2) - (a.name.f1 ?? 2)).slice(0, most);
}
