/** Splits a table row into words. */
export function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

export const FEMALE: readonly string[] =
  words(`Mary Anna Lucy Emma Sarah Kate Julia Alice Clara Nora Ruth Helen Laura Maria Sofia Ella Jane Amy
  Diana Eva Fiona Gina Hannah Jill Karen Linda Mona Nancy Olga Paula Rita Susan Tina Vera Wendy Zoe Beth Carol Edith Greta Heidi Irene Lena Molly
  Rachel Sandra Tessa Ursula Vicky Yvonne`);
export const MALE: readonly string[] =
  words(`John Tom Paul Mark David Peter James Henry Frank Jack Luke Adam Simon Oscar Martin Victor Walter Leo Max
  Ben Carl Dan Eric Fred Greg Hugo Ivan Joel Kevin Liam Mike Neil Owen Phil Ralph Sam Tim Alan Bob Craig Ernest Felix George Harry Ian Jason Keith
  Roger Steve Daniel`);
/** All first names; the first half are women's, the second half men's. */
export const NAMES: readonly string[] = [...FEMALE, ...MALE];
const women = new Set(FEMALE);

/** Pronouns of a name: subject, object, possessive. */
export function pronouns(name: string): readonly [string, string, string] {
  return women.has(name) ? ['she', 'her', 'her'] : ['he', 'him', 'his'];
}

export const PLACES: readonly string[] =
  words(`store garden restaurant school hospital office house station park library market museum kitchen beach
  farm river church bakery harbor castle forest bridge theater hotel village zoo airport stadium cafe cottage tower factory`);
export const OBJECTS: readonly string[] =
  words(`ring kiss bone basketball computer necklace drink snack book basket letter ball key lamp map cup coin
  hat kite bag bottle pen rope box flower cake toy gift phone ticket card blanket drum mirror candle guitar`);

/** Common nouns with plural, category and (where there is one) typical colour. */
export const NOUNS: readonly (readonly [noun: string, plural: string, category: string, colour: string | null])[] = [
  ['cat', 'cats', 'animal', 'black'],
  ['dog', 'dogs', 'animal', 'brown'],
  ['horse', 'horses', 'animal', 'brown'],
  ['cow', 'cows', 'animal', 'white'],
  ['bird', 'birds', 'animal', 'blue'],
  ['fish', 'fishes', 'animal', 'grey'],
  ['mouse', 'mice', 'animal', 'grey'],
  ['goat', 'goats', 'animal', 'white'],
  ['apple', 'apples', 'fruit', 'red'],
  ['pear', 'pears', 'fruit', 'green'],
  ['grape', 'grapes', 'fruit', 'purple'],
  ['lemon', 'lemons', 'fruit', 'yellow'],
  ['cherry', 'cherries', 'fruit', 'red'],
  ['carrot', 'carrots', 'vegetable', 'orange'],
  ['potato', 'potatoes', 'vegetable', 'brown'],
  ['onion', 'onions', 'vegetable', 'white'],
  ['bean', 'beans', 'vegetable', 'green'],
  ['rose', 'roses', 'plant', 'red'],
  ['lily', 'lilies', 'plant', 'white'],
  ['tulip', 'tulips', 'plant', 'yellow'],
  ['chair', 'chairs', 'furniture', 'brown'],
  ['table', 'tables', 'furniture', 'brown'],
  ['bed', 'beds', 'furniture', 'white'],
  ['shelf', 'shelves', 'furniture', 'grey'],
  ['car', 'cars', 'vehicle', 'blue'],
  ['train', 'trains', 'vehicle', 'black'],
  ['boat', 'boats', 'vehicle', 'white'],
  ['truck', 'trucks', 'vehicle', 'orange'],
  ['hammer', 'hammers', 'tool', 'grey'],
  ['saw', 'saws', 'tool', 'grey'],
  ['knife', 'knives', 'tool', 'black'],
  ['shirt', 'shirts', 'clothing', 'green'],
  ['coat', 'coats', 'clothing', 'black'],
  ['sock', 'socks', 'clothing', 'yellow'],
  ['doctor', 'doctors', 'job', null],
  ['teacher', 'teachers', 'job', null],
  ['farmer', 'farmers', 'job', null],
  ['baker', 'bakers', 'job', null],
];
export const COLOURS: readonly string[] = words('red green blue yellow black white brown orange purple grey pink gold silver');

