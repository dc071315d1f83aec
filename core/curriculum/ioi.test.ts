import { describe, expect, it } from 'vitest';
import { IOI_TEMPLATES, corruptedTwin, createRng, evalSets, generate, type Doc } from './index.ts';
import { CLAUSES, EVENTS, SENTENCES, frame, heldOut } from './populations/ioi-frames.ts';

const sets = evalSets(900_001);
const rng = createRng(8, 'ioi test');
const free = Array.from({ length: 1500 }, () => generate('ioi', rng));
const end = (d: Doc): number => d.answers[0]!.start;
const names = (d: Doc) => d.spans.filter((s) => s.kind === 'name' && s.end <= end(d));
const values = (d: Doc): string[] => names(d).map((s) => s.value);
const graded = free.filter((d) => d.meta['control'] === false);

/** The rule itself: the one introduced with the repeated name who does not come again. */
function rule(d: Doc): string {
  const said = names(d);
  const again = new Set(said.filter((s) => s.role === 'subject-2' || s.role === 'second-subject-2').map((s) => s.value));
  const pair = said.filter((s) => ['subject-1', 'indirect-object', 'second-subject-1'].includes(s.role)).map((s) => s.value);
  return pair.filter((n) => !again.has(n)).join('|');
}

/** Surface cues: each looks at the names in order only. */
const CUES: Record<string, (n: string[], text: string) => string | undefined> = {
  'last name': (n) => n.at(-1),
  'first name': (n) => n[0],
  'second name': (n) => n[1],
  'third name': (n) => n[2],
  'most recent that is not the last': (n) => n.filter((x) => x !== n.at(-1)).at(-1),
  'first that is not the last': (n) => n.filter((x) => x !== n.at(-1))[0],
  'least recently mentioned': (n) => [...new Set(n)].sort((a, b) => n.lastIndexOf(a) - n.lastIndexOf(b))[0],
  'most recent unrepeated': (n) => n.filter((x) => n.indexOf(x) === n.lastIndexOf(x)).at(-1),
  'first unrepeated': (n) => n.filter((x) => n.indexOf(x) === n.lastIndexOf(x))[0],
  'last joined by "and", not the last name': (n, text) =>
    [...text.matchAll(/(\p{Lu}\p{L}+) and (\p{Lu}\p{L}+)/gu)]
      .at(-1)
      ?.slice(1)
      .filter((x) => x !== n.at(-1))
      .at(-1),
};

