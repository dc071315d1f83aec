import type { ExperimentSpec } from '../../../core/spec/index.ts';
import type { TokenText } from '../../../core/tokens.ts';
import type { ModelEntry } from '../../../app/state/catalogue.ts';
import type { Naming } from '../../../app/views/names.ts';
import type { FeatureTrace } from '../lib/rows.ts';
import type { Parts } from '../lib/parts.ts';
import type { ExploreParams, ExploreView } from '../spec.ts';

/** What every part of the panel sees. */
export interface PanelContext {
  readonly spec: ExperimentSpec & { readonly params: ExploreParams; readonly view: ExploreView };
  readonly parts: Parts;
  readonly tokens: readonly TokenText[];
  readonly traces: ReadonlyMap<string, FeatureTrace>;
  /** Positions selected, bounds inclusive. */
  readonly range: { readonly from: number; readonly to: number };
  readonly bosId: number | null;
  readonly model: ModelEntry | null;
  /** What features are called. */
  readonly names: Naming;
  /** Begins the name of every file saved from here. */
  readonly file: string;
  readonly setView: (patch: Partial<ExploreView>) => void;
  /** Asks something else: what answers live answers at once; a recording waits for Run, so that an embed loads nothing unasked. */
  readonly ask: (change: (spec: ExperimentSpec) => ExperimentSpec) => void;
}

/** A token of the vocabulary that came with the answer. */
export const wordOf = (parts: Parts, id: number): TokenText => parts.vocabulary[String(id)] ?? { id, text: `#${id}` };
