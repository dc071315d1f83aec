import { textsOfChunks, textsOfResult, type ShownTexts } from '../../../core/written.ts';
import type {
  Coherence,
  Grid,
  MovedFeature,
  NeutralLoss,
  PromptFeatures,
  SteerFacts,
  SteeringChunk,
  SteeringResult,
  Sweep,
} from '../result.ts';

/** What the panel draws: the answer as far as it has come. */
export interface Shown extends ShownTexts {
  readonly features: readonly PromptFeatures[];
  readonly measured: {
    readonly coherence: Coherence;
    readonly steers: readonly SteerFacts[];
    readonly moved: readonly MovedFeature[];
  } | null;
  readonly neutral: NeutralLoss | null;
  readonly sweep: Sweep | null;
  readonly grid: Grid | null;
}

/** A finished answer. */
export function ofResult(result: SteeringResult): Shown {
  const { features, coherence, steers, moved, neutral, sweep, grid } = result;
  return { ...textsOfResult(result), features, measured: { coherence, steers, moved }, neutral, sweep, grid };
}

/** An answer that is being streamed; null before its first token. */
export function ofChunks(chunks: readonly SteeringChunk[]): Shown | null {
  const texts = textsOfChunks(chunks);
  if (texts === null) return null;
  let shown: Shown = { ...texts, features: [], measured: null, neutral: null, sweep: null, grid: null };
  for (const chunk of chunks) {
    if (chunk.part === 'prompt') shown = { ...shown, features: chunk.features };
    else if (chunk.part === 'measured') shown = { ...shown, measured: chunk };
    else if (chunk.part === 'neutral') shown = { ...shown, neutral: chunk.neutral };
    else if (chunk.part === 'sweep') shown = { ...shown, sweep: chunk.sweep };
    else if (chunk.part === 'grid') shown = { ...shown, grid: chunk.grid };
  }
  return shown;
}
