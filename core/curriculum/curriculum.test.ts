import { describe, expect, it } from 'vitest';
import {
  POPULATION_IDS,
  MIX,
  COPY_MIX,
  corpus,
  corruptedTwin,
  countTokens,
  createRng,
  generate,
  meanTokens,
  type Doc,
  type PopulationId,
} from './index.ts';
import { replaceSpans } from './template.ts';

const N = 150;
const docs = new Map<PopulationId, Doc[]>(
  POPULATION_IDS.map((id) => {
    const rng = createRng(5, id);
    return [id, Array.from({ length: N }, () => generate(id, rng))];
  }),
);
const all = [...docs.values()].flat();
const of = (id: PopulationId): Doc[] => docs.get(id)!;
const texts = (d: Doc, pick: (s: Doc['spans'][number]) => boolean): string[] =>
  d.spans.filter(pick).map((s) => d.text.slice(s.start, s.end));

describe('documents', () => {
  it('are the same bytes for the same seed, others for another', () => {
    const take = (seed: number): string => {
      const it = corpus(seed);
      return Array.from({ length: 200 }, () => JSON.stringify(it.next().value)).join('\n');
    };
    expect(take(3)).toBe(take(3));
    expect(take(3)).not.toBe(take(4));
  });

  it('have sorted spans that do not overlap and lie in the text, without space around them', () => {
    for (const d of all) {
      let last = 0;
      for (const s of d.spans) {
        expect(s.start).toBeGreaterThanOrEqual(last);
        expect(s.end).toBeGreaterThan(s.start);
        expect(s.end).toBeLessThanOrEqual(d.text.length);
        last = s.end;
        const t = d.text.slice(s.start, s.end);
        expect(t).toBe(t.trim());
        // Inflected words keep their lemma as value; everything else is written as it is meant.
        const inflected = [
          'verb',
          'pronoun',
          'noun',
          'class',
          'connective',
          'negation',
          'preposition',
          'determiner',
          'quantity',
          'number',
          'year',
          'reasoning',
          'question',
          'comparison',
        ];
        if (!inflected.includes(s.kind) && t !== s.value) expect(t.toLowerCase()).toBe(s.value.toLowerCase());
        if (s.kind === 'number' || s.kind === 'year')
          expect([s.value, s.value.charAt(0).toUpperCase() + s.value.slice(1)]).toContain(t);
      }
    }
  });

  it('mark most words as latent variables', () => {
    for (const id of POPULATION_IDS) {
      let marked = 0;
      let letters = 0;
      for (const d of of(id)) {
        const body = d.spans.reduce((n, s) => n + s.end - s.start, 0);
        marked += body;
        letters += (d.text.match(/[\p{L}\p{N}]/gu) ?? []).length;
      }
      expect(marked / letters, id).toBeGreaterThan(0.6);
    }
  });

  it('grade words that follow a space on the same line (the last two digits of a year follow its first two)', () => {
    for (const d of all) {
      for (const a of d.answers) {
        expect(d.text.slice(a.start, a.end)).toMatch(/^\S+$/);
        if (d.population === 'greaterThan') expect(d.text.slice(a.start - 2, a.end)).toMatch(/^\d{4}$/);
        else expect(d.text[a.start - 1]).toBe(' ');
      }
    }
  });

  it('fit 128 tokens with BOS', () => {
    for (const d of all) expect(1 + countTokens(d.text), d.text).toBeLessThanOrEqual(128);
  });
});

describe('corpus', () => {
  it.each([
    ['full', MIX],
    ['copy', COPY_MIX],
  ])('gives each population its share of the tokens: %s', (_, mix) => {
    const count = new Map<PopulationId, number>();
    let total = 0;
    for (const d of corpus(21, mix)) {
      const n = 1 + countTokens(d.text);
      count.set(d.population, (count.get(d.population) ?? 0) + n);
      total += n;
      if (total > 300_000) break;
    }
    const wanted = Object.values(mix).reduce((a, b) => a + b, 0);
    for (const id of POPULATION_IDS)
      expect(Math.abs((count.get(id) ?? 0) / total - (mix[id] ?? 0) / wanted), id).toBeLessThan(0.02);
    expect(meanTokens('ioi')).toBe(meanTokens('ioi'));
  });

  it('keeps to fewer than 1,700 words, each frequent enough for a token of its own', () => {
    const words = new Map<string, number>();
    let n = 0;
    for (const d of corpus(1)) {
      for (const w of d.text.match(/\p{L}+/gu) ?? []) words.set(w, (words.get(w) ?? 0) + 1);
      if ((n += countTokens(d.text)) > 1_000_000) break;
    }
    expect(words.size).toBeLessThan(1700);
    const rare = [...words.values()].filter((v) => v < 8).length;
    expect(rare / words.size).toBeLessThan(0.03);
  });
});

