import {
  ACTIVATION_STEPS,
  BINS,
  VALUE_STEPS,
  type ExampleRecord,
  type FeatureRecord,
  type MatchesRecord,
  type MatchRecord,
  type ScoreRecord,
} from '../../../core/dashboards/record.ts';
import { densitySpectrum, SPECTRUM, spectrumBin } from '../../../core/dashboards/measure.ts';
import type {
  Coactive,
  Correlations,
  DashboardCorpus,
  DashboardExample,
  DashboardOrigin,
  ExampleGroup,
  FeatureDashboard,
  FeatureWeights,
  LogitEffects,
  Matches,
  MatchScore,
  VariableMatch,
} from '../../../core/dashboards/types.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { Sae } from '../../../workers/api.ts';
import { readDocument, withBos, type CorpusRecipe, type ReadDocument, type ReadingModel } from './documents.ts';

export interface ExpandInput {
  readonly model: ReadingModel;
  readonly sae: Pick<Sae, 'id' | 'hookName' | 'architecture' | 'dSae'>;
  readonly record: FeatureRecord;
  /** [dSae]: active tokens of every feature of the dictionary. */
  readonly active: ArrayLike<number>;
  readonly corpus: DashboardCorpus;
  readonly recipe: CorpusRecipe;
  /** Documents that are read already, by their number. */
  readonly read?: ReadonlyMap<number, ReadDocument>;
  readonly origin: DashboardOrigin;
  /** Null where the weights are not at hand. */
  readonly logits: readonly LogitEffects[] | null;
  readonly weights: FeatureWeights | null;
  /** Null of what is stored. */
  readonly correlations?: Correlations;
}

/** A record as it is shown: texts of the examples written again, and everything that follows from its counts. */
export function expandRecord(input: ExpandInput): FeatureDashboard {
  const { model, sae, record, active, corpus, origin, logits, weights, correlations = null } = input;
  const { tokens } = corpus;
  let pairs = 0;
  for (let f = 0; f < active.length; f++) pairs += active[f] ?? 0;
  const spectrum = densitySpectrum(active, tokens);
  return {
    model: model.id,
    sae: sae.id,
    feature: record.feature,
    hook: sae.hookName,
    architecture: sae.architecture,
    dSae: sae.dSae,
    origin,
    corpus,
    stats: {
      tokens,
      active: record.active,
      density: record.active / tokens,
      l0: pairs / tokens,
      max: record.max,
      mean: record.mean,
    },
    histogram: { from: 0, to: record.max, counts: wireTensor(Int32Array.from(record.histogram), [BINS], ['bin']) },
    densities: {
      from: SPECTRUM.from,
      to: SPECTRUM.to,
      counts: wireTensor(spectrum.counts, [SPECTRUM.bins], ['bin']),
      dead: spectrum.dead,
      bin: spectrumBin(record.active / tokens),
    },
    logits,
    weights,
    correlations,
    nearest: record.nearest,
    elsewhere: record.elsewhere,
    coactive: record.coactive.map(({ feature, both }) => together(record.active, active[feature] ?? 0, both, feature, tokens)),
    groups: groupsOf(input),
    matches: matchesOf(record.matches),
  };
}

function together(own: number, other: number, both: number, feature: number, tokens: number): Coactive {
  return {
    feature,
    both,
    active: other,
    jaccard: both / (own + other - both),
    pmi: Math.log((both * tokens) / (own * other)),
  };
}

function groupsOf({ model, record, recipe, corpus, read: before }: ExpandInput): ExampleGroup[] {
  const read = new Map(before);
  const document = (n: number): ReadDocument => {
    const known = read.get(n) ?? readDocument(model, recipe, n);
    read.set(n, known);
    return known;
  };
  const fits = ({ document: n, position, positions }: ExampleRecord): boolean => {
    if (n >= corpus.documents) return false;
    const { length } = document(n).ids;
    return position < length && (positions.at(-1) ?? 0) < length;
  };
  return record.groups.map(({ kind, low, high, count, examples }) => ({
    kind,
    low,
    high,
    count,
    // Where the curriculum or the tokenizer has changed since, what no longer fits is left out; `origin.stale` says so.
    examples: examples.filter(fits).map((e) => exampleOf(model, e, document(e.document), record.max)),
  }));
}

function exampleOf(
  model: ReadingModel,
  e: ExampleRecord,
  { ids, population, spans }: ReadDocument,
  max: number,
): DashboardExample {
  const row = withBos(model, ids);
  const shift = row.length - ids.length;
  const activations = new Float32Array(row.length);
  for (const [i, p] of e.positions.entries()) activations[p + shift] = ((e.codes[i] ?? 0) * max) / ACTIVATION_STEPS;
  return {
    document: e.document,
    population,
    tokens: row.map((id) => model.tokenizer.token(id)),
    position: e.position + shift,
    value: (e.value * max) / VALUE_STEPS,
    activations: wireTensor(activations, [row.length], ['pos']),
    repeats: e.repeats,
    spans: spans.map((s) => ({ ...s, from: s.from + shift, to: s.to + shift })),
  };
}

function matchesOf({ tokens, best, runnerUp, token }: MatchesRecord): Matches {
  return { tokens, best: matchOf(best), runnerUp: matchOf(runnerUp), token: matchOf(token) };
}

function matchOf(match: MatchRecord | null): VariableMatch | null {
  if (match === null) return null;
  const { variable, threshold, tokens, score, active } = match;
  return { variable, threshold, score: scoreOf(score, tokens), active: scoreOf(active, tokens) };
}

/** Precision of a feature that never fires is 0 here, so that every score is a number. */
export function scoreOf({ fired, both }: ScoreRecord, variable: number): MatchScore {
  return {
    precision: fired === 0 ? 0 : both / fired,
    recall: variable === 0 ? 0 : both / variable,
    f1: fired + variable === 0 ? 0 : (2 * both) / (fired + variable),
    fired,
    variable,
    both,
  };
}
