import type { PopulationId } from '../curriculum/types.ts';
import type { HookName } from '../hooks.ts';
import type { WireTensor } from '../protocol/wire-tensor.ts';
import type { Correlated } from './correlate.ts';
import type { Alignment } from './weights.ts';
import type { TokenText } from '../tokens.ts';

/** Which text a dashboard was made on: documents 0 … documents − 1 of a corpus in which each document has a seed of its own. */
export interface DashboardCorpus {
  readonly seed: number;
  readonly documents: number;
  /** Without BOS. BOS is left out of every number of a dashboard. */
  readonly tokens: number;
}

/** Where the numbers come from. */
export type DashboardOrigin =
  | {
      readonly kind: 'stored';
      /** Version of the method; raised when a dashboard of the same text and weights would come out otherwise. */
      readonly generator: number;
      /** What is not the same now as when the dashboard was made; empty: everything is. */
      readonly stale: readonly StaleReason[];
    }
  | {
      readonly kind: 'computed';
      /** Why nothing stored was used: that was asked for; nothing is stored of this dictionary; the network did not bring it. */
      readonly why: 'asked' | 'none-stored' | 'unreachable';
    };

/** `model`, `sae`: other weights. `quantization`: the same weights, run otherwise. `text`: the curriculum writes other documents now. */
export type StaleReason = 'model' | 'sae' | 'quantization' | 'text' | 'generator';

export interface FeatureStats {
  /** Tokens looked at, without BOS. */
  readonly tokens: number;
  /** Tokens on which the feature is active (> 0). */
  readonly active: number;
  /** active / tokens: also what the feature adds to the dictionary's L0. */
  readonly density: number;
  /** Mean number of active features a token, of the whole dictionary. */
  readonly l0: number;
  /** Largest activation and mean over the active tokens, in the dictionary's units; 0 where never active. */
  readonly max: number;
  readonly mean: number;
}

/** Equal-width bins; bin b holds [from + b·w, from + (b + 1)·w), the last one its upper edge too. */
export interface BinnedCounts {
  readonly from: number;
  readonly to: number;
  /** i32 [bin]. */
  readonly counts: WireTensor;
}

/** How often the features of the whole dictionary are active: log10(density) from −6 to 0 in bins of 0.25, and the dead ones. */
export interface DensitySpectrum extends BinnedCounts {
  /** Features that are active on no token. */
  readonly dead: number;
  /** The bin of this feature; null where it is dead. Densities below 1e-6 are in the first bin. */
  readonly bin: number | null;
}

export interface TokenEffect {
  readonly token: TokenText;
  /** Logits that one unit of the feature adds to this token. */
  readonly value: number;
}

/**
 * What the feature's decoder row d writes, read through the unembedding: d · W_U, [d_vocab]. At `hook_z` d goes through W_O of
 * its layer first. The effect of later layers is not part of it, nor are unembedding biases.
 */
export interface LogitEffects {
  /**
   * `gain`: d centred and multiplied by the final norm's gain, as in a forward pass whose final norm has scale 1; the same as
   * folding the norm into W_U. `raw`: d · W_U as it stands, which is what SAEDashboard computes of unfolded weights.
   */
  readonly convention: 'gain' | 'raw';
  /** Most raised first, at least 20. */
  readonly top: readonly TokenEffect[];
  /** Most lowered first. */
  readonly bottom: readonly TokenEffect[];
  /** Of all tokens of the vocabulary, 50 bins. */
  readonly histogram: BinnedCounts;
}

/** A feature beside this one, with what is stored about it. */
export interface Neighbour {
  readonly sae: string;
  readonly feature: number;
  /**
   * Cosine of the two decoder rows; across dictionaries, of the directions that they write into the residual stream
   * (`hook_z`: through W_O of its layer).
   */
  readonly cosine: number;
}

/** A feature of the same dictionary that is often active on the same tokens. */
export interface Coactive {
  readonly feature: number;
  /** Tokens on which both are active, and on which the other one is. */
  readonly both: number;
  readonly active: number;
  /** both / (either). The list is sorted by it. */
  readonly jaccard: number;
  /** ln P(both) / (P(this) P(other)), in nats; 0: independent. */
  readonly pmi: number;
}

