import type { TokenText } from '../../../core/tokens.ts';
import type { WireTensor } from '../../../core/protocol/wire-tensor.ts';
import type {
  Attention,
  Attribution,
  ExploreChunk,
  ExploreResult,
  FeatureRows,
  Lens,
  NextTokens,
  Vocabulary,
} from '../result.ts';

/** What of an answer is there to be drawn; null or missing: still on its way. */
export interface Parts {
  readonly tokens: readonly TokenText[] | null;
  readonly next: NextTokens | null;
  readonly surprisal: WireTensor | null;
  readonly features: readonly FeatureRows[];
  readonly lens: Lens | null;
  readonly attention: Attention | null;
  readonly attribution: Attribution | null;
  readonly vocabulary: Vocabulary;
  /** Nothing more comes. */
  readonly done: boolean;
  /** The parts answer an earlier question. */
  readonly stale: boolean;
}

const NOTHING: Parts = {
  tokens: null,
  next: null,
  surprisal: null,
  features: [],
  lens: null,
  attention: null,
  attribution: null,
  vocabulary: {},
  done: false,
  stale: false,
};

/**
 * What to draw: the answer to what is asked where it is there; else what has streamed in of it; else the answer before.
 * A recorded answer stays whole until the live one is.
 */
export function partsOf(result: ExploreResult | null, chunks: readonly ExploreChunk[], stale: boolean): Parts {
  if (result && !stale) return { ...result, done: true, stale: false };
  if (chunks.length > 0) return chunks.reduce(add, NOTHING);
  return result ? { ...result, done: true, stale: true } : NOTHING;
}

function add(parts: Parts, chunk: ExploreChunk): Parts {
  switch (chunk.part) {
    case 'tokens':
      return { ...parts, tokens: chunk.tokens };
    case 'next':
      return {
        ...parts,
        next: chunk.next,
        surprisal: chunk.surprisal,
        vocabulary: { ...parts.vocabulary, ...chunk.vocabulary },
      };
    case 'features':
      return { ...parts, features: [...parts.features, chunk.rows] };
    case 'lens':
      return { ...parts, lens: chunk.lens, vocabulary: { ...parts.vocabulary, ...chunk.vocabulary } };
    case 'attention':
      return { ...parts, attention: chunk.attention };
    case 'attribution':
      return { ...parts, attribution: chunk.attribution };
  }
}
