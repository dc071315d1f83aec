import { describe, expect, it } from 'vitest';
import { corpus } from '../curriculum/corpus.ts';
import { tokenSpans } from './align.ts';
import { corpusDocument, corpusSample, DASHBOARD_SEED, documentShares } from './corpus.ts';

/** Tokens of a text as a trained vocabulary of words would cut it: words with their space, signs, digits by two. */
function pieces(text: string): { readonly text: string; readonly bytes: readonly [number, number] }[] {
  const encoder = new TextEncoder();
  let at = 0;
  return [...text.matchAll(/ ?\p{L}+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\s+/gu)].map(([piece]) => {
    const from = at;
    at += encoder.encode(piece).length;
    return { text: piece, bytes: [from, at] as const };
  });
}

describe('the corpus of dashboards', () => {
  const shares = documentShares();

  it('writes any document by itself, always the same, and different ones', () => {
    const texts = Array.from({ length: 200 }, (_, n) => corpusDocument(DASHBOARD_SEED, n, shares).text);
    for (const n of [199, 3, 77]) expect(corpusDocument(DASHBOARD_SEED, n, shares).text).toBe(texts[n]);
    expect(new Set(texts).size).toBeGreaterThan(195);
    expect(texts[0]).not.toBe(corpusDocument(DASHBOARD_SEED + 1, 0, shares).text);
    expect(corpusSample(DASHBOARD_SEED, shares)).toBe(corpusSample(DASHBOARD_SEED, documentShares()));
    expect(corpusSample(DASHBOARD_SEED, shares)).not.toBe(corpusSample(DASHBOARD_SEED, [['narrative', 1]]));
  });

  it('has the populations in the shares of the training text', () => {
    const count = (list: readonly string[], id: string): number => list.filter((p) => p === id).length / list.length;
    const own = Array.from({ length: 4_000 }, (_, n) => corpusDocument(DASHBOARD_SEED, n, shares).population);
    const stream = corpus(1);
    const training = Array.from({ length: 4_000 }, () => stream.next().value.population);
    for (const [id] of shares) expect(count(own, id)).toBeCloseTo(count(training, id), 1.3);
  });

  it('is drawn anew: hardly a long document is also in a part of the training text', () => {
    const stream = corpus(1);
    const seen = new Set(Array.from({ length: 20_000 }, () => stream.next().value.text));
    const long = Array.from({ length: 2_000 }, (_, n) => corpusDocument(DASHBOARD_SEED, n, shares)).filter(
      ({ text }) => text.length > 120,
    );
    const again = long.filter(({ text }) => seen.has(text));
    // Counting days or months can be put in so few ways that two draws may agree; nothing else of this length does.
    expect(again.filter(({ meta }) => meta['kind'] !== 'calendar')).toEqual([]);
    expect(again.length).toBeLessThan(long.length / 200);
  });
});

describe('spans as tokens', () => {
  it('cover exactly the words that the curriculum marks', () => {
    const shares = documentShares();
    let n = 0;
    for (let d = 0; d < 400; d++) {
      const doc = corpusDocument(DASHBOARD_SEED, d, shares);
      const tokens = pieces(doc.text);
      const found = tokenSpans(
        doc,
        tokens.map((t) => t.bytes),
        1,
      );
      expect(found.length).toBe(doc.spans.length);
      for (const [i, { from, to, kind }] of found.entries()) {
        const span = doc.spans[i]!;
        const text = tokens
          .slice(from - 1, to - 1)
          .map((t) => t.text)
          .join('');
        expect(kind).toBe(span.kind);
        expect(text).toContain(doc.text.slice(span.start, span.end));
        n++;
      }
    }
    expect(n).toBeGreaterThan(4_000);
  });

  it('count in UTF-8 bytes, also where characters take several, and a token may hold the ends of two spans', () => {
    const text = 'é 𝄞x yz';
    const span = (start: number, end: number) => ({ kind: 'k', role: 'r', value: 'v', start, end });
    const bytes = [
      [0, 2],
      [2, 7],
      [7, 8],
      [8, 11],
    ] as const;
    const spans = [span(0, 1), span(2, 5), span(6, 7), span(7, 8)];
    expect(tokenSpans({ text, spans }, bytes).map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 3],
      [3, 4],
      [3, 4],
    ]);
  });
});
