import { corpusDocument, DASHBOARD_SEED, documentShares } from '../../../core/dashboards/corpus.ts';
import { WINDOW } from '../../../core/dashboards/record.ts';
import type { PopulationId } from '../../../core/curriculum/types.ts';
import type { RunContext } from '../../../workers/api.ts';
import type { RepeatsRequest } from '../spec.ts';
import { readDocument, withBos } from './documents.ts';

/** A document of the corpus that holds the same window, without what the feature makes of it. */
export interface SameText {
  readonly document: number;
  readonly population: PopulationId;
  /** BOS first where there is one. */
  readonly ids: readonly number[];
  /** The token in the middle of the window, BOS counted. */
  readonly position: number;
}

/** Documents between two looks at whether the run was given up. */
const STEP = 64;

/**
 * Every other document of the corpus whose tokens around one of its own are those around an example's, as `repeats` of an
 * example counts them: the same ±`WINDOW` tokens, cut by the ends of the text in the same way.
 */
export async function findSame(ctx: RunContext, { document, position, documents }: RepeatsRequest): Promise<SameText[]> {
  const { model } = ctx;
  const recipe = { seed: DASHBOARD_SEED, shares: documentShares() };
  const shift = model.tokenizer.bosId === null ? 0 : 1;
  const at = position - shift;
  const { ids } = readDocument(model, recipe, document);
  const from = Math.max(0, at - WINDOW);
  const window = ids.slice(from, at + WINDOW + 1);
  const text = model.tokenizer.decode(window);
  const found: SameText[] = [];
  for (let n = 0; n < documents; n++) {
    if (n % STEP === 0) {
      ctx.progress('documents', n, documents, 'documents');
      await ctx.checkpoint();
    }
    // Most documents are told apart by their letters, before they are cut into tokens.
    if (n === document || !corpusDocument(recipe.seed, n, recipe.shares).text.includes(text)) continue;
    const other = readDocument(model, recipe, n);
    const middle = middleOf(other.ids, window, at - from);
    if (middle !== null)
      found.push({ document: n, population: other.population, ids: withBos(model, other.ids), position: middle + shift });
  }
  return found;
}

/** Where a text has the window with its own ends where the window has them; null where it does not. */
export function middleOf(ids: readonly number[], window: readonly number[], before: number): number | null {
  for (let from = 0; from + window.length <= ids.length; from++) {
    const middle = from + before;
    const same = Math.max(0, middle - WINDOW) === from && Math.min(ids.length, middle + WINDOW + 1) === from + window.length;
    if (same && window.every((id, i) => ids[from + i] === id)) return middle;
  }
  return null;
}
