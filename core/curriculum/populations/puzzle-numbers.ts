import type { Rng } from '../rng.ts';
import { slot, type Slot } from '../template.ts';
import { cast, num, phrases, type PuzzleKind } from './puzzle-kit.ts';

/** Either number of a pair of addends, 1 to 10, so that no result is above 20. */
const addends = (rng: Rng): [number, number, number] => {
  const a = rng.between(1, 10);
  const b = rng.between(1, 10);
  return [a, b, a + b];
};

const ADD: readonly string[] = [
  '{N} has {a} {o} and gets {b} more. How many {o} does {N} have now?',
  '{N} has {a} {o} and {M} has {b}. How many {o} do they have?',
  'There are {a} {o} here and {b} {o} there. How many are there?',
  '{N} found {a} {o}. Then {M} gave {N} {b} more. How many is that?',
  'How much is {a} plus {b}?',
];
/** Sum of two numbers, checked by the inverse; one time in seven a slip is noticed and mended. */
export const add: PuzzleKind = (rng, w, asked) => {
  const [a, b, c] = addends(rng);
  const slip = c + (rng.chance(0.5) ? 1 : -1);
  const s = {
    ...cast(rng),
    ...phrases(rng),
    a: num('addend-1', a),
    b: num('addend-2', b),
    c: num('sum', c),
    d: num('slip', slip),
    e: num('slip-check', slip - b),
  };
  w.write(rng.pick(ADD), s);
  asked();
  if (rng.chance(0.4)) w.write(' {plan}: add.', s);
  if (rng.chance(0.14))
    w.write(' {a} plus {b} is {d}. {check}: {d} minus {b} is {e}. {wait}, that is not {a}. {again}: {a} plus {b} is {!c}.', s);
  else w.write(' {a} plus {b} is {!c}.', s);
  if (rng.chance(0.6)) w.write(' {check}: {c} minus {b} is {a}. {good}.', s);
  w.write(' {so} is {!r}.', { ...s, r: num('answer', c) });
  return String(c);
};

const SUBTRACT: readonly string[] = [
  '{N} has {c} {o} and gives {b} to {M}. How many {o} does {N} have now?',
  '{N} had {c} {o} but lost {b}. How many are left?',
  'Of {c} {o}, {b} are gone. How many are left?',
  'There were {c} {o} at first. Then {N} took {b}. How many are left?',
  'How much is {c} minus {b}?',
];
/** Difference of two numbers, checked by the inverse. */
export const subtract: PuzzleKind = (rng, w, asked) => {
  const [a, b, c] = addends(rng);
  const slip = Math.max(0, a + (rng.chance(0.5) ? 1 : -1));
  const s = {
    ...cast(rng),
    ...phrases(rng),
    a: num('difference', a),
    b: num('subtrahend', b),
    c: num('minuend', c),
    d: num('slip', slip),
    e: num('slip-check', slip + b),
  };
  w.write(rng.pick(SUBTRACT), s);
  asked();
  if (rng.chance(0.4)) w.write(' {plan}: take away.', s);
  if (rng.chance(0.14))
    w.write(' {c} minus {b} is {d}. {check}: {d} plus {b} is {e}. {wait}, that is not {c}. {again}: {c} minus {b} is {!a}.', s);
  else w.write(' {c} minus {b} is {!a}.', s);
  if (rng.chance(0.6)) w.write(' {check}: {a} plus {b} is {c}. {good}.', s);
  w.write(' {so} is {!r}.', { ...s, r: num('answer', a) });
  return String(a);
};

