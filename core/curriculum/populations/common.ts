import { MALE, NAMES, NOUNS, OBJECTS, PLACES, MOODS, QUALITIES, pronouns } from '../lexicon/words.ts';
import type { Rng } from '../rng.ts';
import { slot, type Slot } from '../template.ts';

const men = new Set(MALE);

/** A first name in a role. */
export function nameSlot(role: string, name: string): Slot {
  return slot('name', role, name);
}

/** Subject, object and possessive pronouns of a name; their value is the name they stand for. */
export function pronounSlots(name: string): { she: Slot; her: Slot; hers: Slot } {
  const [s, o, p] = pronouns(name);
  const gender = men.has(name) ? 'masculine' : 'feminine';
  return {
    she: slot('pronoun', `${gender}-subject`, name, s),
    her: slot('pronoun', `${gender}-object`, name, o),
    hers: slot('pronoun', `${gender}-possessive`, name, p),
  };
}

export const person = (rng: Rng, role: string, taken: readonly string[] = []): Slot => nameSlot(role, rng.other(NAMES, taken));
export const place = (rng: Rng, role = 'place'): Slot => slot('place', role, rng.pick(PLACES));
export const object = (rng: Rng, role = 'object'): Slot => slot('object', role, rng.pick(OBJECTS));
export const mood = (rng: Rng, role = 'person'): Slot => slot('adjective', role, rng.pick(MOODS));
export const quality = (rng: Rng, role = 'thing'): Slot => slot('adjective', role, rng.pick(QUALITIES));

/** A common noun in the singular or plural; the value is the singular. */
export function noun(rng: Rng, role: string, plural: boolean): Slot {
  const [one, many] = rng.pick(NOUNS);
  return slot('noun', `${role}-${plural ? 'plural' : 'singular'}`, one, plural ? many : one);
}
