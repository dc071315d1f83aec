/** Seeded random numbers with the helpers that a text generator needs. Same seed, same stream, on every machine. */
export interface Rng {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, n). */
  int(n: number): number;
  /** Uniform integer in [lo, hi], both included. */
  between(lo: number, hi: number): number;
  /** True with probability p. */
  chance(p: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** k distinct places of `items`, in random order; all of them if there are fewer. */
  sample<T>(items: readonly T[], k: number): T[];
  /** A random pick that is none of `taken`. */
  other<T>(items: readonly T[], taken: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
  /** Index drawn in proportion to the steps of an ascending cumulative table. */
  cumulative(table: readonly number[]): number;
}

/** Mixes a 32-bit integer thoroughly (splitmix32 finalizer). */
function mix32(x: number): number {
  let z = (x + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/** FNV-1a of a label, so that streams can be named. */
function hash(label: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

class Sfc32 implements Rng {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;

  constructor(seed: number, label: string) {
    this.a = mix32(seed | 0);
    this.b = mix32(this.a ^ hash(label));
    this.c = mix32(this.b ^ Math.floor(seed / 4294967296));
    for (let i = 0; i < 12; i++) this.next();
  }

  next(): number {
    const t = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    this.c |= 0;
    return (t >>> 0) / 4294967296;
  }

  int(n: number): number {
    return Math.floor(this.next() * n);
  }

  between(lo: number, hi: number): number {
    return lo + this.int(hi - lo + 1);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('pick from an empty list');
    return items[this.int(items.length)] as T;
  }

  sample<T>(items: readonly T[], k: number): T[] {
    const n = items.length;
    if (k * 4 < n) {
      const seen = new Set<number>();
      while (seen.size < k) seen.add(this.int(n));
      return [...seen].map((i) => items[i] as T);
    }
    return this.shuffle(items).slice(0, k);
  }

  other<T>(items: readonly T[], taken: readonly T[]): T {
    for (let i = 0; i < 64; i++) {
      const x = this.pick(items);
      if (!taken.includes(x)) return x;
    }
    return this.pick(items.filter((x) => !taken.includes(x)));
  }

  shuffle<T>(items: readonly T[]): T[] {
    const out = items.slice();
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const t = out[i] as T;
      out[i] = out[j] as T;
      out[j] = t;
    }
    return out;
  }

  cumulative(table: readonly number[]): number {
    const total = table[table.length - 1] ?? 0;
    const u = this.next() * total;
    let lo = 0;
    let hi = table.length - 1;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if ((table[mid] ?? 0) > u) hi = mid;
      else lo = mid + 1;
    }
    return lo;
  }
}

/** A stream for a seed and a label; different labels give unrelated streams of the same seed (sfc32, seeded by splitmix32). */
export function createRng(seed: number, label = ''): Rng {
  return new Sfc32(seed, label);
}

/** Running sums of weights, for `Rng.cumulative`. */
export function cumulate(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((w) => (sum += w));
}
