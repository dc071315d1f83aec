/** Ranks of pairs of ids: an open-addressing table, as half a million of them are common (Gemma). */
export class PairRanks {
  readonly #mask: number;
  /** Left, right and rank of each slot; left −1 where it is free. */
  readonly #slots: Int32Array;

  /** @param count pairs at most */
  constructor(count: number) {
    const size = 2 ** Math.ceil(Math.log2(2 * count + 2));
    this.#mask = size - 1;
    this.#slots = new Int32Array(3 * size).fill(-1);
  }

  #find(left: number, right: number): number {
    const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    for (let at = (mixed ^ (mixed >>> 15)) & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = 3 * at;
      if (this.#slots[slot] === -1 || (this.#slots[slot] === left && this.#slots[slot + 1] === right)) return slot;
    }
  }

  /** Of a pair that is set twice the later rank counts, as in the reference. */
  set(left: number, right: number, rank: number): void {
    const slot = this.#find(left, right);
    this.#slots[slot] = left;
    this.#slots[slot + 1] = right;
    this.#slots[slot + 2] = rank;
  }

  /** Null for pairs without a rank, and where an id is negative. */
  get(left: number, right: number): number | null {
    if (left < 0 || right < 0) return null;
    const slot = this.#find(left, right);
    return this.#slots[slot] === -1 ? null : (this.#slots[slot + 2] ?? null);
  }
}
