import { DAYS, LETTERS, MONTHS, NAMES, NUMBER_WORDS, ORDINALS, ROMAN } from '../lexicon/words.ts';
import { cumulate } from '../rng.ts';
import { Writer, slot, type Slot } from '../template.ts';
import type { Population } from '../types.ts';
import { nameSlot, place } from './common.ts';

/** An ordered class: its items, the word that names one, and whether it goes round. */
export interface SequenceClass {
  readonly id: string;
  readonly noun: string;
  readonly items: readonly string[];
  readonly cyclic: boolean;
  readonly weight: number;
}
const ordered = (id: string, noun: string, items: readonly string[], cyclic: boolean, weight: number): SequenceClass => ({
  id,
  noun,
  items,
  cyclic,
  weight,
});

/** The ordered classes of the succession task. */
export const SEQUENCES: readonly SequenceClass[] = [
  ordered('day', 'day', DAYS, true, 2),
  ordered('month', 'month', MONTHS, true, 2),
  ordered('numberWord', 'number', NUMBER_WORDS, false, 2),
  ordered(
    'numeral',
    'number',
    Array.from({ length: 100 }, (_, i) => String(i)),
    false,
    3,
  ),
  ordered('letter', 'letter', LETTERS, false, 2.5),
  ordered('ordinal', 'place', ORDINALS, false, 1.4),
  ordered('roman', 'numeral', ROMAN, false, 1.4),
];
const table = cumulate(SEQUENCES.map((s) => s.weight));

const ANY: readonly string[] = [
  'The {k} after {a} is {!b}.',
  'If the {k} is {a}, the next {k} is {!b}.',
  'First comes {a}, and after it comes {!b}.',
  'After {a} comes {!b}.',
  'Q: Which {k} follows {a}? A: {!b}.',
  'The {k} before {b} is {!a}.',
  'The {k} that comes right before {b} is {!a}.',
  'We stopped at {a}, so we go on with {!b}.',
  'This one is {a}, and the next one is {!b}.',
  '{N} wrote {a} and then wrote {!b}.',
  'Not {x}, but {a} comes before {!b}.',
];
const SPECIAL: Readonly<Record<string, readonly string[]>> = {
  day: [
    'Today is {a}, so tomorrow is {!b}.',
    'Yesterday was {a}, so today is {!b}.',
    '{N} came to the {P} on {a} and left the next day, on {!b}.',
    'Tomorrow is {b}, so today is {!a}.',
    'On {a} {N} was at home. One day later, on {!b}, {N} was at the {P}.',
  ],
  month: [
    'This month is {a}, so next month is {!b}.',
    '{N} was in the {P} in {a} and came back one month later, in {!b}.',
    'Next month is {b}, so this month is {!a}.',
    'The last day of {a} is followed by the first day of {!b}.',
  ],
  numberWord: ['One more than {a} is {!b}.', '{N} had {a} and got one more, so now it is {!b}.', 'One less than {b} is {!a}.'],
  numeral: [
    'One more than {a} is {!b}.',
    'Page {a} is followed by page {!b}.',
    'One less than {b} is {!a}.',
    'The house of {N} is number {a}, and next to it is number {!b}.',
  ],
  letter: ['In the alphabet, {a} is followed by {!b}.', 'Row {a} is next to row {!b}.'],
  ordinal: ['{N} was {a}, and the next was {!b}.', 'The {a} door is next to the {!b} door.'],
  roman: ['Chapter {a} is followed by chapter {!b}.', 'After part {a} you read part {!b}.'],
};
const LEADS: readonly string[] = [
  '',
  '',
  '',
  'Count: ',
  'In order: ',
  'The list goes ',
  'Say after me: ',
  'They come like this: ',
  '{N} counted: ',
];
const SEPARATORS: readonly string[] = [', ', ', ', ' then ', ' - ', '; ', ', then ', ' and then '];

/** Ordinal sequences: lists, and statements about the next and the one before. */
export const sequence: Population = (rng, options) => {
  const found = options.kind === undefined ? undefined : SEQUENCES.find((s) => s.id === options.kind);
  const c = found ?? SEQUENCES[rng.cumulative(table)] ?? SEQUENCES[0];
  if (!c) throw new RangeError('no sequence classes');
  const n = c.items.length;
  const at = (i: number, role: string): Slot => slot('sequence-item', `${c.id}-${role}`, c.items[((i % n) + n) % n] ?? '');
  const w = new Writer();
  const people = { N: nameSlot('other', rng.pick(NAMES)), P: place(rng, 'other-place') };
  const list = rng.chance(0.5);
  if (list) {
    const wanted = rng.between(3, 8);
    const start = c.cyclic ? rng.int(n) : rng.int(n - 2);
    const length = c.cyclic ? wanted : Math.min(wanted, n - start);
    const separator = rng.pick(SEPARATORS);
    w.write(rng.pick(LEADS), people);
    for (let i = 0; i < length; i++) {
      if (i > 0) w.write(separator);
      w.mark(at(start + i, i === 0 ? 'first' : 'next'), i > 1);
    }
    w.write('.');
  } else {
    const times = rng.chance(0.3) ? 2 : 1;
    for (let t = 0; t < times; t++) {
      const i = c.cyclic ? rng.int(n) : rng.int(n - 1);
      const special = SPECIAL[c.id] ?? [];
      const template = rng.chance(0.45) ? rng.pick(special) : rng.pick(ANY);
      const x = rng.other(c.items, [c.items[i] ?? '', c.items[(i + 1) % n] ?? '']);
      if (t > 0) w.write(' ');
      w.write(template, {
        ...people,
        a: at(i, 'first'),
        b: at(i + 1, 'next'),
        k: slot('class', c.id, c.noun),
        x: slot('sequence-item', `${c.id}-distractor`, x),
      });
    }
  }
  return w.done('sequence', { class: c.id, form: list ? 'list' : 'statement' });
};
