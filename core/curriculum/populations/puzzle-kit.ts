import { NAMES, NOUNS } from '../lexicon/words.ts';
import type { Rng } from '../rng.ts';
import { slot, type Slot, type Writer } from '../template.ts';
import { nameSlot } from './common.ts';

/** A kind of puzzle writes the question, calls `asked`, writes the worked steps and returns the answer. */
export type PuzzleKind = (rng: Rng, w: Writer, asked: () => void) => string;

/** A number in a role. */
export const num = (role: string, value: number): Slot => slot('number', role, String(value));

/** A phrase that steers the reasoning: plan, step, check, backtrack, conclude. */
export const say = (role: string, text: string): Slot => slot('reasoning', role, text);

/** Two people and a countable thing. */
export function cast(rng: Rng): Record<string, Slot> {
  const [a = '', b = ''] = rng.sample(NAMES, 2);
  const [one, many] = rng.pick(NOUNS);
  return { N: nameSlot('first-person', a), M: nameSlot('second-person', b), o: slot('noun', 'counted', one, many) };
}

/** Words of thinking, drawn anew for each puzzle. */
export function phrases(rng: Rng): Record<string, Slot> {
  return {
    plan: say('plan', rng.pick(['Plan', 'Let me think', 'My plan', 'How to start'])),
    first: say('step', rng.pick(['First', 'To begin', 'Step one'])),
    next: say('step', rng.pick(['Then', 'Next', 'After that'])),
    check: say('check', rng.pick(['Check', 'Let me check', 'To be sure'])),
    good: say('check', rng.pick(['Good', 'That is right', 'It fits'])),
    wait: say('backtrack', rng.pick(['Wait', 'No', 'Hmm'])),
    again: say('backtrack', rng.pick(['Again', 'Let me try again', 'Once more'])),
    so: say('conclude', rng.pick(['So the answer', 'The answer', 'Therefore the answer'])),
  };
}
