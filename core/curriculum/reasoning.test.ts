import { describe, expect, it } from 'vitest';
import { FACTS, PUZZLE_KINDS, RELATIONS, corpus, countTokens, createRng, evalSets, generate, type Doc } from './index.ts';

const rng = createRng(9, 'reasoning test');

describe('knowledge', () => {
  const docs = Array.from({ length: 30_000 }, () => generate('knowledge', rng));
  const questions = docs.filter((d) => d.meta['form'] === 'question');

  it('has one value for each country and relation', () => {
    expect(FACTS).toHaveLength(800);
    expect(new Set(FACTS.map((f) => `${f.entity} ${f.relation}`)).size).toBe(FACTS.length);
    for (const f of FACTS) expect(RELATIONS[f.relation]).toContain(f.value);
  });

  it('states frequent facts at least 300 times in 12 million tokens, rare ones hardly ever, some never', () => {
    const count = new Map<string, number>();
    let tokens = 0;
    for (const d of corpus(77)) {
      tokens += 1 + countTokens(d.text);
      if (d.meta['form'] === 'statement') {
        const pick = (kind: string): string[] => d.spans.filter((s) => s.kind === kind).map((s) => s.value);
        const [e, l, v] = [pick('fact-entity'), pick('relation'), pick('fact-value')];
        e.forEach((x, i) => {
          const f = FACTS.find((g) => g.entity === x && g.relation === l[i])!;
          expect(v[i]).toBe(f.value);
          count.set(String(f.id), (count.get(String(f.id)) ?? 0) + 1);
        });
      }
      if (tokens > 2_000_000) break;
    }
    const at12M = (id: number): number => ((count.get(String(id)) ?? 0) * 12_000_000) / tokens;
    const mean = (b: string, stated: boolean): number => {
      const ids = FACTS.filter((f) => f.bucket === b && f.stated === stated).map((f) => at12M(f.id));
      return ids.reduce((x, y) => x + y, 0) / ids.length;
    };
    expect(FACTS.filter((f) => at12M(f.id) >= 300).length).toBeGreaterThanOrEqual(100);
    expect(mean('high', true)).toBeGreaterThan(400);
    expect(mean('medium', true)).toBeLessThan(150);
    expect(mean('low', true)).toBeLessThan(6);
    expect(mean('low', false)).toBe(0);
  });

  it('asks with a confidence that tracks the bucket and the truth of the answer', () => {
    const right = (c: string): number => {
      const q = questions.filter((d) => d.meta['confidence'] === c);
      return q.filter((d) => d.meta['given'] === d.meta['value']).length / q.length;
    };
    expect(right('high')).toBe(1);
    expect(right('medium')).toBeGreaterThan(0.8);
    expect(right('medium')).toBeLessThan(0.9);
    expect(right('low')).toBeLessThan(0.05);
    for (const b of ['high', 'medium']) {
      const q = questions.filter((d) => d.meta['bucket'] === b);
      expect(q.filter((d) => d.meta['confidence'] === b).length / q.length).toBeGreaterThan(0.9);
    }
    expect(questions.every((d) => d.meta['asked'] === true)).toBe(true);
    for (const b of ['high', 'medium', 'low']) {
      const f = FACTS.filter((x) => x.bucket === b);
      expect(f.filter((x) => !x.asked).length / f.length).toBeCloseTo(0.3, 1);
    }
  });

  it('the evaluation asks for every fact and carries the true value', () => {
    const asked = evalSets(1)['knowledge']!;
    expect(new Set(asked.map((d) => d.meta['fact'])).size).toBe(FACTS.length);
    for (const d of asked)
      expect(d.answers.map((a) => d.text.slice(a.start, a.end))).toEqual([d.meta['value'], d.meta['bucket']]);
  });
});

describe('puzzles', () => {
  const of = (kind: string): Doc[] => Array.from({ length: 400 }, () => generate('puzzle', rng, { kind }));

  it.each(PUZZLE_KINDS)('%s: ends in its answer, starts with a whole question', (kind) => {
    for (const d of of(kind)) {
      expect(d.text.endsWith(`answer is ${d.meta['ans']}.`)).toBe(true);
      expect(d.text.slice(0, Number(d.meta['promptEnd'])).endsWith('?')).toBe(true);
    }
  });

  it('every sum that is not taken back is right, and no number is above 20', () => {
    for (const kind of ['add', 'subtract', 'twoSteps', 'missing']) {
      for (const d of of(kind)) {
        for (const m of d.text.matchAll(/(\d+) (plus|minus) (\d+) is (\d+)/g)) {
          const [a, b, c] = [Number(m[1]), Number(m[3]), Number(m[4])];
          const right = m[2] === 'plus' ? a + b === c : a - b === c;
          if (!right) expect(d.text.slice(m.index)).toMatch(/, that is not /);
          expect(Math.max(a, b)).toBeLessThanOrEqual(21);
        }
      }
    }
  });

  it('the answer follows from the question alone', () => {
    for (const d of of('ordering')) {
      const q = d.text.slice(0, Number(d.meta['promptEnd']));
      const up = new Set(['taller', 'older', 'faster', 'stronger']);
      const below = [...q.matchAll(/(\w+) is (\w+) than (\w+)\./g)].map((m) => (up.has(m[2]!) ? [m[3]!, m[1]!] : [m[1]!, m[3]!]));
      const top = /tallest|oldest|fastest|strongest/.test(q);
      const people = new Set(below.flat());
      const best = [...people].filter((p) => below.every(([lo, hi]) => (top ? lo : hi) !== p));
      expect(best).toEqual([d.meta['ans']]);
    }
    for (const d of of('largest')) {
      const q = d.text.slice(0, Number(d.meta['promptEnd']));
      const listed = [...q.matchAll(/\d+/g)].map((m) => Number(m[0]));
      expect(listed.length).toBeGreaterThan(1);
      expect(Number(d.meta['ans'])).toBe(q.includes('largest') ? Math.max(...listed) : Math.min(...listed));
    }
    for (const d of of('tracking')) {
      const q = d.text.slice(0, Number(d.meta['promptEnd']));
      const thing = /Where is the (\w+) now/.exec(q)![1]!;
      expect([...q.matchAll(new RegExp(`the ${thing} (?:was in|to) the (\\w+)`, 'g'))].at(-1)![1]).toBe(d.meta['ans']);
    }
  });
});
