import type { Rng } from './rng.ts';

/** Names of the text populations of the curriculum. */
export type PopulationId =
  | 'narrative'
  | 'ioi'
  | 'sequence'
  | 'greaterThan'
  | 'docstring'
  | 'repeat'
  | 'inContext'
  | 'knowledge'
  | 'puzzle'
  | 'sentiment'
  | 'persona';

/**
 * A latent variable of the text: UTF-16 offsets [start, end) into `Doc.text`. Spans are sorted and never overlap.
 * `kind` is the variable, `role` the part it plays here, `value` what it is (a lemma for verbs, else the word itself).
 */
export interface Span {
  readonly kind: string;
  readonly role: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** A graded stretch of text, UTF-16 offsets [start, end), without the space before it. */
export interface Answer {
  readonly start: number;
  readonly end: number;
}

/** Facts about a document that are not tied to one place in it. */
export type Meta = Record<string, string | number | boolean | null>;

/** One document: what follows a single BOS token. */
export interface Doc {
  readonly population: PopulationId;
  readonly text: string;
  readonly spans: readonly Span[];
  readonly answers: readonly Answer[];
  readonly meta: Meta;
}

/** Shares of the corpus by token; they need not sum to 1. */
export type Mix = Partial<Record<PopulationId, number>>;

/** What a caller may fix instead of leaving it to chance. A population ignores what is not its own. */
export interface GenerateOptions {
  /** ioi: index into the literature's templates (0 to 14). */
  readonly template?: number;
  /** ioi: which of the two names comes first. BABA: the subject. */
  readonly order?: 'ABBA' | 'BABA';
  /** ioi: the form of the sentence. */
  readonly form?: 'literature' | 'varied' | 'twoPairs' | 'threePeople' | 'split';
  /** ioi, form `varied`: a free frame, of those that are kept out of the training text (true) or of the others. */
  readonly unseenFrame?: boolean;
  /** ioi: other people's names before the clause. */
  readonly others?: boolean;
  /** ioi: another name right after the subject. */
  readonly apposition?: boolean;
  /** ioi: another name between the object and the answer. */
  readonly bystander?: boolean;
  /** ioi: allow third-person givers, which have no graded answer. Default true. */
  readonly controls?: boolean;
  /** inContext: the task. */
  readonly task?: string;
  /** inContext: examples before the query; only the last answer is graded then. */
  readonly shots?: number;
  /** sequence, puzzle, repeat: the kind. */
  readonly kind?: string;
  /** repeat: length of the period in words. */
  readonly period?: number;
  /** knowledge: ask about this fact. */
  readonly fact?: number;
}

/** Makes one document of its population. */
export type Population = (rng: Rng, options: GenerateOptions) => Doc;
