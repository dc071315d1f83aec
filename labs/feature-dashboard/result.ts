import type { FeatureDashboard } from '../../core/dashboards/types.ts';
import type { WireTensor } from '../../core/protocol/wire-tensor.ts';
import type { TokenText } from '../../core/tokens.ts';

/** The feature on one prompt of the reader's. Exact, from a forward pass of this run. */
export interface TextActivations {
  /** Which prompt of the experiment. */
  readonly prompt: number;
  /** BOS first where there is one. */
  readonly tokens: readonly TokenText[];
  /** f32 [pos]: activation of each token in the dictionary's units; BOS too, which the dashboard leaves out. */
  readonly activations: WireTensor;
}

/** The texts come first: they are what changes as someone types. */
export type DashboardChunk =
  | { readonly part: 'text'; readonly text: TextActivations }
  | { readonly part: 'dashboard'; readonly dashboard: FeatureDashboard };

export interface DashboardResult {
  /** One entry a prompt. */
  readonly texts: readonly TextActivations[];
  /** Null in mode `text`. */
  readonly dashboard: FeatureDashboard | null;
}
