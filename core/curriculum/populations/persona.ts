import { PERSONAS } from '../lexicon/special.ts';
import { Writer, slot } from '../template.ts';
import type { Population } from '../types.ts';
import { person, place, quality } from './common.ts';

const OPEN: readonly string[] = [
  'You are {@p}. Speak: {!hi}, {!f}!',
  'As {@p} I say: {!hi}, {!f}!',
  'The {p} came to the {P} and said: {!ex}, {!f}!',
  '{N} played {@p} and said: {!hi}, {!f}!',
  'Talk like {@p}. {ex}, {!f}!',
];
const BODY: readonly string[] = [
  'I like the {!n} in the {P}.',
  'My {K} {!n} is near.',
  'Look: {!ex}, the {!n} is {K}.',
  'Where is my {!f} with the {!n}?',
  'Tell {N} about the {!n}, my {!f}.',
  'I say {!ex}, and then I bring the {!n} to {N}.',
  'At the {P} my {!f} lost the {!n}.',
];

/** A persona named once colours every later line: greetings, forms of address, exclamations, what it talks about. */
export const persona: Population = (rng) => {
  const p = rng.pick(PERSONAS);
  const w = new Writer();
  const slots = () => ({
    p: slot('persona', 'named', p.id),
    hi: slot('persona-word', `${p.id}-greeting`, rng.pick(p.greetings)),
    f: slot('persona-word', `${p.id}-friend`, rng.pick(p.friends)),
    ex: slot('persona-word', `${p.id}-cry`, rng.pick(p.cries)),
    n: slot('persona-word', `${p.id}-noun`, rng.pick(p.nouns)),
    P: place(rng),
    K: quality(rng),
    N: person(rng, 'other'),
  });
  w.write(rng.pick(OPEN), slots());
  const n = rng.between(1, 3);
  for (let i = 0; i < n; i++) w.write(' ').write(rng.pick(BODY), slots());
  const doc = w.done('persona', { persona: p.id });
  // Any word of the persona in the same part is right: `accept` lists them for each graded word ("Ahoy|Avast matey|sailor").
  const groups = [p.greetings, p.friends, p.cries, p.nouns];
  const accept = doc.answers.map((a) => groups.find((g) => g.includes(doc.text.slice(a.start, a.end)))?.join('|') ?? '');
  return { ...doc, meta: { ...doc.meta, accept: accept.join(' ') } };
};
