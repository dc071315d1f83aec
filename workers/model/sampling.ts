import { logSumExp, topK } from '../../core/stats/index.ts';
import type { Sampling } from '../api.ts';

/** Uniform numbers in [0, 1), seeded (mulberry32): the same on every machine and backend. */
export function seededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** CTRL's repetition penalty (arXiv 1909.05858): logits of tokens that occurred are divided (if positive) or multiplied by it. */
export function penalize(logits: Float32Array, occurred: Iterable<number>, penalty: number): Float32Array {
  if (penalty === 1) return logits;
  const out = logits.slice();
  for (const id of new Set(occurred)) {
    const x = out[id] ?? 0;
    out[id] = x > 0 ? x / penalty : x * penalty;
  }
  return out;
}

/**
 * Draws the next token. Order as in transformers: repetition penalty, temperature, top-k, top-p.
 * Temperature 0 is greedy, with ties to the lowest id.
 */
export function sample(logits: Float32Array, occurred: Iterable<number>, options: Sampling, uniform: () => number): number {
  const penalized = penalize(logits, occurred, options.repetitionPenalty);
  if (options.temperature === 0) return topK(penalized, 1)[0] ?? 0;
  const draw = uniform();
  const scaled = penalized.map((x) => x / options.temperature);
  const order = topK(scaled, options.topK ?? scaled.length);
  const sorted = Float32Array.from(order, (i) => scaled[i] ?? -Infinity);
  return order[choose(sorted, logSumExp(sorted), options.topP, draw, true) ?? 0] ?? 0;
}

/**
 * Draws from the nucleus: the smallest set of most probable entries whose probability reaches topP, at least one.
 * @param scores   most probable first
 * @param total    log Σ exp of all scores, those that are not listed included
 * @param draw     uniform in [0, 1)
 * @param complete no score is missing that matters
 * @returns        an index into scores; null where the listed ones do not reach far enough
 */
export function choose(scores: Float32Array, total: number, topP: number, draw: number, complete: boolean): number | null {
  const probability = (i: number): number => Math.exp((scores[i] ?? -Infinity) - total);
  let kept = 0;
  let mass = 0;
  while (kept < scores.length && (kept === 0 || mass < topP)) mass += probability(kept++);
  // A nucleus of everything has the mass 1, however little of it is listed.
  if (!complete && mass < topP && topP < 1) return null;
  let remaining = draw * (complete || mass >= topP ? mass : 1);
  for (let i = 0; i < kept; i++) {
    remaining -= probability(i);
    if (remaining < 0) return i;
  }
  return complete || mass >= topP ? kept - 1 : null;
}
