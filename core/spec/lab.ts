import type * as v from 'valibot';
import type { ExperimentSpec } from './schema.ts';

export interface LabNeeds {
  readonly saes?: boolean;
  readonly gradients?: boolean;
}

/** What `labs/<id>/spec.ts` exports as `lab`: one experiment method. */
export interface LabDefinition<P extends object = object, V extends object = object> {
  /** The folder's name. */
  readonly id: string;
  /** Raised when the meaning of a spec changes; old ones are migrated by `migrate`. */
  readonly version: number;
  readonly title: string;
  /** The question that the lab answers, in plain words. */
  readonly question: string;
  readonly needs: LabNeeds;
  /**
   * The answer is read while it is being made (a text, token by token): what streams in is drawn also while a slider is dragged,
   * and each change is followed however long a run takes. Without, only quick runs follow, and are drawn whole.
   */
  readonly streams?: boolean;
  /** Fills in defaults: parsing `{}` gives the default parameters. */
  readonly params: v.GenericSchema<unknown, P>;
  readonly view: v.GenericSchema<unknown, V>;
  /** A complete experiment to begin with. */
  readonly defaults: ExperimentSpec;
}