describe('indirect objects', () => {
  it('the answer is the one of the pair who does not come again, and the subject stands twice', () => {
    for (const d of graded) {
      expect(rule(d)).toBe(d.meta['IO']);
      expect(d.text.slice(end(d), d.answers[0]!.end)).toBe(d.meta['IO']);
      const after = names(d).findIndex((s) => s.role === 'subject-1' || s.role === 'indirect-object');
      const clause = names(d)
        .slice(after)
        .map((s) => s.value);
      expect(clause.filter((n) => n === d.meta['S'])).toHaveLength(2);
      expect(clause.filter((n) => n === d.meta['IO'])).toHaveLength(1);
    }
  });

  it('has about one third-person giver in twenty, without a graded answer', () => {
    const controls = free.filter((d) => d.meta['control'] === true);
    expect(controls.length / free.length).toBeGreaterThan(0.03);
    expect(controls.length / free.length).toBeLessThan(0.09);
    for (const d of controls) expect(d.answers).toHaveLength(0);
  });

  it('covers the 15 templates in both orders, in every condition', () => {
    expect(IOI_TEMPLATES).toHaveLength(15);
    const seen = new Set(sets['ioi']!.map((d) => `${d.meta['template']} ${d.meta['order']} ${d.meta['condition']}`));
    expect(seen.size).toBe(15 * 2 * 6);
    for (const d of sets['ioi']!) {
      const first = names(d).find((s) => s.role === 'subject-1' || s.role === 'indirect-object')!;
      expect(first.role === 'subject-1').toBe(d.meta['order'] === 'BABA');
    }
  });

  it('the ABC twins differ in three names only, which are unrelated', () => {
    sets['ioi_abc']!.forEach((t, i) => {
      const d = sets['ioi']![i]!;
      const fresh = [t.meta['S1'], t.meta['S2'], t.meta['IO2']];
      expect(new Set([...fresh, d.meta['S'], d.meta['IO']]).size).toBe(5);
      const words = d.text.split(/\b/);
      const swapped = t.text.split(/\b/);
      expect(swapped.length).toBe(words.length);
      swapped.forEach((w, k) => {
        if (w !== words[k]) expect(fresh).toContain(w);
      });
      expect(names(t).filter((s) => s.value === t.meta['S2'])).toHaveLength(1);
      expect(t.answers[0]!.start - end(d)).toBe(t.text.slice(0, t.answers[0]!.start).length - d.text.slice(0, end(d)).length);
      expect(corruptedTwin(d)).toEqual(t);
    });
  });

  it('keeps one pair in eight of opening and event out of the training text, for the set of unseen frames', () => {
    const pairs = [...CLAUSES, ...SENTENCES].flatMap((o) => EVENTS.map((e) => [o, e] as const));
    const kept = pairs.filter(([o, e]) => heldOut(o, e));
    expect(kept.length / pairs.length).toBeCloseTo(1 / 8, 1);
    const fixed = (event: string): RegExp =>
      new RegExp(event.replace(/\{@\w+\}/g, 'an? [a-z]+').replace(/\{[^}]*\}|P$|P(?= )/g, '[a-z]+') + '[,.]');
    const shows = (text: string, [o, e]: readonly [string, string]): boolean =>
      new RegExp(`(^|[.!?] )${o} (both )?[A-Z]\\w+ and [A-Z]\\w+ ${fixed(e).source}`).test(text);
    const texts = Array.from({ length: 4000 }, () => generate('ioi', rng).text);
    for (const pair of kept) {
      // Frames of the literature as well.
      if (['When got {@R} at the P', 'Friends found {@R} at the P'].includes(pair.join(' '))) continue;
      expect(
        texts.filter((t) => shows(t, pair)),
        pair.join(' | '),
      ).toEqual([]);
    }
    expect(sets['ioi_unseen']).toHaveLength(300);
    for (const d of sets['ioi_unseen']!)
      expect(
        kept.some((pair) => shows(d.text, pair)),
        d.text,
      ).toBe(true);
    expect(shows('One day both Ann and Bob went to the store, and', ['One day', 'went to the P'])).toBe(true);
  });

  it('draws the well-known frame in training', () => {
    expect(heldOut('When', 'went to the P')).toBe(false);
    const seen = Array.from({ length: 3000 }, () => frame(rng, false)).filter((f) =>
      f.first.startsWith('When X and Y went to the P'),
    );
    expect(seen.length).toBeGreaterThan(10);
  });

  it('the last name before the answer is often not the subject', () => {
    const share = graded.filter((d) => d.meta['lastNameIsSubject'] === true).length / graded.length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.6);
    for (const d of graded) expect(values(d).at(-1) === d.meta['S']).toBe(d.meta['lastNameIsSubject']);
  });

  it.each(Object.keys(CUES))('is not solved by a surface cue: %s', (cue) => {
    const all = {
      ...Object.fromEntries(
        ['ioi', 'ioi_varied', 'ioi_twoPairs', 'ioi_threePeople', 'ioi_split', 'ioi_unseen'].map((k) => [k, sets[k]!]),
      ),
      corpus: graded,
    };
    for (const [k, docs] of Object.entries(all)) {
      const right = docs.filter((d) => CUES[cue]!(values(d), d.text.slice(0, end(d))) === d.meta['IO']).length / docs.length;
      expect(right, `${cue} on ${k}`).toBeLessThan(k === 'ioi_unseen' ? 0.8 : 0.75);
      expect(docs.every((d) => rule(d) === d.meta['IO'])).toBe(true);
    }
  });
});
