/**
 * Free frames of indirect-object sentences: an opening, an event and a connection are drawn apart from each other, and some pairs of opening and event
 * are kept out of the training text, so that a frame never seen can be tested. Slots as in `ioi-templates.ts`.
 */
import type { Rng } from '../rng.ts';

/** Openings of a dependent clause; the main clause follows after a comma. */
export const CLAUSES: readonly string[] = [
  'When',
  'After',
  'While',
  'As',
  'Before',
  'Because',
  'Since',
  'Once',
  'Although',
  'As soon as',
  'Just as',
  'Now that',
  'The day',
  'Every time',
  'Soon after',
  'Long before',
];
/** Openings of a sentence of its own. */
export const SENTENCES: readonly string[] = [
  'Then,',
  'Then',
  'Yesterday',
  'Today',
  'Later',
  'Afterwards,',
  'After the lunch,',
  'One day',
  'One morning',
  'Last week',
  'On Monday,',
  'That day',
  'In the morning,',
  'In the evening',
  'At first,',
  'Once',
  'Again',
  'Friends',
  'There',
  'At last',
];
/** The two together, in the order of the text. */
const PAIRS: readonly (readonly [string, number])[] = [
  ['X and Y', 0.92],
  ['both X and Y', 0.08],
];
/** What happened. */
export const EVENTS: readonly string[] = [
  'went to the P',
  'walked to the P',
  'came to the P',
  'drove to the P',
  'ran to the P',
  'moved to the P',
  'hurried into the P',
  'were at the P',
  'arrived at the P',
  'met at the P',
  'worked at the P',
  'stayed at the P',
  'waited in the P',
  'sat in the P',
  'had lunch in the P',
  'had {@R} at the P',
  'had a lot of fun at the P',
  'had a long argument',
  'were working at the P',
  'were walking to the P',
  'were commuting to the P',
  'were thinking about going to the P',
  'got {@R} at the P',
  'found {@R} at the P',
  'saw {@R} in the P',
  'looked for the {R}',
  'bought {@K} {R}',
  'visited the {K} P',
  'left the P',
  'came back from the P',
  'went home',
  'talked about the {R}',
  'were {J}',
  'became friends',
  'played together',
  'lived near the P',
];
/** Between a sentence and what follows in it. */
const CONNECTIONS: readonly string[] = ['and', 'and then', 'so', 'but', 'and afterwards', 'and later'];
/** Before a sentence that follows. */
const STARTS: readonly string[] = ['Then', 'Later', 'Afterwards', 'Soon', 'There', 'At last', 'In the end,', 'After that,'];
const MODALS: readonly string[] = [
  'decided to',
  'wanted to',
  'had to',
  'tried to',
  'was glad to',
  'came back to',
  'promised to',
  'began to',
];
const GIVE: readonly (readonly [string, string])[] = [
  ['gave', 'give'],
  ['handed', 'hand'],
  ['passed', 'pass'],
  ['offered', 'offer'],
  ['sent', 'send'],
  ['showed', 'show'],
  ['threw', 'throw'],
  ['lent', 'lend'],
  ['sold', 'sell'],
  ['brought', 'bring'],
  ['returned', 'return'],
  ['carried', 'carry'],
];
const THINGS: readonly string[] = ['{@O}', '{@O}', 'the {O}', '{@K} {O}', 'the {K} {O}'];

/** Whether a pair of opening and event is kept out of the training text: one pair in eight. */
export function heldOut(opening: string, event: string): boolean {
  const openings = [...CLAUSES, ...SENTENCES];
  return (openings.indexOf(opening) * 5 + EVENTS.indexOf(event) * 3) % 8 === 2;
}

export interface Frame {
  readonly first: string;
  readonly join: ', ' | '. ';
  readonly second: string;
  /** The object stands right before the bystander. */
  readonly thing: boolean;
}

/** Earlier entries come more often, as frequent words do. */
const skewed = (rng: Rng, list: readonly string[]): string => list[Math.floor(rng.next() ** 1.7 * list.length)] ?? '';

/** A frame; `unseen`: one that is kept out of the training text. */
export function frame(rng: Rng, unseen: boolean): Frame {
  const clause = rng.chance(0.6);
  let opening = '';
  let event = '';
  do {
    opening = skewed(rng, clause ? CLAUSES : SENTENCES);
    event = skewed(rng, EVENTS);
  } while (heldOut(opening, event) !== unseen);
  let u = rng.next();
  const pair = PAIRS.find(([, p]) => (u -= p) < 0)?.[0] ?? 'X and Y';
  const [past, base] = rng.chance(0.35) ? (GIVE[0] ?? ['', '']) : rng.pick(GIVE);
  const act = rng.chance(0.3) ? `${rng.pick(MODALS)} ${base}` : past;
  const what = `S~ ${act} ${rng.pick(THINGS)}^ to I`;
  const first = `${opening} ${pair} ${event}`;
  if (clause) return { first, join: ', ', second: what, thing: true };
  if (rng.chance(0.3)) return { first, join: ', ', second: `${rng.pick(CONNECTIONS)} ${what}`, thing: true };
  return { first, join: '. ', second: rng.chance(0.35) ? `${rng.pick(STARTS)} ${what}` : what, thing: true };
}
