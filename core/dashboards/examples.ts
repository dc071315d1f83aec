import { createRng } from '../curriculum/rng.ts';
import type { Column } from './columns.ts';
import {
  activationCode,
  INTERVAL_EXAMPLES,
  INTERVALS,
  TOP_EXAMPLES,
  UNIFORM_EXAMPLES,
  valueCode,
  WINDOW,
  type ExampleRecord,
  type GroupRecord,
} from './record.ts';
import type { CorpusTokens } from './variables.ts';

/** Entries of the column that are looked at for one random band at most, so that a feature of one context costs no whole pass. */
const MAX_TRIES = 400;

/** Makes the bands of one feature's examples, see `ExampleGroup`. Random choices are seeded by the feature. */
export function exampleGroups(feature: number, column: Column, max: number, corpus: CorpusTokens): GroupRecord[] {
  if (column.tokens.length === 0) return [];
  const picker = new Picker(column, max, corpus);
  const top = picker.pick(TOP_EXAMPLES, strongest(column.values));
  const groups: GroupRecord[] = [{ kind: 'top', low: 0, high: max, count: column.tokens.length, examples: top }];
  const bands = intervals(column.values, max);
  for (let i = INTERVALS - 1; i >= 0; i--) {
    const band = bands[i] ?? new Int32Array(0);
    groups.push({
      kind: 'interval',
      low: (i * max) / INTERVALS,
      high: ((i + 1) * max) / INTERVALS,
      count: band.length,
      examples: picker.pick(INTERVAL_EXAMPLES, shuffled(band, feature, `interval ${i}`)),
    });
  }
  const all = Int32Array.from({ length: column.tokens.length }, (_, e) => e);
  groups.push({
    kind: 'uniform',
    low: 0,
    high: max,
    count: all.length,
    examples: picker.pick(UNIFORM_EXAMPLES, shuffled(all, feature, 'uniform')),
  });
  return groups;
}

/** Entries by interval of their activation; the last interval has its upper edge. */
function intervals(values: Float32Array, max: number): Int32Array[] {
  const of = (v: number): number => Math.min(INTERVALS - 1, Math.floor((v / max) * INTERVALS));
  const counts = new Int32Array(INTERVALS);
  for (const v of values) counts[of(v)] = (counts[of(v)] ?? 0) + 1;
  const bands = Array.from(counts, (n) => new Int32Array(n));
  const next = new Int32Array(INTERVALS);
  for (let e = 0; e < values.length; e++) {
    const i = of(values[e] ?? 0);
    const band = bands[i];
    const at = next[i] ?? 0;
    if (band) band[at] = e;
    next[i] = at + 1;
  }
  return bands;
}

/** All entries, strongest first, ties in the order of the corpus; only as many are sorted as are asked for. */
function* strongest(values: Float32Array): Generator<number> {
  let sorted = 0;
  for (let k = 256; sorted < values.length; k *= 16) {
    const cut = kthLargest(values, Math.min(k, values.length));
    const entries: number[] = [];
    for (let e = 0; e < values.length; e++) if ((values[e] ?? 0) >= cut) entries.push(e);
    entries.sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
    for (; sorted < entries.length; sorted++) yield entries[sorted] ?? 0;
  }
}

/** A number that at least k of the values reach, and few more: the lower edge of a fine histogram's bin. */
function kthLargest(values: Float32Array, k: number): number {
  const bins = 2_048;
  let max = 0;
  for (const v of values) if (v > max) max = v;
  const counts = new Int32Array(bins);
  const of = (v: number): number => Math.min(bins - 1, Math.floor((v / max) * bins));
  for (const v of values) counts[of(v)] = (counts[of(v)] ?? 0) + 1;
  let sum = 0;
  let bin = bins;
  while (bin > 0 && sum < k) sum += counts[--bin] ?? 0;
  let low = Infinity;
  for (const v of values) if (of(v) >= bin && v < low) low = v;
  return low;
}

function* shuffled(entries: Int32Array, feature: number, label: string): Generator<number> {
  const rng = createRng(feature, label);
  const rest = entries.slice();
  for (let i = 0; i < Math.min(rest.length, MAX_TRIES); i++) {
    const j = i + rng.int(rest.length - i);
    const chosen = rest[j] ?? 0;
    rest[j] = rest[i] ?? 0;
    yield chosen;
  }
}

class Picker {
  readonly #column: Column;
  readonly #max: number;
  readonly #corpus: CorpusTokens;

  constructor(column: Column, max: number, corpus: CorpusTokens) {
    this.#column = column;
    this.#max = max;
    this.#corpus = corpus;
  }

  /** The first `n` entries of different documents whose windows read differently. */
  pick(n: number, entries: Iterable<number>): ExampleRecord[] {
    const documents = new Set<number>();
    const windows = new Map<string, number>();
    const repeats: number[] = [];
    const chosen: { readonly entry: number; readonly document: number }[] = [];
    for (const entry of entries) {
      if (chosen.length === n) break;
      const token = this.#column.tokens[entry] ?? 0;
      const document = documentOf(this.#corpus.starts, token);
      if (documents.has(document)) continue;
      documents.add(document);
      const window = this.#window(document, token);
      const same = windows.get(window);
      if (same !== undefined) {
        repeats[same] = (repeats[same] ?? 0) + 1;
        continue;
      }
      windows.set(window, chosen.length);
      repeats.push(0);
      chosen.push({ entry, document });
    }
    return chosen.map(({ entry, document }, i) => this.#record(entry, document, repeats[i] ?? 0));
  }

  #window(document: number, token: number): string {
    const { starts, ids } = this.#corpus;
    const from = Math.max(starts[document] ?? 0, token - WINDOW);
    const to = Math.min(starts[document + 1] ?? 0, token + WINDOW + 1);
    return `${token - from}:${ids.subarray(from, to).join(' ')}`;
  }

  #record(entry: number, document: number, repeats: number): ExampleRecord {
    const { tokens, values } = this.#column;
    const start = this.#corpus.starts[document] ?? 0;
    const end = this.#corpus.starts[document + 1] ?? start;
    let from = entry;
    while (from > 0 && (tokens[from - 1] ?? 0) >= start) from--;
    let to = entry;
    while (to < tokens.length && (tokens[to] ?? end) < end) to++;
    return {
      document: this.#corpus.first + document,
      position: (tokens[entry] ?? 0) - start,
      value: valueCode(values[entry] ?? 0, this.#max),
      repeats,
      positions: Array.from(tokens.subarray(from, to), (t) => t - start),
      codes: Array.from(values.subarray(from, to), (v) => activationCode(v, this.#max)),
    };
  }
}

/** The document that a token is of. */
export function documentOf(starts: Int32Array, token: number): number {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if ((starts[mid] ?? 0) <= token) low = mid;
    else high = mid - 1;
  }
  return low;
}