describe('populations', () => {
  it('greaterThan: the end year is later in the same century', () => {
    for (const d of of('greaterThan')) {
      const [c, y, c2, e] = ['start-century', 'start-year', 'end-century', 'end-year'].map(
        (role) => texts(d, (s) => s.role === role)[0],
      );
      expect(c2).toBe(c);
      expect(Number(e)).toBeGreaterThan(Number(y));
      expect([y, Number(c) >= 11 && Number(c) <= 19]).toEqual([d.meta['year'], true]);
    }
  });

  it('docstring: parameters repeat the arguments in order', () => {
    for (const d of of('docstring')) {
      const def = texts(d, (s) => s.role.startsWith('definition'));
      expect(new Set(def).size).toBe(def.length);
      const params = texts(d, (s) => s.role.startsWith('parameter'));
      expect(params).toEqual(def.slice(0, params.length));
      expect(d.answers.map((a) => d.text.slice(a.start, a.end))).toEqual(params);
    }
  });

  it('repeat: what is graded follows the same word as before, and the first word of a repetition is not graded', () => {
    for (const d of of('repeat')) {
      const words = d.text.trim().split(' ');
      const starts: number[] = [];
      let at = 1;
      for (const w of words) {
        starts.push(at);
        at += w.length + 1;
      }
      for (const a of d.answers) {
        const i = starts.indexOf(a.start);
        const before = words.slice(0, i - 1).lastIndexOf(words[i - 1]!);
        expect(before).toBeGreaterThanOrEqual(0);
        expect(words[before + 1]).toBe(words[i]);
      }
      expect(d.answers.length).toBeGreaterThan(0);
    }
  });

  it('sequence: neighbours differ by one place of their class', async () => {
    const { SEQUENCES } = await import('./index.ts');
    for (const d of of('sequence')) {
      const c = SEQUENCES.find((s) => s.id === d.meta['class'])!;
      const index = (s: { value: string }): number => c.items.indexOf(s.value);
      if (d.meta['form'] !== 'list') continue;
      const items = d.spans.filter((s) => s.kind === 'sequence-item');
      for (let i = 1; i < items.length; i++)
        expect((index(items[i]!) - index(items[i - 1]!) + c.items.length) % c.items.length).toBe(1);
      expect(d.answers.length).toBe(items.length - 2);
    }
  });

  it('inContext: answers come from the task table, and nothing is asked twice', async () => {
    const { TASKS } = await import('./index.ts');
    for (const d of of('inContext')) {
      const table = new Map(TASKS[String(d.meta['task'])]);
      const x = texts(d, (s) => s.kind === 'task-input');
      const y = texts(d, (s) => s.kind === 'task-answer');
      expect(new Set(x).size).toBe(x.length);
      expect(x.map((w) => table.get(w))).toEqual(y);
    }
  });

  it('sentiment and persona: one side, one persona', () => {
    for (const d of of('sentiment')) {
      const own = String(d.meta['verdict']);
      const other = own === 'positive' ? 'negative' : 'positive';
      const roles = d.spans.filter((s) => s.kind === 'sentiment').map((s) => s.role);
      for (const r of roles) expect([`${own}-stated`, `${other}-negated`, `${other}-conceded`]).toContain(r);
      expect(d.text.slice(d.answers[0]!.start, d.answers[0]!.end)).toBe(own);
    }
    for (const d of of('persona'))
      for (const s of d.spans.filter((t) => t.kind === 'persona-word'))
        expect(s.role.startsWith(`${String(d.meta['persona'])}-`)).toBe(true);
  });

  it('narrative: verbs agree with their head, not with the attractor', () => {
    let graded = 0;
    for (const d of of('narrative')) {
      for (const a of d.answers) {
        graded++;
        const s = d.spans.find((t) => t.start === a.start)!;
        const text = d.text.slice(a.start, a.end);
        expect(s.role).toBe(['is', 'was'].includes(text) ? 'agreement-singular' : 'agreement-plural');
        const sentence = d.text
          .slice(0, a.start)
          .split(/[.!?,]\s/)
          .at(-1)!;
        const from = a.start - sentence.length;
        const head = d.spans.find((t) => t.start >= from && t.end < a.start && t.kind === 'noun' && t.role.startsWith('head'));
        if (head) expect(head.role).toBe(`head-${s.role.slice('agreement-'.length)}`);
      }
    }
    expect(graded).toBeGreaterThan(N / 4);
  });
});

describe('corrupted twins', () => {
  it.each(['ioi', 'greaterThan', 'docstring', 'repeat', 'sequence', 'inContext', 'knowledge'] as const)(
    '%s: aligned word by word, deterministic, different',
    (id) => {
      for (const d of of(id)) {
        const t = corruptedTwin(d)!;
        expect(t).toEqual(corruptedTwin(d));
        const shape = (x: string): string => x.replace(/[\p{L}\p{N}]+/gu, 'w');
        if (id === 'ioi' || id === 'docstring' || id === 'knowledge' || id === 'greaterThan')
          expect(shape(t.text)).toBe(shape(d.text));
        expect(t.text.split(/\s+/).length).toBe(d.text.split(/\s+/).length);
        expect(t.spans.length).toBe(d.spans.length);
        t.spans.forEach((s, i) => {
          const old = d.spans[i]!;
          expect([s.kind, s.role]).toEqual([old.kind, old.role]);
          if (s.value === old.value) expect(t.text.slice(s.start, s.end)).toBe(d.text.slice(old.start, old.end));
          else expect(t.text.slice(s.start, s.end)).toBe(s.value);
        });
        t.answers.forEach((a, i) => {
          const j = t.spans.findIndex((s) => s.start === a.start && s.end === a.end);
          expect(j).toBe(d.spans.findIndex((s) => s.start === d.answers[i]!.start));
        });
      }
      expect(of(id).some((d) => corruptedTwin(d)!.text !== d.text)).toBe(true);
    },
  );

  it('replaceSpans without changes is the identity', () => {
    for (const d of all) expect(replaceSpans(d, () => null)).toEqual(d);
  });
});
