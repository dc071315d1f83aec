import type { ExampleGroup, Variable } from './types.ts';

/** Bins of the activation histogram and of the logit histogram. */
export const BINS = 50;
export const TOP_EXAMPLES = 20;
export const INTERVALS = 5;
export const INTERVAL_EXAMPLES = 5;
export const UNIFORM_EXAMPLES = 10;
/** Tokens on either side of an example's token that decide whether two examples read the same. */
export const WINDOW = 5;
export const NEIGHBOURS = 10;

/** Steps of a stored activation over a document, and of the activation at the example's token. */
export const ACTIVATION_STEPS = 255;
export const VALUE_STEPS = 65_535;

/** An example as it is stored: a pointer into the corpus, and activations in steps of the feature's maximum. */
export interface ExampleRecord {
  readonly document: number;
  /** Token of the document, BOS not counted. */
  readonly position: number;
  /** Activation there: maximum · value / VALUE_STEPS. */
  readonly value: number;
  readonly repeats: number;
  /** Active tokens of the document, ascending, BOS not counted. */
  readonly positions: readonly number[];
  /** maximum · code / ACTIVATION_STEPS each; 1 … 255. */
  readonly codes: readonly number[];
}

export interface GroupRecord extends Omit<ExampleGroup, 'examples'> {
  readonly examples: readonly ExampleRecord[];
}

/** See `MatchScore`; what follows from the counts is not kept. */
export interface ScoreRecord {
  readonly fired: number;
  readonly both: number;
}

export interface MatchRecord {
  readonly variable: Variable;
  /** Tokens of the variable in the scored half. */
  readonly tokens: number;
  /** A float32. */
  readonly threshold: number;
  readonly score: ScoreRecord;
  readonly active: ScoreRecord;
}

export interface MatchesRecord {
  /** Tokens of the scored half. */
  readonly tokens: number;
  readonly best: MatchRecord | null;
  readonly runnerUp: MatchRecord | null;
  readonly token: MatchRecord | null;
}

export interface CosineRecord {
  readonly sae: string;
  readonly feature: number;
  /** A multiple of 1/COSINE_STEPS. */
  readonly cosine: number;
}
export const COSINE_STEPS = 32_767;

/** What of one feature's dashboard depends on the corpus or on other dictionaries: what is stored. */
export interface FeatureRecord {
  readonly feature: number;
  readonly active: number;
  /** Float32s; 0 where never active. */
  readonly max: number;
  readonly mean: number;
  /** [BINS], from 0 to max. */
  readonly histogram: readonly number[];
  readonly groups: readonly GroupRecord[];
  readonly coactive: readonly { readonly feature: number; readonly both: number }[];
  readonly nearest: readonly CosineRecord[];
  readonly elsewhere: readonly CosineRecord[];
  readonly matches: MatchesRecord;
}

export const activationCode = (value: number, max: number): number =>
  Math.min(ACTIVATION_STEPS, Math.max(1, Math.round((ACTIVATION_STEPS * value) / max)));
export const valueCode = (value: number, max: number): number =>
  Math.min(VALUE_STEPS, Math.max(1, Math.round((VALUE_STEPS * value) / max)));
export const cosineStep = (cosine: number): number => Math.round(Math.max(-1, Math.min(1, cosine)) * COSINE_STEPS) / COSINE_STEPS;
