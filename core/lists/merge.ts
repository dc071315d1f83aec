import { featureRefKey, itemKey, LIST_LIMITS, type Library, type ListItem, type OwnLabel, type ReaderList } from './schema.ts';

/**
 * Joins two versions of a note: the newer one first, what the older one said kept below it. Nothing is lost, joining twice
 * changes nothing, and what would not fit any more is left out of the older part only.
 */
function joinNotes(newer: string, older: string, also: readonly string[] = []): string {
  const lines = [...also, ...older.split('\n')].map((line) => line.trim()).filter((line) => line !== '');
  const known = new Set(newer.split('\n').map((line) => line.trim()));
  const missing = [...new Set(lines)].filter((line) => !known.has(line));
  return [newer, ...missing]
    .filter((part) => part !== '')
    .join('\n')
    .slice(0, Math.max(LIST_LIMITS.note, newer.length));
}

/** Newer first; of two of the same age the one whose text sorts first, so that the order of merging does not matter. */
function byAge<T>(a: T, b: T, age: (x: T) => number, text: (x: T) => string): readonly [T, T] {
  const first = age(a) === age(b) ? text(a) <= text(b) : age(a) > age(b);
  return first ? [a, b] : [b, a];
}

/** Two labels of one feature: the newer text stands, the other is kept in the note. */
export function mergeLabels(a: OwnLabel, b: OwnLabel): OwnLabel {
  const [newer, older] = byAge(
    a,
    b,
    ({ at }) => at,
    ({ text, note }) => `${text}\n${note}`,
  );
  const also = newer.text === older.text ? [] : [`Also called: ${older.text}`];
  return { ...newer, note: joinNotes(newer.note, older.note, also) };
}

function mergeItems(a: ListItem, b: ListItem): ListItem {
  const [newer, older] = byAge(
    a,
    b,
    ({ at }) => at,
    ({ note }) => note,
  );
  return { ...newer, note: joinNotes(newer.note, older.note) };
}

/** Two versions of one list: the items of both, in the order of the first; name and prompt of the one changed last. */
export function mergeLists(a: ReaderList, b: ReaderList): ReaderList {
  const [newer, older] = byAge(
    a,
    b,
    ({ changed }) => changed,
    ({ name, note }) => `${name}\n${note}`,
  );
  const items = new Map(a.items.map((item) => [itemKey(item), item]));
  for (const item of b.items) {
    const key = itemKey(item);
    const mine = items.get(key);
    items.set(key, mine ? mergeItems(mine, item) : item);
  }
  return {
    ...newer,
    note: joinNotes(newer.note, older.note),
    prompt: newer.prompt === '' ? older.prompt : newer.prompt,
    items: [...items.values()].slice(0, LIST_LIMITS.items),
    created: Math.min(a.created, b.created),
  };
}

/** The items that a merge would leave out, because a list holds no more. */
export function overflow(a: ReaderList, b: ReaderList): number {
  return Math.max(0, new Set([...a.items, ...b.items].map(itemKey)).size - LIST_LIMITS.items);
}

/** Everything of both. */
export function mergeLibraries(a: Library, b: Library): Library {
  const labels = new Map(a.labels.map((label) => [featureRefKey(label), label]));
  for (const label of b.labels) {
    const mine = labels.get(featureRefKey(label));
    labels.set(featureRefKey(label), mine ? mergeLabels(mine, label) : label);
  }
  const lists = new Map(a.lists.map((list) => [list.id, list]));
  for (const list of b.lists) {
    const mine = lists.get(list.id);
    lists.set(list.id, mine ? mergeLists(mine, list) : list);
  }
  return { labels: [...labels.values()], lists: [...lists.values()] };
}
