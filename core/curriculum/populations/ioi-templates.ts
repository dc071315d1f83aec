/**
 * Sentence shapes of indirect-object identification. Slots: X, Y the pair in the order of the text; S the one who acts again; I the answer;
 * E, F other people; P, Q places; O, R objects; J an adjective for people, K one for things. `~` marks where words about the subject go (apposition), `^` where a bystander goes.
 */
export interface Shape {
  /** The clause that introduces the pair. */
  readonly first: string;
  /** Between the clauses; '. ' lets sentences about others stand there. */
  readonly join: ', ' | '. ';
  /** The clause whose last word is the answer. */
  readonly second: string;
  /** The object stands right before the bystander, so it may have a relative clause. */
  readonly thing: boolean;
}
const shape = (first: string, join: ', ' | '. ', second: string, thing = true): Shape => ({ first, join, second, thing });

const GAVE = 'S~ gave {@O}^ to I';
/** The 15 templates of Wang et al. 2022, in their order (BABA: X is the subject; ABBA: Y is). */
export const LITERATURE: readonly Shape[] = [
  shape('Then, X and Y went to the P', '. ', GAVE),
  shape('Then, X and Y had a lot of fun at the P', '. ', GAVE),
  shape('Then, X and Y were working at the P', '. ', 'S~ decided to give {@O}^ to I'),
  shape('Then, X and Y were thinking about going to the P', '. ', 'S~ wanted to give {@O}^ to I'),
  shape('Then, X and Y had a long argument', ', ', 'and afterwards S~ said^ to I', false),
  shape('After X and Y went to the P', ', ', GAVE),
  shape('When X and Y got {@O} at the P', ', ', 'S~ decided to give it^ to I', false),
  shape('When X and Y got {@O} at the P', ', ', 'S~ decided to give the {O}^ to I'),
  shape('While X and Y were working at the P', ', ', GAVE),
  shape('While X and Y were commuting to the P', ', ', GAVE),
  shape('After the lunch, X and Y went to the P', '. ', GAVE),
  shape('Afterwards, X and Y went to the P', '. ', GAVE),
  shape('Then, X and Y had a long argument', '. ', 'Afterwards S~ said^ to I', false),
  shape('The P X and Y went to had {@O}', '. ', 'S~ gave it^ to I', false),
  shape('Friends X and Y found {@O} at the P', '. ', 'S~ gave it^ to I', false),
];

/** More ways to bring in a pair; none starts with a name. */
export const FIRST: readonly (readonly [string, ', ' | '. '])[] = [
  ['While X was talking with Y at the P', ', '],
  ['The P was {K} when X met Y', '. '],
  ['Yesterday X had lunch with Y near the P', '. '],
  ['Since X and Y both liked the {R}', ', '],
  ['There was {@R} between X and Y', '. '],
  ['It was a long day for X and Y', '. '],
  ['In the morning X helped Y at the P', '. '],
  ['Before X and Y left the P', ', '],
  ['Later X asked Y about the P', '. '],
  ['At the P, X saw Y', '. '],
  ['One evening X came to the P with Y', '. '],
  ['When X found Y in the P', ', '],
  ['Next to X at the P sat Y', '. '],
  ['The {R} belonged to X and Y', '. '],
  ['In the P, X waited for Y', '. '],
  ['After X moved near Y', ', '],
  ['Today X and Y are at the P', '. '],
  ['Once X lived with Y in {@K} house', '. '],
  ['Because X and Y were {J}', ', '],
  ['Every day X walked to the P with Y', '. '],
];

/** More ways to act again. `true`: the object is right before the bystander. */
export const SECOND: readonly (readonly [string, boolean])[] = [
  ['S~ gave {@O}^ to I', true],
  ['S~ handed the {O}^ to I', true],
  ['S~ passed {@K} {O}^ to I', true],
  ['S~ offered the {O}^ to I', true],
  ['S~ sent {@O}^ to I', true],
  ['S~ showed the {K} {O}^ to I', true],
  ['S~ threw the {O}^ to I', true],
  ['S~ lent {@O}^ to I', true],
  ['S~ sold the {O}^ to I', true],
  ['S~ wanted to give {@O}^ to I', true],
  ['S~ decided to bring the {O}^ to I', true],
  ['S~ bought {@O} and gave it^ to I', false],
  ['S~ went home and sent {@O}^ to I', true],
  ['{@O} was given by S~^ to I', false],
  ['the {O} of S~ was handed^ to I', false],
  ['the {K} {O} that S~ had made was given^ to I', false],
  ['it was S~ who brought {@O}^ to I', true],
  ['because of the {K} {O}, S~ spoke^ to I', false],
  ['with {@O} in the bag, S~ walked home and talked^ to I', false],
  ['what S~ said^ was not clear to I', false],
  ['S~ took the {O} and returned it^ to I', false],
  ['a letter from S~ about the {O} came^ to I', false],
];

