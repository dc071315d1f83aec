import { parseHook } from '../../../core/hooks.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import type { FeatureRows } from '../result.ts';

/** One feature of one dictionary, over the whole prompt. */
export interface FeatureTrace {
  /** `<sae>/<feature>`: how a pinned feature is named in a link. */
  readonly key: string;
  readonly sae: string;
  readonly feature: number;
  readonly layer: number | null;
  /** Activation at every position, 0 where inactive; the dictionary's own units. */
  readonly values: Float32Array;
  /** The largest activation over the card's text; 0 where unknown. */
  readonly maxKnown: number;
}

export const featureKey = (sae: string, feature: number): string => `${sae}/${feature}`;

/** Reads `<sae>/<feature>`; null if it is not one. */
export function parseFeatureKey(key: string): { readonly sae: string; readonly feature: number } | null {
  const found = /^(.+)\/(\d{1,9})$/.exec(key);
  return found?.[1] && found[2] ? { sae: found[1], feature: Number(found[2]) } : null;
}

/** Every feature that is active anywhere on the prompt, by key. */
export function featureTraces(dictionaries: readonly FeatureRows[]): ReadonlyMap<string, FeatureTrace> {
  const traces = new Map<string, FeatureTrace>();
  for (const rows of dictionaries) {
    const offsets = tensorData(rows.offsets);
    const indices = tensorData(rows.indices);
    const values = tensorData(rows.values);
    const known = tensorData(rows.maxKnown);
    const positions = offsets.length - 1;
    const layer = parseHook(rows.hook)?.layer ?? null;
    for (let p = 0; p < positions; p++)
      for (let i = offsets[p] ?? 0; i < (offsets[p + 1] ?? 0); i++) {
        const feature = indices[i] ?? 0;
        const key = featureKey(rows.sae, feature);
        let trace = traces.get(key);
        if (!trace) {
          trace = { key, sae: rows.sae, feature, layer, values: new Float32Array(positions), maxKnown: known[i] ?? 0 };
          traces.set(key, trace);
        }
        trace.values[p] = values[i] ?? 0;
      }
  }
  return traces;
}

export type Normalise = 'known-max' | 'view';

/** The largest activation of a trace within positions (inclusive). */
export function peak(trace: FeatureTrace, from: number, to: number): number {
  let most = 0;
  for (let p = from; p <= to; p++) most = Math.max(most, trace.values[p] ?? 0);
  return most;
}

/**
 * What stands for a full bar: the feature's own largest known activation (or the largest on this prompt where that is larger
 * or nothing is known), or the largest of all features in view.
 */
export function fullScale(trace: FeatureTrace, normalise: Normalise, viewMax: number): number {
  const own = Math.max(trace.maxKnown, peak(trace, 0, trace.values.length - 1));
  return (normalise === 'view' ? viewMax : own) || 1;
}

/** Features active within positions, strongest first: by share of their own maximum, or by activation. */
export function strongest(
  traces: Iterable<FeatureTrace>,
  range: { readonly from: number; readonly to: number },
  normalise: Normalise,
): FeatureTrace[] {
  const score = (trace: FeatureTrace): number => peak(trace, range.from, range.to) / fullScale(trace, normalise, 1);
  return [...traces]
    .filter((trace) => peak(trace, range.from, range.to) > 0)
    .map((trace) => ({ trace, score: score(trace) }))
    .sort((a, b) => b.score - a.score || a.trace.key.localeCompare(b.trace.key))
    .map(({ trace }) => trace);
}
