import type { LabPanelProps } from '../../../app/state/lab-panel.ts';
import type { ModelEntry } from '../../../app/state/catalogue.ts';
import type { Naming } from '../../../app/views/names.ts';
import type { Found } from '../lib/rows.ts';
import type { SearchChunk, SearchResult } from '../result.ts';
import type { SearchParams, SearchView } from '../spec.ts';

export type PanelProps = LabPanelProps<SearchParams, SearchView, SearchResult, SearchChunk>;

/** What every tab sees. */
export interface SearchContext {
  readonly props: PanelProps;
  readonly found: Found;
  readonly model: ModelEntry | null;
  readonly bosId: number | null;
  readonly names: Naming;
  /** The first prompt as text. */
  readonly text: string;
  /** Begins the name of every file saved from here. */
  readonly file: string;
  /** Asks something else: what answers live answers at once; a recording waits for Run, so that an embed loads nothing unasked. */
  readonly ask: PanelProps['setSpec'];
}

/** Changes settings of the search. */
export const withParams =
  (change: Partial<SearchParams>): Parameters<PanelProps['setSpec']>[0] =>
  (spec) => ({ ...spec, params: { ...spec.params, ...change } });