/** Two pairs: which of them counts is told by the name that comes again. A, B is the other pair. */
export const TWO_PAIRS: readonly string[] = [
  'X and Y were at the P, while A and B were at the {Q}. ',
  'A and B went to the {Q}, and X and Y went to the P. ',
  'X met Y at the P. A met B at the {Q}. ',
  'In the P, A talked with B. In the {Q}, X talked with Y. ',
  'There were two teams: X and Y, and A and B. ',
  'There were two teams: A and B, and X and Y. ',
  'The {R} belonged to A and B. The {U} belonged to X and Y. ',
  'The {R} belonged to X and Y. The {U} belonged to A and B. ',
  'X lives with Y, and A lives with B. ',
  'A sat with B. X sat with Y. ',
  'On Monday X worked with Y. On Friday A worked with B. ',
  'On Monday A worked with B. On Friday X worked with Y. ',
  'When A and B left the {Q}, X and Y stayed there. ',
  'After X and Y left the P, A and B stayed there. ',
];
/** What is said after two pairs; the answer is the partner. */
export const PARTNER: readonly (readonly [string, boolean])[] = [
  ['The friend of S~ is^ I', false],
  ['The other name, next to S~, is^ I', false],
  ['If one is S~, the other is^ I', false],
];

/** Three people, all but one of whom come again (S, T in either order). */
export const THREE_FIRST: readonly string[] = [
  'X, Y and Z went to the P. ',
  'At the P there were X, Y and Z. ',
  'When X and Y met Z at the P, the day was {K}. ',
  'The friends X, Y and Z found {@R}. ',
  'In the {K} P sat X, Y and Z. ',
  'There were three letters, for X, for Y and for Z. ',
  'X came to the P with Y, and Z came later. ',
];
export const THREE_SECOND: readonly (readonly [string, boolean])[] = [
  ['S~ and T gave {@O}^ to I', true],
  ['T helped S~, and they gave the {O}^ to I', true],
  ['S~ spoke first, then T, and last of all came^ I', false],
  ['S~ gave {@O} not to T but^ to I', false],
  ['S~ talked with T, so nobody talked^ to I', false],
  ['T told S~ about the {O} and sent it^ to I', false],
  ['S~ left with T, so the {O} was^ for I', false],
  ['the {O} was for S~ or T, but it went^ to I', false],
];

/** The repeated name is no agent: only repetition tells. */
export const SPLIT: readonly (readonly [string, boolean])[] = [
  ['one {O} was for S~, the other^ for I', false],
  ['S~ was first, and next^ was I', false],
  ['S~ left early, so the last one there^ was I', false],
  ['the one {O} belonged to S~ and the other^ to I', false],
  ['S~ was {J}, but nobody knew^ about I', false],
  ['everyone saw S~, but nobody^ saw I', false],
  ['the teacher called S~ first and then^ called I', false],
  ['S~ was there, so there was only one more seat,^ for I', false],
  ['a letter for S~ came, and later there was one^ for I', false],
  ['someone thanked S~, and then someone^ thanked I', false],
];

/** Words about the subject that bring in another name. */
export const APPOSITIONS: readonly string[] = [
  ', a friend of {E},',
  ', who knew {E},',
  ', and not {E},',
  ', like {E},',
  ', a cousin of {E},',
  ', who had seen {E} before,',
  ', the neighbour of {E},',
  ', far from {E},',
];
/** Another name between the object and the answer. */
export const BYSTANDERS_THING: readonly string[] = [
  ' from {E}',
  ' that {E} had made',
  ' made by {E}',
  ' that once belonged to {E}',
  ' that {E} did not want',
  ' of {E}',
];
export const BYSTANDERS_ANY: readonly string[] = [
  ', with the help of {E},',
  ', while {E} watched,',
  ', in front of {E},',
  ', before {E} came back,',
  ', without {E},',
  ', as {E} had asked,',
];

/** Sentences about others, before the pair or between the clauses. */
export const OTHERS: readonly string[] = [
  '{^E} lived near the {Q}. ',
  '{^E} lost {@R}. ',
  'One day {E} saw the {K} {R}. ',
  'The {R} of {E} was {K}. ',
  '{^E} and {F} stayed at the {Q}. ',
  '{^E} told {F} about the {R}. ',
  '{^E} was {J}. Then {E} left. ',
  'It was the {R} that {E} liked. {^E} was happy. ',
  'At the {Q}, {E} met {F}, and {F} smiled. ',
  '{^E} was at home. ',
];
/** The pair itself in an earlier sentence that decides nothing. */
export const EARLIER: readonly string[] = [
  '{^G} lived near the {Q}. ',
  'One day {G} saw the {K} {R}. ',
  '{^G} was {J}. ',
  'The {R} of {G} was {K}. ',
];

/** After the answer. */
export const AFTER: readonly string[] = [
  '. {^I2} thanked {S3}.',
  '. {^S3} smiled, and {I2} was happy.',
  '. Then {I2} went home.',
  '. Later {S3} left.',
  ' and smiled.',
  ' at last.',
  ' in the morning.',
  '. Everyone was happy.',
];
