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
  /** Fills in defaults: parsing `{}` gives the default parameters. */
  readonly params: v.GenericSchema<unknown, P>;
  readonly view: v.GenericSchema<unknown, V>;
  /** A complete experiment to begin with. */
  readonly defaults: ExperimentSpec;
}