function pairs(text: string): (readonly [string, string])[] {
  return words(text).map((p) => {
    const [a = '', b = ''] = p.split('/');
    return [a, b] as const;
  });
}
export const ANTONYMS: readonly (readonly [string, string])[] =
  pairs(`hot/cold big/small fast/slow tall/short old/young happy/sad dark/bright wet/dry
  hard/soft rich/poor strong/weak loud/quiet full/empty clean/dirty heavy/light early/late deep/shallow wide/narrow thick/thin brave/afraid smooth/rough
  open/closed sharp/dull sweet/sour near/far`);
export const SYNONYMS: readonly (readonly [string, string])[] =
  pairs(`hot/boiling big/huge fast/quick tall/lofty old/ancient happy/glad dark/dim
  wet/soaked hard/solid rich/wealthy strong/mighty loud/noisy full/packed clean/spotless heavy/weighty small/tiny slow/sluggish sad/unhappy cold/icy
  young/youthful quiet/silent weak/feeble poor/needy brave/bold dirty/filthy`);
export const PAST: readonly (readonly [string, string])[] =
  pairs(`walk/walked go/went run/ran eat/ate see/saw take/took give/gave make/made find/found
  sing/sang write/wrote speak/spoke drive/drove fall/fell grow/grew know/knew ride/rode buy/bought think/thought bring/brought catch/caught teach/taught
  sell/sold jump/jumped play/played look/looked call/called help/helped cook/cooked paint/painted climb/climbed swim/swam win/won hold/held keep/kept`);
export const CAPITALS: readonly (readonly [string, string])[] =
  pairs(`France/Paris Italy/Rome Spain/Madrid Germany/Berlin Russia/Moscow Japan/Tokyo
  China/Beijing India/Delhi Egypt/Cairo Greece/Athens Norway/Oslo Sweden/Stockholm Poland/Warsaw Austria/Vienna Cuba/Havana Peru/Lima Chile/Santiago
  Canada/Ottawa Kenya/Nairobi Turkey/Ankara Iran/Tehran Iraq/Baghdad Portugal/Lisbon Ireland/Dublin Hungary/Budapest Finland/Helsinki`);
/** Adjectives used in free text. Kept apart from what is only an in-context answer. */
export const ADJECTIVES: readonly string[] = ANTONYMS.flatMap(([a, b]) => [a, b]).filter(
  (w) => !['closed', 'open', 'afraid', 'near', 'far'].includes(w),
);
/** Adjectives that suit people. */
export const MOODS: readonly string[] = words(
  'happy sad tired hungry busy late early brave quiet rich poor old young strong weak afraid',
);
/** Adjectives that suit things. */
export const QUALITIES: readonly string[] = words(
  'big small old clean dirty heavy light wet dry sharp dull soft hard thick thin bright dark cold hot',
);

export const NUMBER_WORDS: readonly string[] =
  words(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
  sixteen seventeen eighteen nineteen twenty`);
export const DAYS: readonly string[] = words('Monday Tuesday Wednesday Thursday Friday Saturday Sunday');
export const MONTHS: readonly string[] = words(
  'January February March April May June July August September October November December',
);
export const LETTERS: readonly string[] = words('A B C D E F G H I J K L M N O P Q R S T U V W X Y Z');
export const ORDINALS: readonly string[] = words(
  'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth',
);
export const ROMAN: readonly string[] = words('I II III IV V VI VII VIII IX X XI XII');
