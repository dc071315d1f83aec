import { NOUNS } from '../lexicon/words.ts';
import { Writer, slot } from '../template.ts';
import type { Population } from '../types.ts';
import { mood, noun, object, person, place, pronounSlots, quality } from './common.ts';

const OPEN: readonly string[] = [
  '{A} lived near the {J} {P}.',
  'One day {A} went to the {P}.',
  '{A} and {B} were friends.',
  'There was {@K} {O} in the {P}. {A} saw it.',
  '{A} had {@K} {O}.',
  'In the {P} lived {A}.',
  'It was a cold morning, and {A} was {J}.',
  'Long before {B} came, {A} worked at the {P}.',
  '{A} and {B} lived in the same house.',
  'Once there was {@N} in the {P}.',
];
const MIDDLE: readonly string[] = [
  '{^she} wanted to find {hers} {O}.',
  '{A} met {B} at the {Q}.',
  '{B} said that the {O} was {K}.',
  '{^she} gave {B} the {O}, and {she2} smiled.',
  'The {N} near the {Mp} {!is} {K}.',
  'The {Np} near the {M} {!are} {K}.',
  'The {Np} of the {M} {!were} {K}, but the {N} {!was} not.',
  'The {N} behind the {Mp} {!was} {K}.',
  'The {Np} that {A} saw near the {M} {!were} {K}.',
  'The {N} that the {Mp} like {!is} {K}.',
  'The {Np} that the {M} likes {!are} {K}.',
  '{B} looked for {hers2} {R}, but {she2} could not find it.',
  '{A} told {C} about the {K} {Np}.',
  'Then {she} went to the {Q} with {her2}.',
  '{C} was {J}, so {A} helped.',
  '{A} likes the {N}, and the {Mp} like {A}.',
  '{A} and {B} like the {Np}.',
  '{^she} asked {B} for the {O}.',
  '{B} put the {R} in the {Q}. Now the {R} is in the {Q}.',
  '{B} and {C} {!are} {J}, but {A} {!is} {L}.',
  '{^she} took the {O} to the {Q}. Now the {O} is in the {Q}.',
  'Because the {O} was {K}, {she} cleaned it.',
  '{A} said to {C}, "The {R} is in the {Q}."',
  '{^she} talked with {C} and told {her3} about {hers} {R}.',
  'While {B} waited, {A} opened the {R}.',
  '{B} never liked the {M}, but {A} did.',
  'The {R} belonged to {C}, and {A} brought it to {her3}.',
  '"Where is my {O}?" asked {A}. "It is in the {Q}," said {B}.',
  'After dinner {she2} walked home with {C}.',
  'Neither {B} nor {C} knew about the {Np}.',
];
const CLOSE: readonly string[] = [
  '{A} was happy.',
  '{^she} went home.',
  '{B} thanked {A}.',
  'They were all happy.',
  'At last {A} found the {O}.',
  '{B} never saw the {O} again.',
  '{^she} was {J} for the whole day.',
  'In the evening {A} and {B} left.',
  'That was the end of the day for {A}.',
];

/** Short stories with three people, objects, places, pronouns and agreement across attractors. Agreeing verbs are graded. */
export const narrative: Population = (rng) => {
  const A = person(rng, 'protagonist');
  const B = person(rng, 'companion', [A.value]);
  const C = person(rng, 'third', [A.value, B.value]);
  const [a, b, c] = [pronounSlots(A.value), pronounSlots(B.value), pronounSlots(C.value)];
  const n = noun(rng, 'head', false);
  const m = noun(rng, 'attractor', false);
  const many = (s: typeof n, role: string) => slot('noun', `${role}-plural`, s.value, plural(s.value));
  const verb = (role: string, text: string) => slot('verb', role, 'be', text);
  const slots = {
    A,
    B,
    C,
    N: n,
    M: m,
    Np: many(n, 'head'),
    Mp: many(m, 'attractor'),
    P: place(rng),
    Q: place(rng, 'second-place'),
    O: object(rng),
    R: object(rng, 'second-object'),
    J: mood(rng),
    L: mood(rng),
    K: quality(rng),
    she: a.she,
    her: a.her,
    hers: a.hers,
    she2: b.she,
    her2: b.her,
    hers2: b.hers,
    her3: c.her,
    is: verb('agreement-singular', 'is'),
    are: verb('agreement-plural', 'are'),
    was: verb('agreement-singular', 'was'),
    were: verb('agreement-plural', 'were'),
  };
  const w = new Writer().write(rng.pick(OPEN), slots);
  for (const s of rng.sample(MIDDLE, rng.between(2, 6))) {
    // A pronoun needs its name before it.
    if (/\{\^?(?:she2|her2|hers2)\}/.test(s) && !w.text.includes(B.value) && !s.includes('{B}')) continue;
    w.write(' ').write(s, slots);
  }
  if (rng.chance(0.8)) w.write(' ').write(rng.pick(CLOSE), slots);
  return w.done('narrative', { protagonist: A.value, companion: B.value, third: C.value });
};

const plurals = new Map(NOUNS.map(([one, many]) => [one, many]));
function plural(word: string): string {
  return plurals.get(word) ?? `${word}s`;
}
