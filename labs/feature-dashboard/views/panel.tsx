import type { FeatureDashboard } from '../../../core/dashboards/types.ts';
import type { Provenance } from '../../../core/protocol/messages.ts';
import type { ExperimentSpec } from '../../../core/spec/index.ts';
import type { ModelEntry, SaeEntry } from '../../../app/state/catalogue.ts';
import type { DashboardParams, DashboardView } from '../spec.ts';
import type { TextActivations } from '../result.ts';

/** What every part of the panel sees of the feature that is asked for. */
export interface FeatureContext {
  readonly spec: ExperimentSpec & { readonly params: DashboardParams; readonly view: DashboardView };
  readonly model: ModelEntry | null;
  readonly sae: string;
  readonly feature: number;
  /** The dictionary's entry in the manifest; null while that is on its way. */
  readonly entry: SaeEntry | null;
  /** Features of the dictionary; null while nobody knows. */
  readonly dSae: number | null;
  readonly bosId: number | null;
  readonly eosId: number | null;
  /** The engine has answered here. */
  readonly live: boolean;
  /** The reader's text; empty: none. */
  readonly prompt: string;
  /** Begins the name of every file saved from here. */
  readonly file: string;
  readonly setView: (patch: Partial<DashboardView>) => void;
  /** Goes to a feature, of this dictionary or another, with the same text on it. */
  readonly go: (feature: number, sae?: string) => void;
  /** Address of a feature, with the same text on it. */
  readonly href: (feature: number, sae?: string) => string;
  /** Puts a text into the test box and tests it. */
  readonly tryText: (text: string) => void;
  /** Computes the dashboard in this tab on so many documents. */
  readonly compute: (documents: number) => void;
}

/** The same once its dashboard is there. */
export interface DashboardContext extends FeatureContext {
  readonly dashboard: FeatureDashboard;
  /** The reader's text, where its activations are known. */
  readonly text: TextActivations | null;
  /** The largest activation on the reader's text; null where there is none. */
  readonly here: number | null;
  readonly provenance: Provenance | null;
}
