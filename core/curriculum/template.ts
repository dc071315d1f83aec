import { tagWord } from './lexicon/tags.ts';
import type { Answer, Doc, Meta, PopulationId, Span } from './types.ts';

/** What fills a place in a template. `text` is written, `value` is the latent variable (the same word unless inflected). */
export interface Slot {
  readonly kind: string;
  readonly role: string;
  readonly value: string;
  readonly text: string;
}

export type Slots = Readonly<Record<string, Slot>>;

interface Literal {
  readonly literal: string;
  readonly tags: readonly Span[];
}
interface Place {
  readonly name: string;
  readonly graded: boolean;
  readonly article: boolean;
  readonly capital: boolean;
}
type Part = Literal | Place;

const cache = new Map<string, readonly Part[]>();

function literal(text: string): Literal {
  const tags: Span[] = [];
  for (const m of text.matchAll(/[A-Za-z]+/g)) {
    const tag = tagWord(m[0]);
    if (tag) tags.push({ ...tag, start: m.index, end: m.index + m[0].length });
  }
  return { literal: text, tags };
}

function parse(template: string): readonly Part[] {
  const known = cache.get(template);
  if (known) return known;
  const parts: Part[] = [];
  template.split(/\{([^{}]+)\}/).forEach((piece, i) => {
    if (i % 2 === 0) {
      if (piece) parts.push(literal(piece));
      return;
    }
    const m = /^([!^@]*)(\w+)$/.exec(piece);
    if (!m) throw new SyntaxError(`bad slot {${piece}} in a template`);
    const flags = m[1] ?? '';
    parts.push({ name: m[2] ?? '', graded: flags.includes('!'), capital: flags.includes('^'), article: flags.includes('@') });
  });
  cache.set(template, parts);
  return parts;
}

/** Capitalises the first letter. */
export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** A slot whose text is its value. */
export function slot(kind: string, role: string, value: string, text: string = value): Slot {
  return { kind, role, value, text };
}

/**
 * Builds a text and its spans together, so that a span cannot point at the wrong place.
 * Templates: `{X}` a slot, `{!X}` graded, `{^X}` with a capital, `{@X}` with "a" or "an" before it. Literal words get spans from the tag table.
 */
export class Writer {
  private body = '';
  private readonly marks: Span[] = [];
  private readonly graded: Answer[] = [];

  get text(): string {
    return this.body;
  }

  get length(): number {
    return this.body.length;
  }

  /** Value of the last span of a kind that ends before an offset. */
  lastBefore(kind: string, offset: number): string | null {
    return this.marks.findLast((s) => s.kind === kind && s.end <= offset)?.value ?? null;
  }

  /** Plain text without spans. */
  raw(text: string): this {
    this.body += text;
    return this;
  }

  /** Writes a slot and marks it. */
  mark(s: Slot, graded = false): this {
    const start = this.body.length;
    this.body += s.text;
    this.marks.push({ kind: s.kind, role: s.role, value: s.value, start, end: this.body.length });
    if (graded) this.graded.push({ start, end: this.body.length });
    return this;
  }

  /** Writes a template. */
  write(template: string, slots: Slots = {}): this {
    for (const part of parse(template)) {
      if ('literal' in part) {
        const at = this.body.length;
        this.body += part.literal;
        for (const t of part.tags) this.marks.push({ ...t, start: t.start + at, end: t.end + at });
        continue;
      }
      const s = slots[part.name];
      if (!s) throw new ReferenceError(`no slot ${part.name} for "${template}"`);
      if (part.article) this.body += /^(?:[aeio]|u(?!n[io]|s))/i.test(s.text) ? 'an ' : 'a ';
      this.mark(part.capital ? { ...s, text: capital(s.text) } : s, part.graded);
    }
    return this;
  }

  /** The finished document. */
  done(population: PopulationId, meta: Meta): Doc {
    return { population, text: this.body, spans: this.marks, answers: this.graded, meta };
  }
}

/** The same document with the text of some spans replaced and every offset moved along. `replace` answers null to keep a span. */
export function replaceSpans(doc: Doc, replace: (span: Span, index: number) => string | null, meta: Meta = doc.meta): Doc {
  let text = '';
  let last = 0;
  const spans: Span[] = [];
  const shift: { from: number; by: number }[] = [];
  doc.spans.forEach((span, i) => {
    text += doc.text.slice(last, span.start);
    const fresh = replace(span, i);
    const body = fresh ?? doc.text.slice(span.start, span.end);
    const start = text.length;
    text += body;
    last = span.end;
    spans.push({ ...span, value: fresh ?? span.value, start, end: text.length });
    shift.push({ from: span.end, by: text.length - span.end });
  });
  text += doc.text.slice(last);
  const answers = doc.answers.map((a) => {
    const i = doc.spans.findIndex((s) => s.start === a.start && s.end === a.end);
    const span = spans[i];
    if (span) return { start: span.start, end: span.end };
    const by = shift.findLast((s) => s.from <= a.start)?.by ?? 0;
    return { start: a.start + by, end: a.end + by };
  });
  return { population: doc.population, text, spans, answers, meta };
}
