import type { PopulationId } from '../curriculum/types.ts';
import type { TokenSpan, Variable } from './types.ts';

/** The corpus as tokens, without BOS, document after document. */
export interface CorpusTokens {
  /** i32 [documents + 1]: document d's tokens are starts[d] … starts[d + 1] − 1. */
  readonly starts: Int32Array;
  readonly ids: Int32Array;
  /** Number in the corpus of the first document. */
  readonly first: number;
}

/** Which variables hold at each token, as compressed rows, and on how many tokens each holds, in both halves. */
export interface VariableTable {
  readonly variables: readonly Variable[];
  /** i32 [tokens + 1], i32 [entries]. */
  readonly offsets: Int32Array;
  readonly entries: Int32Array;
  /** [variable]: tokens of documents with even numbers (the choosing half), and with odd numbers. */
  readonly even: Int32Array;
  readonly odd: Int32Array;
}

/** A document as the table needs it; spans in token indices without BOS. */
export interface LabelledDocument {
  readonly population: PopulationId;
  readonly ids: readonly number[];
  readonly spans: readonly TokenSpan[];
}

/** One text a variable. */
export const variableKey = ({ place, kind, role, value }: Variable): string => JSON.stringify([place, kind, role, value]);

/** Variables of one document, one list a token. Each variable once a token. */
export function variablesOf({ population, ids, spans }: LabelledDocument, text: (id: number) => string): Variable[][] {
  const rows: Variable[][] = ids.map((id) => [
    { place: 'token', kind: 'token', role: null, value: text(id) },
    { place: 'population', kind: population, role: null, value: null },
  ]);
  const add = (at: number, place: Variable['place'], { kind, role, value }: TokenSpan): void => {
    const row = rows[at];
    if (!row) return;
    for (const variable of [
      { place, kind, role: null, value: null },
      { place, kind, role, value: null },
      { place, kind, role: null, value },
    ])
      if (!row.some((v) => variableKey(v) === variableKey(variable))) row.push(variable);
  };
  for (const span of spans) {
    for (let t = span.from; t < span.to; t++) add(t, 'at', span);
    if (span.to - span.from > 1) add(span.to - 1, 'last', span);
    add(span.from - 1, 'before', span);
  }
  return rows;
}

/** Collects documents in the order of the corpus. */
export class VariableTableBuilder {
  readonly #ids = new Map<string, number>();
  readonly #variables: Variable[] = [];
  readonly #rows: number[][] = [];
  readonly #halves: (0 | 1)[] = [];
  readonly #text: (id: number) => string;

  /** @param text of a token; two tokens with the same text are one variable */
  constructor(text: (id: number) => string) {
    this.#text = text;
  }

  /** @param number of the document in the corpus */
  add(document: LabelledDocument, number: number): void {
    for (const row of variablesOf(document, this.#text)) {
      this.#rows.push(row.map((variable) => this.#id(variable)));
      this.#halves.push((number & 1) as 0 | 1);
    }
  }

  #id(variable: Variable): number {
    const name = variableKey(variable);
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    this.#ids.set(name, this.#variables.length);
    return this.#variables.push(variable) - 1;
  }

  /** Variables that hold for exactly the same tokens become one: the first of them. `token` merges only with its like. */
  build(): VariableTable {
    const representative = this.#merge();
    const kept = this.#variables.map((_, i) => i).filter((i) => representative[i] === i);
    const place = new Map(kept.map((old, now) => [old, now]));
    const offsets = new Int32Array(this.#rows.length + 1);
    const even = new Int32Array(kept.length);
    const odd = new Int32Array(kept.length);
    const entries: number[] = [];
    for (const [t, row] of this.#rows.entries()) {
      for (const old of row) {
        const now = place.get(old);
        if (now === undefined) continue;
        entries.push(now);
        const counts = this.#halves[t] === 1 ? odd : even;
        counts[now] = (counts[now] ?? 0) + 1;
      }
      offsets[t + 1] = entries.length;
    }
    const variables = kept.map((i) => this.#variables[i]).filter((v) => v !== undefined);
    return { variables, offsets, entries: Int32Array.from(entries), even, odd };
  }

  /** [variable]: the first variable with the same tokens. Equal sets are found by count and two sums of hashes. */
  #merge(): Int32Array {
    const n = this.#variables.length;
    const counts = new Int32Array(n);
    const sums = [new Int32Array(n), new Int32Array(n)] as const;
    for (const [t, row] of this.#rows.entries()) {
      const a = mix(t + 1);
      const b = mix(a ^ 0x5bd1e995);
      for (const v of row) {
        counts[v] = (counts[v] ?? 0) + 1;
        sums[0][v] = ((sums[0][v] ?? 0) + a) | 0;
        sums[1][v] = ((sums[1][v] ?? 0) + b) | 0;
      }
    }
    const seen = new Map<string, number>();
    return Int32Array.from(this.#variables, ({ place }, v) => {
      const signature = `${place === 'token'} ${counts[v]} ${sums[0][v]} ${sums[1][v]}`;
      const first = seen.get(signature);
      if (first === undefined) seen.set(signature, v);
      return first ?? v;
    });
  }
}

function mix(x: number): number {
  let z = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}
