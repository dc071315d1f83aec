import { DAYS, MONTHS, NAMES, OBJECTS, PLACES } from '../lexicon/words.ts';
import { slot } from '../template.ts';
import { nameSlot } from './common.ts';
import { phrases, type PuzzleKind } from './puzzle-kit.ts';

const SCALES: readonly (readonly [string, string, string, string])[] = [
  ['taller', 'shorter', 'tallest', 'shortest'],
  ['older', 'younger', 'oldest', 'youngest'],
  ['faster', 'slower', 'fastest', 'slowest'],
  ['stronger', 'weaker', 'strongest', 'weakest'],
];

/**
 * Who is the tallest: each clue is first turned round ("above Mary is Anna"), then the chain is climbed by looking up
 * one such line at a time, from the first line to the one who is nobody's lower neighbour.
 */
export const ordering: PuzzleKind = (rng, w, asked) => {
  const count = rng.chance(0.25) ? 4 : 3;
  // From the asked-for end downwards: people[0] is the answer.
  const people = rng.sample(NAMES, count);
  const scale = rng.pick(SCALES);
  const top = rng.chance(0.5);
  const [toward, end] = top ? [scale[0], scale[2]] : [scale[1], scale[3]];
  const s = phrases(rng);
  const at = (role: string, i: number) => nameSlot(role, people[i] ?? '');
  const order = rng.shuffle(people.slice(1).map((_, i) => i));
  for (const i of order) {
    const clue = {
      H: at(`rank-${i + 1}`, i),
      L: at(`rank-${i + 2}`, i + 1),
      t: slot('comparison', top ? 'up' : 'down', toward),
    };
    w.write('{H} is {t} than {L}. ', clue);
  }
  w.write('Who is the {e}?', { e: slot('question', top ? 'up' : 'down', end) });
  asked();
  const step = slot('reasoning', 'lookup', top ? 'above' : 'below', top ? 'above' : 'below');
  w.write(rng.pick([' {plan}: one by one.', ' {plan}: in order.', '']), s);
  for (const i of order) w.write(' {^d} {L} is {!H}.', { d: step, H: at(`rank-${i + 1}`, i), L: at(`rank-${i + 2}`, i + 1) });
  const from = (order[0] ?? 0) + 1;
  w.write(rng.pick([' {first}, take {L}:', ' Start with {L}:']), { ...s, L: at(`rank-${from + 1}`, from) });
  for (let i = from; i > 0; i--) w.write(' {d} {L} is {!H},', { d: step, L: at(`rank-${i + 1}`, i), H: at(`rank-${i}`, i - 1) });
  w.write(' {d} {H} is {!x}. {so} is {!r}.', {
    ...s,
    d: step,
    H: at('rank-1', 0),
    x: slot('reasoning', 'end-of-chain', 'nobody'),
    r: at('answer', 0),
  });
  return people[0] ?? '';
};

/** Where is the key now: the moves of one of two things are listed in order. */
export const tracking: PuzzleKind = (rng, w, asked) => {
  const places = rng.sample(PLACES, 5);
  const [thing = '', other = ''] = rng.sample(OBJECTS, 2);
  const moves = rng.between(2, 3);
  const s = {
    ...phrases(rng),
    O: slot('object', 'asked', thing),
    R: slot('object', 'distractor', other),
    P: slot('place', 'visited-1', places[0] ?? ''),
    Q: slot('place', 'distractor', places[4] ?? ''),
  };
  w.write(rng.pick(['The {O} was in the {P}.', 'At first the {O} was in the {P}.']), s);
  const distract = rng.int(moves + 1);
  for (let i = 1; i <= moves; i++) {
    const who = nameSlot('mover', rng.pick(NAMES));
    if (i - 1 === distract) w.write(' {N} took the {R} to the {Q}.', { ...s, N: nameSlot('other', rng.pick(NAMES)) });
    w.write(
      rng.pick([' {N} took the {O} to the {P}.', ' Then {N} moved the {O} to the {P}.', ' {N} brought the {O} to the {P}.']),
      { ...s, N: who, P: slot('place', `visited-${i + 1}`, places[i] ?? '') },
    );
  }
  if (distract === moves) w.write(' {N} took the {R} to the {Q}.', { ...s, N: nameSlot('other', rng.pick(NAMES)) });
  w.write(' Where is the {O} now?', s);
  asked();
  w.write(rng.pick([' {plan}: follow the {O}.', '']), s);
  w.write(' {first}, the {P}.', s);
  for (let i = 1; i <= moves; i++) w.write(' {next}, the {!P}.', { ...s, P: slot('place', `visited-${i + 1}`, places[i] ?? '') });
  w.write(' {so} is {!r}.', { ...s, r: slot('place', 'answer', places[moves] ?? '') });
  return places[moves] ?? '';
};

const COUNT = ['one', 'two', 'three', 'four'];
/** What day (or month) comes after n more: counted off one by one. */
export const calendar: PuzzleKind = (rng, w, asked) => {
  const days = rng.chance(0.5);
  const items = days ? DAYS : MONTHS;
  const n = rng.between(2, 4);
  const start = rng.int(items.length);
  const item = (role: string, i: number) =>
    slot('sequence-item', `${days ? 'day' : 'month'}-${role}`, items[(start + i) % items.length] ?? '');
  const s = {
    ...phrases(rng),
    a: item('first', 0),
    n: slot('number', 'steps', COUNT[n - 1] ?? ''),
    k: slot('class', days ? 'day' : 'month', days ? 'day' : 'month'),
    ks: slot('class', days ? 'day' : 'month', days ? 'days' : 'months'),
  };
  w.write(
    rng.pick([
      'It is {a}. Which {k} is it in {n} {ks}?',
      'Now it is {a}. Which {k} comes {n} {ks} later?',
      'The {k} is {a}. Which {k} is it after {n} {ks}?',
    ]),
    s,
  );
  asked();
  w.write(rng.pick([' {plan}: count.', '']), s);
  for (let i = 1; i <= n; i++)
    w.write(' {i} later: {!b}.', {
      i: slot('number', 'counted', COUNT[i - 1] ?? '', cap(COUNT[i - 1] ?? '')),
      b: item('next', i),
    });
  w.write(' {so} is {!r}.', { ...s, r: item('answer', n) });
  return items[(start + n) % items.length] ?? '';
};
const cap = (x: string): string => x.charAt(0).toUpperCase() + x.slice(1);
