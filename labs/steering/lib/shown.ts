import type {
  Coherence,
  NeutralLoss,
  PromptFeatures,
  Side,
  SteerFacts,
  SteeringChunk,
  SteeringResult,
  Sweep,
  WrittenToken,
  MovedFeature,
  Ending,
} from '../result.ts';
import type { WireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { TokenText } from '../../../core/tokens.ts';

export interface ShownText {
  readonly tokens: readonly WrittenToken[];
  /** Null while it is being written. */
  readonly ending: Ending | null;
}

/** What the panel draws: the answer as far as it has come. */
export interface Shown {
  readonly prompt: readonly TokenText[];
  readonly features: readonly PromptFeatures[];
  readonly texts: Readonly<Record<Side, ShownText>>;
  readonly measured: {
    readonly kl: WireTensor;
    readonly coherence: Coherence;
    readonly steers: readonly SteerFacts[];
    readonly moved: readonly MovedFeature[];
  } | null;
  readonly neutral: NeutralLoss | null;
  readonly sweep: Sweep | null;
}

/** A finished answer. */
export function ofResult(result: SteeringResult): Shown {
  const { prompt, features, kl, coherence, steers, moved, neutral, sweep } = result;
  const texts = { default: result.default, steered: result.steered };
  return { prompt, features, texts, measured: { kl, coherence, steers, moved }, neutral, sweep };
}

/** An answer that is being streamed; null before its first token. */
export function ofChunks(chunks: readonly SteeringChunk[]): Shown | null {
  const tokens: Record<Side, WrittenToken[]> = { default: [], steered: [] };
  const ending: Record<Side, Ending | null> = { default: null, steered: null };
  let shown: Omit<Shown, 'texts'> = { prompt: [], features: [], measured: null, neutral: null, sweep: null };
  for (const chunk of chunks) {
    switch (chunk.part) {
      case 'prompt':
        shown = { ...shown, prompt: chunk.tokens, features: chunk.features };
        break;
      case 'token':
        tokens[chunk.side].push(...chunk.tokens);
        break;
      case 'written':
        ending[chunk.side] = chunk.ending;
        break;
      case 'measured':
        shown = { ...shown, measured: chunk };
        break;
      case 'neutral':
        shown = { ...shown, neutral: chunk.neutral };
        break;
      case 'sweep':
        shown = { ...shown, sweep: chunk.sweep };
        break;
    }
  }
  if (tokens.steered.length === 0 && ending.steered === null) return null;
  const text = (side: Side): ShownText => ({ tokens: tokens[side], ending: ending[side] });
  return { ...shown, texts: { default: text('default'), steered: text('steered') } };
}
