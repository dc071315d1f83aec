import { cumulate } from '../rng.ts';
import { Writer } from '../template.ts';
import type { Population } from '../types.ts';
import { calendar, ordering, tracking } from './puzzle-chains.ts';
import { add, largest, missing, subtract, twoSteps } from './puzzle-numbers.ts';
import type { PuzzleKind } from './puzzle-kit.ts';

const KINDS: Readonly<Record<string, readonly [PuzzleKind, number]>> = {
  add: [add, 1],
  subtract: [subtract, 1.1],
  twoSteps: [twoSteps, 1.1],
  missing: [missing, 1.2],
  largest: [largest, 1.2],
  ordering: [ordering, 1.6],
  tracking: [tracking, 0.8],
  calendar: [calendar, 0.8],
};
/** Ids of the puzzle kinds. */
export const PUZZLE_KINDS: readonly string[] = Object.keys(KINDS);
const table = cumulate(Object.values(KINDS).map(([, weight]) => weight));

/** Puzzles worked in sentences. `meta.promptEnd` is where the question ends; the text ends in "answer is {ans}.". */
export const puzzle: Population = (rng, options) => {
  const kind = options.kind ?? PUZZLE_KINDS[rng.cumulative(table)] ?? 'add';
  const make = KINDS[kind]?.[0];
  if (!make) throw new RangeError(`no puzzle ${kind}`);
  const w = new Writer();
  let promptEnd = 0;
  const ans = make(rng, w, () => (promptEnd = w.length));
  return w.done('puzzle', { kind, ans, promptEnd });
};
