import type { PopulationId } from '../../core/curriculum/types.ts';
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
  /** Where the feature's value at one token comes from; null where the dictionary does not read mixes of other tokens (`hook_z` alone does). */
  readonly sources: SourceAttribution | null;
}

/** Direct feature attribution: what each source token, through each head, adds to the feature's value at one token. */
export interface SourceAttribution {
  /** The token: the strongest one, BOS left out, unless `params.at` names another. */
  readonly position: number;
  /** f32 [head, key]: pattern · (value · encoder row), the dictionary's units; 0 for later tokens. */
  readonly byHead: WireTensor;
  /** What the encoder adds whatever the text. */
  readonly constant: number;
  /** Σ byHead + constant: the feature's value there before its nonlinearity. */
  readonly value: number;
}

/** The texts come first: they are what changes as someone types. */
export type DashboardChunk =
  | { readonly part: 'text'; readonly text: TextActivations }
  | { readonly part: 'dashboard'; readonly dashboard: FeatureDashboard };

/** A text of the corpus that reads the same around one of its tokens as an example does, and has the feature active there. */
export interface RepeatedText extends Omit<TextActivations, 'prompt' | 'sources'> {
  readonly document: number;
  readonly population: PopulationId;
  /** The token, BOS being 0. */
  readonly position: number;
  /** Activation there. */
  readonly value: number;
}

export interface Repeats {
  /** Strongest first. */
  readonly texts: readonly RepeatedText[];
  /** More than `texts` where there were too many to read all. */
  readonly found: number;
}

export interface DashboardResult {
  /** One entry a prompt. */
  readonly texts: readonly TextActivations[];
  /** Null in mode `text`. */
  readonly dashboard: FeatureDashboard | null;
  /** Where `repeatsOf` asks for them. */
  readonly repeats?: Repeats;
}
