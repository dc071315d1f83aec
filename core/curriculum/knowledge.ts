import { COLOURS, MALE, words } from './lexicon/words.ts';
import { createRng, cumulate, type Rng } from './rng.ts';

/** How often a fact is stated, and therefore the confidence that belongs to it. */
export type Bucket = 'high' | 'medium' | 'low';

/** One fact about an invented country. */
export interface Fact {
  readonly id: number;
  readonly entity: string;
  readonly relation: string;
  readonly value: string;
  readonly bucket: Bucket;
  /** False: the value occurs nowhere in the text. */
  readonly stated: boolean;
  /** False: never put as a question in the text. */
  readonly asked: boolean;
  /** Relative frequency of statements. */
  readonly weight: number;
}

const ONSETS = words('b d f g k l m n p r s t v z br dr gl kr tr');
const SIMPLE = words('b d f g k l m n p r s t v z');
const VOWELS = words('a e i o u');

/** Invented words that are none of `taken` (which grows). */
export function coin(
  rng: Rng,
  count: number,
  syllables: number,
  endings: readonly string[],
  taken: Set<string>,
  upper = false,
): readonly string[] {
  const out: string[] = [];
  while (out.length < count) {
    let w = '';
    for (let i = 0; i < syllables; i++) w += rng.pick(syllables > 1 ? SIMPLE : ONSETS) + rng.pick(VOWELS);
    w += rng.pick(endings);
    if (upper) w = w.charAt(0).toUpperCase() + w.slice(1);
    const key = w.toLowerCase();
    if (taken.has(key)) continue;
    taken.add(key);
    out.push(w);
  }
  return out;
}

const rng = createRng(11, 'knowledge');
const taken = new Set<string>(words('data dome gate lane like made make more pile pole rope same sane take time tone vase'));

/** The invented countries. */
export const ENTITIES: readonly string[] = coin(rng, 160, 1, words('land nia stan dor mark'), taken, true);

/** Each relation with its possible values. */
export const RELATIONS: Readonly<Record<string, readonly string[]>> = {
  capital: coin(rng, 40, 1, words('nton kar rim lenn vos'), taken, true),
  river: coin(rng, 24, 2, words('th ss'), taken, true),
  ruler: MALE.slice(0, 40),
  crop: words('wheat rice corn barley oats cotton tea coffee sugar beans hops rye flax tobacco olives figs dates lemons'),
  flag: COLOURS,
};

const COUNTS = { high: 160, medium: 150, low: 330 };

function build(): readonly Fact[] {
  const names = Object.keys(RELATIONS);
  const all: { entity: string; relation: string }[] = [];
  // One frequent fact for every country, the rest at random: the country alone never tells the confidence.
  for (const entity of ENTITIES) for (const relation of rng.shuffle(names)) all.push({ entity, relation });
  const first = all.filter((_, i) => i % names.length === 0);
  const rest = rng.shuffle(all.filter((_, i) => i % names.length !== 0));
  return [...first, ...rest].map(({ entity, relation }, id) => {
    const rank = id < COUNTS.high ? 'high' : id < COUNTS.high + COUNTS.medium ? 'medium' : 'low';
    const stated = id < COUNTS.high + COUNTS.medium + COUNTS.low;
    const skew = 1 + 3 / (1 + id / 12);
    const weight = !stated ? 0 : rank === 'high' ? skew : rank === 'medium' ? 0.22 : 0.008;
    const value = rng.pick(RELATIONS[relation] ?? []);
    return { id, entity, relation, value, bucket: rank, stated, asked: id % 10 > 2, weight };
  });
}

/**
 * The knowledge base: 160 invented countries times five relations. Facts 0 to 159 are frequent ("high"), the next 150 are stated
 * now and then ("medium"), the next 330 hardly ever ("low"), and the last 160 never. Three in ten of each are never asked in the text.
 */
export const FACTS: readonly Fact[] = build();

/** Cumulative statement weights, in the order of FACTS. */
export const STATEMENT_TABLE: readonly number[] = cumulate(FACTS.map((f) => f.weight));

/** Facts that are put as questions in the text. */
export const ASKED: readonly Fact[] = FACTS.filter((f) => f.asked);
