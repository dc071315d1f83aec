import type { Column } from './columns.ts';
import type { MatchesRecord, MatchRecord } from './record.ts';
import type { CorpusTokens, VariableTable } from './variables.ts';

/** Thresholds tried: these tenths of the largest activation in the choosing half. */
const STEPS = 10;
/** A variable competes with at least this many tokens in the choosing half, and one in the scored half. */
export const MIN_SUPPORT = 10;

/** The corpus as the matches need it. */
export interface Labelled {
  readonly corpus: CorpusTokens;
  readonly table: VariableTable;
  /** u8 [tokens]: 1 where the token's document has an odd number (the scored half). */
  readonly odd: Uint8Array;
}

export function labelled(corpus: CorpusTokens, table: VariableTable): Labelled {
  const odd = new Uint8Array(corpus.ids.length);
  for (let d = 0; d + 1 < corpus.starts.length; d++)
    if (((corpus.first + d) & 1) === 1) odd.fill(1, corpus.starts[d], corpus.starts[d + 1]);
  return { corpus, table, odd };
}

interface Choice {
  readonly variable: number;
  readonly step: number;
  readonly f1: number;
}

/** Finds each feature's variables, see `VariableMatch`. Keeps its work arrays from one feature to the next. */
export class Matcher {
  readonly #labelled: Labelled;
  readonly #scoredTokens: number;
  /** [variable, step]: tokens of the choosing half that are both, by the largest threshold they pass. */
  readonly #joint: Int32Array;
  /** Variables with entries in `#joint`, and [variable]: 1 for them. */
  readonly #touched: number[] = [];
  readonly #seen: Uint8Array;

  constructor(labelled: Labelled) {
    this.#labelled = labelled;
    this.#scoredTokens = labelled.odd.reduce((sum, x) => sum + x, 0);
    this.#joint = new Int32Array(labelled.table.variables.length * STEPS);
    this.#seen = new Uint8Array(labelled.table.variables.length);
  }

  match(column: Column): MatchesRecord {
    const thresholds = this.#thresholds(column);
    const fired = this.#count(column, thresholds);
    const latent: Choice[] = [];
    let token: Choice | null = null;
    for (const variable of this.#touched) {
      const choice = this.#best(variable, fired);
      if (choice === null) continue;
      if (this.#labelled.table.variables[variable]?.place === 'token') {
        if (token === null || better(choice, token)) token = choice;
      } else latent.push(choice);
    }
    this.#clear();
    const [first, second] = latent.sort((a, b) => (better(a, b) ? -1 : 1));
    const record = (choice: Choice | null | undefined): MatchRecord | null =>
      choice ? this.#score(column, choice.variable, thresholds[choice.step] ?? 0) : null;
    return { tokens: this.#scoredTokens, best: record(first), runnerUp: record(second), token: record(token) };
  }

  #thresholds({ tokens, values }: Column): Float32Array {
    let max = 0;
    for (let e = 0; e < tokens.length; e++)
      if (this.#labelled.odd[tokens[e] ?? 0] === 0 && (values[e] ?? 0) > max) max = values[e] ?? 0;
    return Float32Array.from({ length: STEPS }, (_, k) => (k * max) / STEPS);
  }

  /** Fills `#joint` and `#touched`. @returns [step]: tokens of the choosing half above each threshold */
  #count({ tokens, values }: Column, thresholds: Float32Array): Int32Array {
    const { table, odd } = this.#labelled;
    const fired = new Int32Array(STEPS);
    const top = thresholds[STEPS - 1] ?? 0;
    for (let e = 0; e < tokens.length; e++) {
      const t = tokens[e] ?? 0;
      if (odd[t] === 1) continue;
      const v = values[e] ?? 0;
      let step = Math.min(STEPS - 1, Math.ceil(((STEPS - 1) * v) / top));
      while (step > 0 && !(v > (thresholds[step] ?? 0))) step--;
      fired[step] = (fired[step] ?? 0) + 1;
      const end = table.offsets[t + 1] ?? 0;
      for (let i = table.offsets[t] ?? 0; i < end; i++) {
        const variable = table.entries[i] ?? 0;
        const at = variable * STEPS;
        if (this.#seen[variable] === 0) {
          this.#seen[variable] = 1;
          this.#touched.push(variable);
        }
        this.#joint[at + step] = (this.#joint[at + step] ?? 0) + 1;
      }
    }
    for (let k = STEPS - 2; k >= 0; k--) fired[k] = (fired[k] ?? 0) + (fired[k + 1] ?? 0);
    return fired;
  }

  #clear(): void {
    for (const variable of this.#touched) {
      this.#joint.fill(0, variable * STEPS, (variable + 1) * STEPS);
      this.#seen[variable] = 0;
    }
    this.#touched.length = 0;
  }

  /** The threshold with the largest F1 in the choosing half; the lowest of equal ones. */
  #best(variable: number, fired: Int32Array): Choice | null {
    const { even, odd } = this.#labelled.table;
    const support = even[variable] ?? 0;
    if (support < MIN_SUPPORT || (odd[variable] ?? 0) === 0) return null;
    let both = 0;
    let best: Choice | null = null;
    for (let step = STEPS - 1; step >= 0; step--) {
      both += this.#joint[variable * STEPS + step] ?? 0;
      const f1 = (2 * both) / (support + (fired[step] ?? 0));
      if (best === null || f1 >= best.f1) best = { variable, step, f1 };
    }
    return best;
  }

  /** Counts in the scored half. */
  #score({ tokens, values }: Column, variable: number, threshold: number): MatchRecord {
    const { table, odd } = this.#labelled;
    const score = { fired: 0, both: 0 };
    const active = { fired: 0, both: 0 };
    for (let e = 0; e < tokens.length; e++) {
      const t = tokens[e] ?? 0;
      if (odd[t] === 0) continue;
      let holds = 0;
      const end = table.offsets[t + 1] ?? 0;
      for (let i = table.offsets[t] ?? 0; i < end; i++) if (table.entries[i] === variable) holds = 1;
      active.fired++;
      active.both += holds;
      if (!((values[e] ?? 0) > threshold)) continue;
      score.fired++;
      score.both += holds;
    }
    const named = table.variables[variable];
    if (!named) throw new RangeError(`no variable ${variable}`);
    return { variable: named, tokens: table.odd[variable] ?? 0, threshold, score, active };
  }
}

/** Larger F1; then the variable that came first in the corpus. */
const better = (a: Choice, b: Choice): boolean => (a.f1 === b.f1 ? a.variable < b.variable : a.f1 > b.f1);
