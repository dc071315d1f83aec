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
export const variableKey = ({ place, kind, role, value }: Variable): string =>
  `${place}\u0000${kind}\u0000${role ?? '\u0001'}\u0000${value ?? '\u0001'}`;

/** Collects documents in the order of the corpus. */
export class VariableTableBuilder {
  readonly #ids = new Map<string, number>();
  readonly #variables: Variable[] = [];
  /** As in the table, before equal variables are merged. */
  readonly #offsets: number[] = [0];
  readonly #entries: number[] = [];
  readonly #halves: number[] = [];
  readonly #text: (id: number) => string;

  /** @param text of a token; two tokens with the same text are one variable */
  constructor(text: (id: number) => string) {
    this.#text = text;
  }

  /** @param number of the document in the corpus */
  add({ population, ids, spans }: LabelledDocument, number: number): void {
    const whole = this.#id({ place: 'population', kind: population, role: null, value: null });
    const rows = ids.map((id) => [this.#id({ place: 'token', kind: 'token', role: null, value: this.#text(id) }), whole]);
    const put = (token: number, place: Variable['place'], { kind, role, value }: TokenSpan): void => {
      const row = rows[token];
      if (!row) return;
      for (const variable of [
        { place, kind, role: null, value: null },
        { place, kind, role, value: null },
        { place, kind, role: null, value },
      ]) {
        const id = this.#id(variable);
        if (!row.includes(id)) row.push(id);
      }
    };
    for (const span of spans) {
      for (let t = span.from; t < span.to; t++) put(t, 'at', span);
      if (span.to - span.from > 1) put(span.to - 1, 'last', span);
      put(span.from - 1, 'before', span);
    }
    for (const row of rows) {
      for (const id of row) this.#entries.push(id);
      this.#offsets.push(this.#entries.length);
      this.#halves.push(number & 1);
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
    const place = new Int32Array(this.#variables.length).fill(-1);
    for (const [now, old] of kept.entries()) place[old] = now;
    const tokens = this.#halves.length;
    const offsets = new Int32Array(tokens + 1);
    const entries = new Int32Array(this.#entries.length);
    const halves = [new Int32Array(kept.length), new Int32Array(kept.length)] as const;
    let length = 0;
    for (let t = 0; t < tokens; t++) {
      const counts = this.#halves[t] === 1 ? halves[1] : halves[0];
      for (let e = this.#offsets[t] ?? 0; e < (this.#offsets[t + 1] ?? 0); e++) {
        const now = place[this.#entries[e] ?? 0] ?? -1;
        if (now < 0) continue;
        entries[length++] = now;
        counts[now] = (counts[now] ?? 0) + 1;
      }
      offsets[t + 1] = length;
    }
    const variables = kept.map((i) => this.#variables[i]).filter((v) => v !== undefined);
    return { variables, offsets, entries: entries.slice(0, length), even: halves[0], odd: halves[1] };
  }

  /** [variable]: the first variable with the same tokens. Equal sets are found by count and two sums of hashes. */
  #merge(): Int32Array {
    const n = this.#variables.length;
    const counts = new Int32Array(n);
    const sums = [new Int32Array(n), new Int32Array(n)] as const;
    for (let t = 0; t < this.#halves.length; t++) {
      const a = mix(t + 1);
      const b = mix(a ^ 0x5bd1e995);
      for (let e = this.#offsets[t] ?? 0; e < (this.#offsets[t + 1] ?? 0); e++) {
        const v = this.#entries[e] ?? 0;
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
