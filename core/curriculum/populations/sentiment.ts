import { ASPECTS, NEGATIVE, POSITIVE, VENUES } from '../lexicon/special.ts';
import { NAMES } from '../lexicon/words.ts';
import type { Rng } from '../rng.ts';
import { Writer, slot, type Slot } from '../template.ts';
import type { Population } from '../types.ts';
import { nameSlot } from './common.ts';

const PLAIN: readonly string[] = [
  'The {x} was {a}.',
  'I found the {x} {a} and {b}.',
  '{N} said that the {x} was {a}.',
  'How {a} the {x} was!',
  'We all thought that the {x} was {a}.',
];
const NEGATED: readonly string[] = ['The {x} was not {c}.', 'Nobody found the {x} {c}.', 'I never thought that the {x} was {c}.'];
const CONCESSION: readonly string[] = [
  'Although the {y} was {c}, the {x} was {a}.',
  'The {y} was {c}, but the {x} was {a} and the rest was {b}.',
];
const VERDICTS: readonly string[] = [
  'Verdict: {!v}.',
  'In short, my verdict is {!v}.',
  'Q: Was the review positive or negative? A: {!v}.',
  'So {N} calls this review {!v}.',
];

/** Reviews with a verdict; negated and conceded words pull the other way. */
export const sentiment: Population = (rng) => {
  const positive = rng.chance(0.5);
  const own = positive ? 'positive' : 'negative';
  const word = (for_: boolean, role: string): Slot =>
    slot('sentiment', `${for_ ? 'positive' : 'negative'}-${role}`, rng.pick(for_ ? POSITIVE : NEGATIVE));
  const w = new Writer();
  const fresh = (r: Rng): Record<string, Slot> => ({
    x: slot('aspect', 'main', r.pick(ASPECTS)),
    y: slot('aspect', 'conceded', r.pick(ASPECTS)),
    a: word(positive, 'stated'),
    b: word(positive, 'stated'),
    c: word(!positive, 'negated'),
    N: nameSlot('other', r.pick(NAMES)),
    V: slot('venue', 'topic', r.pick(VENUES)),
    v: slot('verdict', 'answer', own),
  });
  w.write(rng.pick(['Review:', 'Review of the {V}:', 'A word about the {V}.', 'Yesterday we went to the {V}.']), fresh(rng));
  const n = rng.between(1, 3);
  for (let i = 0; i < n; i++) {
    const u = rng.next();
    const s = fresh(rng);
    w.write(' ').write(
      rng.pick(u < 0.64 ? PLAIN : u < 0.82 ? NEGATED : CONCESSION),
      u < 0.82 ? s : { ...s, c: { ...(s['c'] ?? slot('', '', '')), role: `${positive ? 'negative' : 'positive'}-conceded` } },
    );
  }
  w.write(' ').write(rng.pick(VERDICTS), fresh(rng));
  return w.done('sentiment', { verdict: own });
};
