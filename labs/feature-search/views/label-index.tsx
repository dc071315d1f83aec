import type MiniSearch from 'minisearch';
import { useEffect, useState } from 'react';
import type { OwnLabel } from '../../../core/lists/index.ts';
import type { SaeEntry } from '../../../app/state/catalogue.ts';
import type { DictionaryState } from '../../../app/state/dictionary-index.ts';
import { truthWords, variableCode } from '../../../app/views/variable-words.ts';

/** What of one feature can be found by words. */
export interface LabelDocument {
  /** `<sae>/<feature>`. */
  readonly id: string;
  readonly sae: string;
  readonly hook: string;
  readonly feature: number;
  /** The reader's label and note; empty: none. */
  readonly own: string;
  readonly note: string;
  /** The best-matching variable in words and by its names in the curriculum; empty: nothing is known or matches. */
  readonly truth: string;
  readonly f1: number;
  readonly density: number;
}

/** Every feature of a model that has a name, of its own or from ground truth. */
export function labelDocuments(
  model: string,
  saes: readonly SaeEntry[],
  known: Readonly<Record<string, DictionaryState>>,
  labels: Readonly<Record<string, OwnLabel>>,
): LabelDocument[] {
  const found = new Map<string, LabelDocument>();
  for (const { id: sae, hookName: hook } of saes) {
    const state = known[`${model}/${sae}`];
    if (state?.state !== 'ready') continue;
    const { best, variables, active, corpus } = state.index;
    for (const [feature, match] of best.entries()) {
      const variable = match ? variables[match[0]] : undefined;
      if (!match || !variable) continue;
      found.set(`${sae}/${feature}`, {
        id: `${sae}/${feature}`,
        sae,
        hook,
        feature,
        own: '',
        note: '',
        truth: `${truthWords(variable)} ${variableCode(variable)}`,
        f1: match[1],
        density: corpus.tokens > 0 ? (active[feature] ?? 0) / corpus.tokens : NaN,
      });
    }
  }
  for (const label of Object.values(labels)) {
    if (label.model !== model) continue;
    const { sae, feature } = label;
    const id = `${sae}/${feature}`;
    const hook = saes.find((known) => known.id === sae)?.hookName ?? sae;
    const base = found.get(id) ?? { id, sae, hook, feature, truth: '', f1: NaN, density: NaN };
    found.set(id, { ...base, own: label.text, note: label.note });
  }
  return [...found.values()];
}

export interface LabelIndex {
  /** Null while it is built. */
  readonly index: MiniSearch<LabelDocument> | null;
  readonly failed: unknown;
  /** Which attempt this is the outcome of. */
  readonly attempt: number;
}

/**
 * The full-text index of some documents, built anew where they change; its library comes at the first use.
 * @param attempt raised to try again
 */
export function useLabelIndex(documents: readonly LabelDocument[], attempt: number): LabelIndex {
  const [state, setState] = useState<LabelIndex>({ index: null, failed: null, attempt });
  useEffect(() => {
    let gone = false;
    void buildIndex(documents).then(
      (index) => !gone && setState({ index, failed: null, attempt }),
      (failed: unknown) => !gone && setState({ index: null, failed, attempt }),
    );
    return () => {
      gone = true;
    };
  }, [documents, attempt]);
  return state;
}

/** Own words weigh most, then ground truth by how well it matches. */
export async function buildIndex(documents: readonly LabelDocument[]): Promise<MiniSearch<LabelDocument>> {
  const { default: Search } = await import('minisearch');
  const quality = new Map(documents.map(({ id, own, f1 }) => [id, own !== '' ? 1 : f1]));
  const index = new Search<LabelDocument>({
    fields: ['own', 'note', 'truth', 'feature'],
    searchOptions: {
      prefix: true,
      // Short words would match almost anything.
      fuzzy: (word) => (word.length > 4 ? 0.2 : false),
      combineWith: 'AND',
      boost: { own: 4, note: 2 },
      boostDocument: (id) => 0.25 + (quality.get(String(id)) ?? 0),
    },
  });
  index.addAll(documents);
  return index;
}
