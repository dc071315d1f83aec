import { ANTONYMS, CAPITALS, NOUNS, PAST, SYNONYMS, words } from '../lexicon/words.ts';
import { coin } from '../knowledge.ts';
import { createRng } from '../rng.ts';
import { Writer, slot } from '../template.ts';
import type { Population } from '../types.ts';

type Pair = readonly [input: string, answer: string];
const both = ANTONYMS.flatMap(([a, b]): Pair[] => [
  [a, b],
  [b, a],
]);
const singular = NOUNS.map(([one]) => one);
const copyable = [...singular, ...both.map(([a]) => a), ...PAST.map(([a]) => a), ...CAPITALS.map(([a]) => a)];
// Kept few and short: each costs the vocabulary several merges.
const foreign = [...singular.slice(0, 26), ...both.map(([a]) => a).slice(0, 14)];
const invented = coin(createRng(7, 'lexicon'), foreign.length, 2, words('x l n'), new Set());
const shouted = [...singular, ...both.map(([a]) => a)].filter((w) => w.length <= 4).slice(0, 36);

/** The in-context tasks and their word pairs. */
export const TASKS: Readonly<Record<string, readonly Pair[]>> = {
  antonym: both,
  plural: NOUNS.map(([one, many]) => [one, many]),
  past: PAST,
  capital: CAPITALS,
  colour: NOUNS.flatMap(([one, , , colour]): Pair[] => (colour === null ? [] : [[one, colour]])),
  category: NOUNS.map(([one, , category]) => [one, category]),
  foreign: foreign.map((w, i): Pair => [w, invented[i] ?? '']),
  synonym: SYNONYMS,
  uppercase: shouted.map((w): Pair => [w, w.toUpperCase()]),
  copy: copyable.map((w): Pair => [w, w]),
  firstLetter: copyable.map((w): Pair => [w, w.charAt(0).toUpperCase()]),
};
/** Ids of the tasks. */
export const TASK_IDS: readonly string[] = Object.keys(TASKS);

/** How a pair and the place between pairs are written. */
const FORMATS: readonly (readonly [between: string, after: string, end: string])[] = [
  [': ', ', ', '.'],
  [' -> ', '; ', ''],
  [' = ', '. ', '.'],
  [': ', '; ', ''],
  [' -> ', ', ', '.'],
  [' becomes ', ', ', '.'],
  [' goes with ', ', ', '.'],
  [' | ', ' ; ', ''],
];
const LEADS: readonly string[] = [' ', ' ', ' ', 'List: ', 'Pairs: ', 'Here is the rule: '];

/** In-context tasks from word pairs: 3 to 11 pairs in one of several formats. Answers are graded from the third pair on. */
export const inContext: Population = (rng, options) => {
  const task = options.task ?? rng.pick(TASK_IDS);
  const table = TASKS[task];
  if (!table) throw new RangeError(`no task ${task}`);
  const shots = options.shots;
  const chosen = rng.sample(table, Math.min(shots === undefined ? rng.between(3, 11) : shots + 1, table.length));
  const [between, after, end] = rng.pick(FORMATS);
  const w = new Writer().write(rng.pick(LEADS));
  chosen.forEach(([x, y], i) => {
    if (i > 0) w.write(after);
    const graded = shots === undefined ? i > 1 : i === chosen.length - 1;
    w.mark(slot('task-input', task, x))
      .write(between)
      .mark(slot('task-answer', task, y), graded);
  });
  return w.write(end).done('inContext', { task, shots: chosen.length - 1 });
};
