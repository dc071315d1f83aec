import { columnOf, type Column, type SparseColumns } from './columns.ts';
import { exampleGroups } from './examples.ts';
import { Matcher, type Labelled } from './matches.ts';
import { activationStats, coactive } from './measure.ts';
import { cosineStep, type CosineRecord, type FeatureRecord } from './record.ts';

/** A dictionary over a corpus: everything that a feature's record is made of. */
export interface Activations {
  readonly columns: SparseColumns;
  readonly labelled: Labelled;
  /** [dSae]: tokens on which the feature and the other one are both active; 0 for the feature itself. */
  readonly joint: (feature: number) => ArrayLike<number>;
}

export interface Neighbours {
  readonly nearest: readonly CosineRecord[];
  readonly elsewhere: readonly CosineRecord[];
}

/** Active tokens of each feature, [dSae]. */
export function activeCounts({ offsets, dSae }: SparseColumns): Int32Array {
  return Int32Array.from({ length: dSae }, (_, f) => (offsets[f + 1] ?? 0) - (offsets[f] ?? 0));
}

/** Makes the records of a dictionary's features, one at a time. */
export class RecordMaker {
  readonly #activations: Activations;
  readonly #matcher: Matcher;
  readonly #active: Int32Array;

  constructor(activations: Activations) {
    this.#activations = activations;
    this.#matcher = new Matcher(activations.labelled);
    this.#active = activeCounts(activations.columns);
  }

  /** @param neighbours cosines are rounded as they are stored */
  record(feature: number, { nearest, elsewhere }: Neighbours): FeatureRecord {
    const { columns, labelled, joint } = this.#activations;
    const column: Column = columnOf(columns, feature);
    const { max, mean, histogram } = activationStats(column);
    const rounded = (list: readonly CosineRecord[]): CosineRecord[] => list.map((n) => ({ ...n, cosine: cosineStep(n.cosine) }));
    return {
      feature,
      active: column.tokens.length,
      max,
      mean,
      histogram,
      groups: exampleGroups(feature, column, max, labelled.corpus),
      coactive: coactive(feature, joint(feature), this.#active),
      nearest: rounded(nearest),
      elsewhere: rounded(elsewhere),
      matches: this.#matcher.match(column),
    };
  }
}
