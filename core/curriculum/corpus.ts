import { docstring } from './populations/docstring.ts';
import { greaterThan } from './populations/greater-than.ts';
import { inContext } from './populations/in-context.ts';
import { ioi } from './populations/ioi.ts';
import { knowledge } from './populations/knowledge.ts';
import { narrative } from './populations/narrative.ts';
import { persona } from './populations/persona.ts';
import { puzzle } from './populations/puzzle.ts';
import { repeat } from './populations/repeat.ts';
import { sentiment } from './populations/sentiment.ts';
import { sequence } from './populations/sequence.ts';
import { createRng, cumulate, type Rng } from './rng.ts';
import type { Doc, GenerateOptions, Mix, Population, PopulationId } from './types.ts';

/** Every population by its id. */
export const POPULATIONS: Readonly<Record<PopulationId, Population>> = {
  narrative,
  ioi,
  sequence,
  greaterThan,
  docstring,
  repeat,
  inContext,
  knowledge,
  puzzle,
  sentiment,
  persona,
};
export const POPULATION_IDS: readonly PopulationId[] = Object.keys(POPULATIONS) as PopulationId[];

/** Shares of the training text by token. */
export const MIX: Mix = {
  narrative: 0.1,
  ioi: 0.23,
  sequence: 0.05,
  greaterThan: 0.08,
  docstring: 0.05,
  repeat: 0.1,
  inContext: 0.06,
  knowledge: 0.13,
  puzzle: 0.155,
  sentiment: 0.03,
  persona: 0.015,
};
/** The warm-up, heavy in copying. */
export const COPY_MIX: Mix = { repeat: 0.42, docstring: 0.16, ioi: 0.2, inContext: 0.12, narrative: 0.06, sequence: 0.04 };

/** The last phase of training: puzzles come often, for they are learnt last. */
export const PUZZLE_MIX: Mix = { ...MIX, puzzle: 0.4 };

/** One document. Same generator state and options, same bytes. */
export function generate(population: PopulationId, rng: Rng, options: GenerateOptions = {}): Doc {
  return POPULATIONS[population](rng, options);
}

/**
 * Tokens of a text under the tokenizer's pre-tokenization, one a piece: words, signs, digits in groups of at most two, runs of space.
 * A trained vocabulary that holds every word gives the same number; add 1 for BOS.
 */
export function countTokens(text: string): number {
  return text.match(/'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu)?.length ?? 0;
}

const lengths = new Map<PopulationId, number>();

/** Mean tokens of a population's documents, BOS included, from a fixed sample. */
export function meanTokens(id: PopulationId): number {
  const known = lengths.get(id);
  if (known !== undefined) return known;
  const rng = createRng(1, `mean tokens of ${id}`);
  let n = 0;
  for (let i = 0; i < 400; i++) n += 1 + countTokens(generate(id, rng).text);
  lengths.set(id, n / 400);
  return n / 400;
}

/** Endless documents, mixed so that each population has its share of the tokens. */
export function* corpus(seed: number, mix: Mix = MIX): Generator<Doc, never> {
  const ids = POPULATION_IDS.filter((id) => (mix[id] ?? 0) > 0);
  const table = cumulate(ids.map((id) => (mix[id] ?? 0) / meanTokens(id)));
  const rng = createRng(seed, 'corpus');
  for (;;) yield generate(ids[rng.cumulative(table)] ?? 'narrative', rng);
}
