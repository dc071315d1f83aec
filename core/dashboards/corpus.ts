import { POPULATIONS, POPULATION_IDS, MIX, meanTokens } from '../curriculum/corpus.ts';
import { createRng, cumulate } from '../curriculum/rng.ts';
import type { Doc, PopulationId } from '../curriculum/types.ts';

/** Share of the documents of each population; they need not sum to 1. In the order in which they are drawn. */
export type DocumentShares = readonly (readonly [PopulationId, number])[];

/** The seed of the dashboards' text. Its documents have streams of their own, which no training or evaluation text draws from. */
export const DASHBOARD_SEED = 770_001;

/** The shares that give every population its part of the training text by token (`MIX`). Takes a moment: documents are measured. */
export function documentShares(): DocumentShares {
  return POPULATION_IDS.filter((id) => (MIX[id] ?? 0) > 0).map((id) => [id, (MIX[id] ?? 0) / meanTokens(id)] as const);
}

/**
 * One document of a corpus in which each has a stream of its own, so that any of them can be written without the others.
 * Same seed, number and shares, same text, on every machine. Held out in the sense that it is drawn anew: a short document
 * can come out as one that was trained on.
 */
export function corpusDocument(seed: number, n: number, shares: DocumentShares): Doc {
  const rng = createRng(n, `dashboards ${seed}`);
  const population = shares[rng.cumulative(cumulate(shares.map(([, share]) => share)))]?.[0] ?? 'narrative';
  return POPULATIONS[population](rng, {});
}

const SAMPLE = 48;

/** FNV-1a over the texts of the first documents: tells that the curriculum writes other documents than it did. */
export function corpusSample(seed: number, shares: DocumentShares): string {
  const steps = corpusSampleSteps(seed, shares);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same, one document a step, for a thread that has more to do. */
export function* corpusSampleSteps(seed: number, shares: DocumentShares): Generator<void, string> {
  let h = 0x811c9dc5;
  for (let n = 0; n < SAMPLE; n++) {
    const { text } = corpusDocument(seed, n, shares);
    for (let i = 0; i <= text.length; i++) h = Math.imul(h ^ (i < text.length ? text.charCodeAt(i) : 0), 0x01000193);
    yield;
  }
  return (h >>> 0).toString(16).padStart(8, '0');
}