const TWO: readonly string[] = [
  '{N} has {a} {o}, gets {b} more and then gives {d} to {M}. How many {o} does {N} have now?',
  'At first there were {a} {o}. Then {b} came and {d} went away. How many are there now?',
  '{N} bought {a} {o}. {M} brought {b} more. Then they lost {d}. How many are left?',
];
/** An addition and then a subtraction. */
export const twoSteps: PuzzleKind = (rng, w, asked) => {
  const [a, b, c] = addends(rng);
  const d = rng.between(1, Math.min(10, c));
  const s = {
    ...cast(rng),
    ...phrases(rng),
    a: num('addend-1', a),
    b: num('addend-2', b),
    c: num('sum', c),
    d: num('subtrahend', d),
    e: num('difference', c - d),
  };
  w.write(rng.pick(TWO), s);
  asked();
  w.write(rng.pick([' {plan}: add, then take away.', ' {plan}: two steps.', '']), s);
  w.write(' {first}, {a} plus {b} is {!c}. {next}, {c} minus {d} is {!e}.', s);
  if (rng.chance(0.3)) w.write(' {check}: {e} plus {d} is {c}. {good}.', s);
  w.write(' {so} is {!r}.', { ...s, r: num('answer', c - d) });
  return String(c - d);
};

const MISSING: readonly string[] = [
  'Which number plus {b} is {c}?',
  '{N} had some {o}, got {b} more and has {c} now. How many were there at first?',
  'What must be added to {b} to get {c}?',
  'I think of a number, add {b} and get {c}. Which number is it?',
];
/** The missing addend, by going back, or by trying upwards from a guess. */
export const missing: PuzzleKind = (rng, w, asked) => {
  const [a, b, c] = addends(rng);
  const s = { ...cast(rng), ...phrases(rng), a: num('addend-1', a), b: num('addend-2', b), c: num('sum', c) };
  w.write(rng.pick(MISSING), s);
  asked();
  if (rng.chance(0.8)) {
    w.write(' {plan}: go back from {c}. {c} minus {b} is {!a}. {check}: {a} plus {b} is {c}. {good}.', s);
  } else {
    w.write(' {plan}: try.', s);
    for (let g = Math.max(1, a - rng.int(4)); g < a; g++)
      w.write(' Try {g}: {g} plus {b} is {!h}, too small.', { ...s, g: num('guess', g), h: num('guess-sum', g + b) });
    w.write(' Try {a}: {a} plus {b} is {!c}. {good}.', s);
  }
  w.write(' {so} is {!r}.', { ...s, r: num('answer', a) });
  return String(a);
};

/** Numbers of a comparison, 2 to 20, all different. */
const apart = (rng: Rng, n: number): number[] =>
  rng.sample(
    Array.from({ length: 19 }, (_, i) => i + 2),
    n,
  );
const relation = (x: number, y: number): Slot => slot('comparison', x > y ? 'up' : 'down', x > y ? 'more' : 'less');

/** The largest (or smallest) of a few numbers: the best so far is compared with each in turn. */
export const largest: PuzzleKind = (rng, w, asked) => {
  const numbers = apart(rng, rng.between(2, 4));
  const up = rng.chance(0.5);
  const s = { ...phrases(rng), e: slot('question', up ? 'up' : 'down', up ? 'largest' : 'smallest') };
  w.write(rng.pick(['Which is the {e} of', 'What is the {e} of', 'Tell me, which is the {e} of']), s);
  numbers.forEach((n, i) =>
    w.write(i === 0 ? ' {n}' : i === numbers.length - 1 ? ' and {n}' : ', {n}', { n: num(`listed-${i + 1}`, n) }),
  );
  w.write('?');
  asked();
  w.write(rng.pick([' {plan}: one by one.', ' {plan}: compare.', '']), s);
  let best = numbers[0] ?? 0;
  for (const n of numbers.slice(1)) {
    const next = n > best === up ? n : best;
    w.write(' {b} and {n}: {b} is {!c} than {n}, take {!k}.', {
      b: num('best-so-far', best),
      n: num('compared', n),
      c: relation(best, n),
      k: num('kept', next),
    });
    best = next;
  }
  w.write(' {so} is {!r}.', { ...s, r: num('answer', best) });
  return String(best);
};
