/** What two neighbours become, and how early: lower ranks first. Ranks of different pairs may be equal; then the left one goes first. */
export interface Merge {
  readonly rank: number;
  readonly id: number;
}

/** A token of a word, and where its text ends in it. */
interface Symbol {
  id: number;
  readonly from: number;
  to: number;
  previous: number;
  next: number;
}

/**
 * Byte-pair encoding of one word of any length, in O(n log n): always the pair of neighbours with the lowest rank, the leftmost
 * of equal ones, is merged.
 * @param ids    the word's first tokens, ≥ −1
 * @param ends   where each of them ends in the word's text
 * @param merge  what two neighbours make, by their ids and the text that both cover; null: nothing
 * @returns      the tokens that remain, and where each of them ends
 */
export function mergeWord(
  ids: readonly number[],
  ends: readonly number[],
  merge: (left: number, right: number, from: number, to: number) => Merge | null,
): { readonly id: number; readonly to: number }[] {
  const symbols: Symbol[] = ids.map((id, i) => ({
    id,
    from: i === 0 ? 0 : (ends[i - 1] ?? 0),
    to: ends[i] ?? 0,
    previous: i - 1,
    next: i + 1 < ids.length ? i + 1 : -1,
  }));
  const queue = new Queue();
  const offer = (left: number): void => {
    const a = symbols[left];
    const b = a && symbols[a.next];
    if (!b) return;
    const found = merge(a.id, b.id, a.from, b.to);
    if (found) queue.push({ rank: found.rank, left, id: found.id, leftId: a.id, rightId: b.id, to: b.to });
  };
  for (let i = 0; i < symbols.length; i++) offer(i);
  for (let best = queue.pop(); best; best = queue.pop()) {
    const a = symbols[best.left];
    const b = a && symbols[a.next];
    // One of both has become part of something else since.
    if (!b || a.id !== best.leftId || b.id !== best.rightId || b.to !== best.to) continue;
    a.id = best.id;
    a.to = b.to;
    a.next = b.next;
    const after = symbols[b.next];
    if (after) after.previous = best.left;
    b.id = GONE;
    offer(a.previous);
    offer(best.left);
  }
  const merged: Symbol[] = [];
  for (let symbol = symbols[0]; symbol; symbol = symbols[symbol.next]) merged.push(symbol);
  return merged;
}

/** Has become part of the token before it. */
const GONE = -2;

interface Candidate {
  readonly rank: number;
  readonly left: number;
  readonly id: number;
  readonly leftId: number;
  readonly rightId: number;
  readonly to: number;
}

/** A binary heap: lowest rank first, then leftmost. */
class Queue {
  readonly #heap: Candidate[] = [];

  push(item: Candidate): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || !before(item, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = item;
  }

  pop(): Candidate | undefined {
    const heap = this.#heap;
    const [top] = heap;
    const item = heap.pop();
    if (!item || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [a, b] = [heap[child], heap[child + 1]];
      if (!a) break;
      const best = b && before(b, a) ? (child++, b) : a;
      if (!before(best, item)) break;
      heap[at] = best;
      at = child;
    }
    heap[at] = item;
    return top;
  }
}

const before = (a: Candidate, b: Candidate): boolean => a.rank < b.rank || (a.rank === b.rank && a.left < b.left);
