import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import type { TokenText } from '../../../core/tokens.ts';
import type { EffectHits, PromptHits, SearchChunk, SearchResult, TokenHits } from '../result.ts';
import type { SearchBy, SearchParams } from '../spec.ts';
import { compare, share } from './rank.ts';

/** What of an answer is there to be drawn. */
export interface Found {
  readonly tokens: readonly TokenText[] | null;
  readonly token: TokenText | null;
  readonly prompt: readonly PromptHits[];
  readonly effects: readonly TokenHits[];
  /** It answers an earlier question. */
  readonly stale: boolean;
  /** Nothing more comes. */
  readonly done: boolean;
}

export const NOTHING: Found = { tokens: null, token: null, prompt: [], effects: [], stale: false, done: false };

/**
 * What to draw: the answer to what is asked where it is there; else what has streamed in of it; else the answer before, if
 * it was found in the same way.
 */
export function foundOf(result: SearchResult | null, chunks: readonly SearchChunk[], stale: boolean, by: SearchBy): Found {
  const whole = result?.by === by ? { ...fromResult(result), stale } : NOTHING;
  if (whole.done && !stale) return whole;
  const streamed = chunks.reduce(add, NOTHING);
  return streamed.prompt.length + streamed.effects.length > 0 || (streamed !== NOTHING && !whole.done) ? streamed : whole;
}

function fromResult(result: SearchResult): Found {
  return result.by === 'prompt'
    ? { ...NOTHING, done: true, tokens: result.tokens, prompt: result.sites }
    : { ...NOTHING, done: true, token: result.token, effects: result.sites };
}

function add(found: Found, chunk: SearchChunk): Found {
  switch (chunk.part) {
    case 'tokens':
      return { ...found, tokens: chunk.tokens };
    case 'token':
      return { ...found, token: chunk.token };
    case 'prompt-site':
      return { ...found, prompt: [...found.prompt, chunk.site] };
    case 'token-site':
      return { ...found, effects: [...found.effects, chunk.site] };
  }
}

/** One result. */
interface Row {
  readonly key: string;
  readonly sae: string;
  readonly hook: string;
  readonly feature: number;
  /** 0 where never active on the card's text, NaN where unknown. */
  readonly maxKnown: number;
  /** Share of the card's tokens; NaN where unknown. */
  readonly density: number;
}

export interface PromptRow extends Row {
  readonly score: number;
  /** `score` as a share of `maxKnown`; NaN where that is unknown or 0. */
  readonly share: number;
  /** Activation at every position. */
  readonly values: Float32Array;
}

export interface EffectRow extends Row {
  /** Logits per unit of the feature, signed. */
  readonly effect: number;
  /** Logits at the largest activation known; NaN where that is unknown. */
  readonly atMax: number;
}

/** The best of all dictionaries that are done, as the result ranks them. */
export function promptRows(sites: readonly PromptHits[], { rank, results }: Pick<SearchParams, 'rank' | 'results'>): PromptRow[] {
  const rows = sites.flatMap((hits, site) => {
    const [features, scores, values, known, density] = [hits.features, hits.scores, hits.values, hits.maxKnown, hits.density].map(
      tensorData,
    );
    const positions = hits.values.shape[1] ?? 0;
    return Array.from(features ?? [], (feature, i) => {
      const score = scores?.[i] ?? 0;
      const maxKnown = known?.[i] ?? NaN;
      const part = share(score, maxKnown);
      const row: PromptRow = {
        key: `${hits.sae}/${feature}`,
        sae: hits.sae,
        hook: hits.hook,
        feature,
        score,
        share: part,
        values: Float32Array.from(values?.subarray(i * positions, (i + 1) * positions) ?? []),
        maxKnown,
        density: density?.[i] ?? NaN,
      };
      return { row, candidate: { site, feature, key: rank === 'share' ? part : score, fallback: score } };
    });
  });
  return best(rows, results);
}

/** The same for one direction by token. */
export function effectRows(
  sites: readonly TokenHits[],
  side: 'raises' | 'lowers',
  { effect: by, results }: Pick<SearchParams, 'effect' | 'results'>,
): EffectRow[] {
  const rows = sites.flatMap((one, site) => {
    const hits: EffectHits = one[side];
    const [features, effects, known, density] = [hits.features, hits.effects, hits.maxKnown, hits.density].map(tensorData);
    return Array.from(features ?? [], (feature, i) => {
      const effect = effects?.[i] ?? 0;
      const maxKnown = known?.[i] ?? NaN;
      const row: EffectRow = {
        key: `${one.sae}/${feature}`,
        sae: one.sae,
        hook: one.hook,
        feature,
        effect,
        atMax: effect * maxKnown,
        maxKnown,
        density: density?.[i] ?? NaN,
      };
      const size = Math.abs(effect);
      return { row, candidate: { site, feature, key: by === 'max' ? size * maxKnown : size, fallback: size } };
    });
  });
  return best(rows, results);
}

const best = <R>(rows: { readonly row: R; readonly candidate: Parameters<typeof compare>[0] }[], most: number): R[] =>
  rows
    .sort((a, b) => compare(a.candidate, b.candidate))
    .slice(0, most)
    .map(({ row }) => row);
