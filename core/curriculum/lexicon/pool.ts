import { ARGUMENTS, ASPECTS, DESCRIBERS, EVENTS, NEGATIVE, POSITIVE } from './special.ts';
import {
  ANTONYMS,
  CAPITALS,
  COLOURS,
  DAYS,
  LETTERS,
  MONTHS,
  NAMES,
  NOUNS,
  NUMBER_WORDS,
  OBJECTS,
  ORDINALS,
  PAST,
  PLACES,
} from './words.ts';

/** Words for random strings: everything that is one word and (when trained) one token. */
export const RANDOM_WORDS: readonly string[] = [
  ...new Set([
    ...NAMES,
    ...PLACES,
    ...OBJECTS,
    ...NOUNS.flatMap(([one, many]) => [one, many]),
    ...ANTONYMS.flat(),
    ...PAST.flat(),
    ...CAPITALS.flat(),
    ...COLOURS,
    ...DAYS,
    ...MONTHS,
    ...NUMBER_WORDS,
    ...ORDINALS,
    ...LETTERS,
    ...ARGUMENTS,
    ...DESCRIBERS,
    ...EVENTS,
    ...POSITIVE,
    ...NEGATIVE,
    ...ASPECTS,
    ...Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0')),
  ]),
];
/** Signs that may stand in random strings as well. */
export const RANDOM_SIGNS: readonly string[] = [',', '.', ':', ';', '-', '=', '->', '(', ')', '?', '!'];
/** Little words of running text. */
export const RANDOM_SMALL: readonly string[] =
  'the a of to in and is was on at it he she with for not but from so then when after'.split(' ');
