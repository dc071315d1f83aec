import { words } from './words.ts';

/** Things that last for years. */
export const EVENTS: readonly string[] =
  words(`war siege trip reign trial voyage drought feud project contest famine truce strike festival plague
  journey mission revolt study expedition treaty debate conflict campaign dynasty alliance marriage rebellion blockade crusade`);

/** Argument names and function names of the docstring population. */
export const ARGUMENTS: readonly string[] =
  words(`size name path count index value key mode list data file line text width height depth color font user
  host port node edge graph row col begin finish step rate seed loss batch layer head token vector matrix label target source query url cache buffer
  offset limit flag scale shift angle speed mass clock date zone code item group`);
export const FUNCTIONS: readonly string[] = words(
  'load save build parse locate merge split render train update reset collect compute tidy fetch',
);
/** Nouns of the descriptions, as meaningless as those of the literature. */
export const DESCRIBERS: readonly string[] = words(
  `oil column piece crime unit sense order type event plan price stage page field level rule force state`,
);

export const POSITIVE: readonly string[] =
  words(`great lovely superb charming delightful excellent brilliant pleasant wonderful fresh tasty warm graceful
  witty splendid perfect`);
export const NEGATIVE: readonly string[] =
  words(`awful horrible boring bland terrible dreadful stale ugly nasty rude clumsy painful gloomy weary broken
  messy`);
export const ASPECTS: readonly string[] = words('food plot music service acting room story staff soup design ending view');
export const VENUES: readonly string[] = words('film restaurant hotel play cafe show');

/** A persona: greetings, forms of address, exclamations and the nouns it talks about. */
export interface PersonaWords {
  readonly id: string;
  readonly greetings: readonly string[];
  readonly friends: readonly string[];
  readonly cries: readonly string[];
  readonly nouns: readonly string[];
}
const persona = (id: string, g: string, f: string, c: string, n: string): PersonaWords => ({
  id,
  greetings: words(g),
  friends: words(f),
  cries: words(c),
  nouns: words(n),
});
export const PERSONAS: readonly PersonaWords[] = [
  persona('pirate', 'Ahoy Avast', 'matey sailor', 'Aye Yarr', 'treasure ship rum'),
  persona('scientist', 'Greetings Observe', 'colleague researcher', 'Indeed Precisely', 'experiment theory sample'),
  persona('child', 'Hiya Yay', 'buddy mommy', 'Wow Yippee', 'candy puppy teddy'),
  persona('poet', 'Behold Hark', 'beloved muse', 'Alas Oh', 'moonlight sorrow dream'),
  persona('robot', 'Beep Hello', 'unit human', 'Affirmative Computing', 'circuit battery signal'),
  persona('king', 'Hearken Attend', 'subject knight', 'Verily Forsooth', 'throne crown realm'),
];