/** A latent variable of the curriculum in token ranges [from, to) of an example. */
export interface TokenSpan {
  readonly kind: string;
  readonly role: string;
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/** One document, seen from one of its tokens. */
export interface DashboardExample {
  /** Its number in the corpus: `corpusDocument` makes the text again. */
  readonly document: number;
  readonly population: PopulationId;
  /** BOS first. */
  readonly tokens: readonly TokenText[];
  /** The token that the example is about, as an index of `tokens`. */
  readonly position: number;
  /** Activation there. Stored values are rounded to 1/65535 of the feature's largest. */
  readonly value: number;
  /** f32 [pos]: activation of each token, 0 at BOS. Stored values are rounded to 1/255 of the feature's largest, and never to 0. */
  readonly activations: WireTensor;
  /** Further documents of the band, passed over while it was filled, whose window of ±5 tokens reads the same. */
  readonly repeats: number;
  readonly spans: readonly TokenSpan[];
}

/**
 * A band of examples. `top`: the strongest tokens. `interval`: a random sample of the tokens whose activation is in
 * [low, high), five equal-width intervals from 0 to the maximum, strongest first (Neuronpedia's scheme). `uniform`: a random
 * sample of all active tokens. One token a document, and windows that read the same once.
 */
export interface ExampleGroup {
  readonly kind: 'top' | 'interval' | 'uniform';
  readonly low: number;
  readonly high: number;
  /** Active tokens in the band. */
  readonly count: number;
  readonly examples: readonly DashboardExample[];
}

/**
 * A set of tokens that the curriculum's latent variables define. `at`: tokens of a span with this kind (role and value null),
 * with this kind and role (value null), or with this kind and value (role null). `last`: the last token of such a span of two tokens or more. `before`: the token right before
 * such a span. `population`: all tokens of documents of a population (its name is `kind`). `token`: one token of the
 * vocabulary (its text is `value`), which is no latent variable and competes only with its like.
 */
export interface Variable {
  readonly place: 'at' | 'last' | 'before' | 'population' | 'token';
  readonly kind: string;
  readonly role: string | null;
  readonly value: string | null;
}

export interface MatchScore {
  /** both / fired. */
  readonly precision: number;
  /** both / tokens of the variable. */
  readonly recall: number;
  /** 2 both / (fired + variable). */
  readonly f1: number;
  /** Tokens with an activation above the threshold, tokens of the variable, and tokens that are both. */
  readonly fired: number;
  readonly variable: number;
  readonly both: number;
}

/**
 * How well "activation above a threshold" tells that a token belongs to a variable. Variable and threshold are chosen on the
 * documents with even numbers (largest F1 there); every score is of the documents with odd numbers, which had no say in it.
 */
export interface VariableMatch {
  readonly variable: Variable;
  /** 0, or a tenth … nine tenths of the largest activation in the choosing half: the token counts as "on" strictly above it. */
  readonly threshold: number;
  readonly score: MatchScore;
  /** The same with threshold 0: the feature is active at all. */
  readonly active: MatchScore;
}

export interface Matches {
  /** Tokens of the half that is scored. */
  readonly tokens: number;
  /** Among latent variables of the curriculum. Null where nothing reaches F1 > 0 in the choosing half. */
  readonly best: VariableMatch | null;
  /** The next variable by F1 of the choosing half; variables that hold for exactly the same tokens count once. */
  readonly runnerUp: VariableMatch | null;
  /** Among single tokens: whether a token alone explains the feature better. */
  readonly token: VariableMatch | null;
}

/** What the dictionary's own weights say of a feature. */
export interface FeatureWeights {
  /** f32 [d_in]: the decoder row, heads flattened, as the dictionary has it (dequantized). */
  readonly vector: WireTensor;
  /** Cosine of the encoder row with the decoder row. */
  readonly encoderCosine: number;
  readonly alignment: readonly Alignment[];
  /** f32 [head]: share of the decoder row's length in each head (`headShares`); null where the hook has no heads. */
  readonly heads: WireTensor | null;
}

/** What goes with the feature's activation over the corpus, most first. */
export interface Correlations {
  /** Components of the hook (its "neurons"). */
  readonly neurons: readonly Correlated[];
  /** Features of the same dictionary. */
  readonly features: readonly Correlated[];
}

/** Everything known of one feature of one dictionary. */
export interface FeatureDashboard {
  readonly model: string;
  readonly sae: string;
  readonly feature: number;
  readonly hook: HookName;
  readonly architecture: string;
  readonly dSae: number;
  readonly origin: DashboardOrigin;
  readonly corpus: DashboardCorpus;
  readonly stats: FeatureStats;
  /** Of the non-zero activations: 50 bins from 0 to the maximum. */
  readonly histogram: BinnedCounts;
  readonly densities: DensitySpectrum;
  /**
   * In both conventions, `gain` first; empty for a dictionary that does not write into the residual stream. Null where it was
   * not read: it takes the model's weights.
   */
  readonly logits: readonly LogitEffects[] | null;
  /** Null where it was not read: it takes the dictionary's weights. */
  readonly weights: FeatureWeights | null;
  /** Null in stored dashboards: measured where a dashboard is computed. */
  readonly correlations: Correlations | null;
  /** Same dictionary, largest cosine first (10). */
  readonly nearest: readonly Neighbour[];
  /** The nearest feature of each other dictionary of the model, in the order of the forward pass; empty in computed dashboards. */
  readonly elsewhere: readonly Neighbour[];
  readonly coactive: readonly Coactive[];
  readonly groups: readonly ExampleGroup[];
  readonly matches: Matches;
}
