import { tokenSpans } from '../../../core/dashboards/align.ts';
import { corpusDocument, type DocumentShares } from '../../../core/dashboards/corpus.ts';
import type { TokenSpan } from '../../../core/dashboards/types.ts';
import { VariableTableBuilder, type CorpusTokens, type VariableTable } from '../../../core/dashboards/variables.ts';
import type { PopulationId } from '../../../core/curriculum/types.ts';
import type { HookedModel, Tokenizer } from '../../../workers/api.ts';

/** What of a model decides how a document is cut into tokens. */
export interface ReadingModel {
  readonly id: string;
  readonly tokenizer: Tokenizer;
  readonly config: Pick<HookedModel['config'], 'nCtx'>;
}

/** Which documents: those of a seed, in their shares. */
export interface CorpusRecipe {
  readonly seed: number;
  readonly shares: DocumentShares;
}

/** A document of the dashboards' corpus as tokens, without BOS. */
export interface ReadDocument {
  readonly population: PopulationId;
  readonly ids: readonly number[];
  /** In token indices without BOS. */
  readonly spans: readonly TokenSpan[];
}

/** Writes a document again and tokenizes it; what is longer than the model's context (with BOS) is cut. */
export function readDocument({ tokenizer, config }: ReadingModel, { seed, shares }: CorpusRecipe, n: number): ReadDocument {
  const document = corpusDocument(seed, n, shares);
  const all = tokenizer.encode(document.text);
  const ids = all.slice(0, config.nCtx - 1);
  return { population: document.population, ids, spans: tokenSpans(document, tokenizer.byteOffsets(ids)) };
}

/** The tokens that the model reads for a document. Dashboards put BOS in front wherever the model has one. */
export const withBos = ({ tokenizer }: Pick<ReadingModel, 'tokenizer'>, ids: readonly number[]): number[] =>
  tokenizer.bosId === null ? [...ids] : [tokenizer.bosId, ...ids];

/** Collects documents 0 … n − 1 into what the statistics need. */
export class CorpusBuilder {
  readonly #starts: number[] = [0];
  readonly #ids: number[] = [];
  readonly #table: VariableTableBuilder;

  constructor({ tokenizer }: HookedModel) {
    const texts = new Map<number, string>();
    this.#table = new VariableTableBuilder((id) => {
      const known = texts.get(id) ?? tokenizer.token(id).text;
      texts.set(id, known);
      return known;
    });
  }

  add(document: ReadDocument): void {
    this.#table.add(document, this.#starts.length - 1);
    for (const id of document.ids) this.#ids.push(id);
    this.#starts.push(this.#ids.length);
  }

  get documents(): number {
    return this.#starts.length - 1;
  }

  get tokens(): number {
    return this.#ids.length;
  }

  build(): { readonly corpus: CorpusTokens; readonly table: VariableTable } {
    const corpus: CorpusTokens = { starts: Int32Array.from(this.#starts), ids: Int32Array.from(this.#ids), first: 0 };
    return { corpus, table: this.#table.build() };
  }
}
