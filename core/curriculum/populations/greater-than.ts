import { EVENTS } from '../lexicon/special.ts';
import { NAMES } from '../lexicon/words.ts';
import { Writer, slot } from '../template.ts';
import type { Population } from '../types.ts';
import { nameSlot, place, quality } from './common.ts';

const FORMS: readonly string[] = [
  'The {n} lasted from the year {c}{y} to the year {c2}{!e}.',
  'The {n} lasted from the year {c}{y} to the year {c2}{!e}.',
  'The {n} began in {c}{y} and ended in {c2}{!e}.',
  'From {c}{y} until {c2}{!e} there was {@n}.',
  'The {n} started in the year {c}{y}, and it ended in the year {c2}{!e}.',
  'The {j} {n} of {c}{y} was over by {c2}{!e}.',
  '{N} was born in {c}{y}, and {N} wrote about the {n} in {c2}{!e}.',
  'In {c}{y} the {p} was built. It was closed after the {n}, in {c2}{!e}.',
  'Between {c}{y} and {c2}{!e} the {n} went on.',
  'The {n} went on for years: it started in {c}{y} and was not over before {c2}{!e}.',
  'The {p} was opened in {c}{y} and sold again in {c2}{!e}.',
  'After the {n} of {c}{y}, the next one came in {c2}{!e}.',
];

/** Year spans: the end year lies after the start year, in the same century. Late years are drawn more often. */
export const greaterThan: Population = (rng) => {
  const century = rng.between(11, 19);
  const start = 2 + Math.floor(rng.next() ** (rng.chance(0.6) ? 0.55 : 1) * 97);
  const end = start + 1 + rng.int(99 - start);
  const two = (x: number): string => String(x).padStart(2, '0');
  const w = new Writer().write(rng.pick(FORMS), {
    n: slot('event', 'topic', rng.pick(EVENTS)),
    c: slot('year', 'start-century', String(century)),
    y: slot('year', 'start-year', two(start)),
    c2: slot('year', 'end-century', String(century)),
    e: slot('year', 'end-year', two(end)),
    j: quality(rng),
    N: nameSlot('other', rng.pick(NAMES)),
    p: place(rng),
  });
  return w.done('greaterThan', { century, year: two(start), end: two(end) });
};
