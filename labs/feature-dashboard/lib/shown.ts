import type { FeatureDashboard } from '../../../core/dashboards/types.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import type { DashboardChunk, DashboardResult, TextActivations } from '../result.ts';

/** What is there to be drawn. */
export interface Shown {
  readonly dashboard: FeatureDashboard | null;
  /** The dashboard is of another feature than the one asked for: the one asked for is on its way. */
  readonly otherFeature: boolean;
  readonly text: TextActivations | null;
  /** `text` answers what was typed before. */
  readonly staleText: boolean;
}

export interface Asked {
  readonly model: string;
  readonly sae: string;
  readonly feature: number;
}

/**
 * The newest of what streams in and what was there before. A dashboard stays while only the text changes; a text of another
 * feature never shows, as its values would be taken for this one's.
 */
export function shownOf(asked: Asked, result: DashboardResult | null, chunks: readonly DashboardChunk[], stale: boolean): Shown {
  const streamed = [...chunks].reverse();
  const isAsked = (d: FeatureDashboard): boolean => d.model === asked.model && d.sae === asked.sae && d.feature === asked.feature;
  const newest = streamed.find((chunk) => chunk.part === 'dashboard')?.dashboard ?? null;
  const before = result?.dashboard ?? null;
  const dashboard = newest ?? before;
  const own = before !== null && isAsked(before);
  const fresh = streamed.find((chunk) => chunk.part === 'text')?.text ?? null;
  const text = fresh ?? (!stale || own ? (result?.texts[0] ?? null) : null);
  return {
    dashboard,
    otherFeature: dashboard !== null && !isAsked(dashboard),
    text,
    staleText: fresh === null && stale && text !== null,
  };
}

/** The strongest token of a text; BOS does not count, as the dashboard leaves it out. Null where the feature is silent. */
export function strongestToken(
  text: Pick<TextActivations, 'tokens' | 'activations'>,
  bosId: number | null,
): { readonly position: number; readonly value: number } | null {
  const values = tensorData(text.activations);
  let best: { position: number; value: number } | null = null;
  values.forEach((value, position) => {
    if (position === 0 && text.tokens[0]?.id === bosId) return;
    if (value > 0 && value > (best?.value ?? 0)) best = { position, value };
  });
  return best;
}
