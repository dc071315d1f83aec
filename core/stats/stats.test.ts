import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { histogram, logSumExp, quantile, softmax, summarize, symmetricDomain, topK } from './index.ts';

const numbers = fc.array(fc.double({ noNaN: true, min: -1e3, max: 1e3 }), { minLength: 1, maxLength: 50 });

describe('statistics', () => {
  it('softmax sums to 1 and does not overflow', () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: -1e5, max: 1e5, noNaN: true }), (x, shift) => {
        const p = softmax(x.map((v) => v + shift));
        expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        expect(logSumExp(x)).toBeGreaterThanOrEqual(Math.max(...x) - 1e-9);
      }),
    );
    expect(logSumExp([])).toBe(-Infinity);
    expect(logSumExp([Math.log(2), Math.log(3)])).toBeCloseTo(Math.log(5), 12);
  });

  it('topK is the head of a stable sort', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 40 }), fc.nat({ max: 45 }), (x, k) => {
        const sorted = x.map((value, i) => ({ value, i })).sort((a, b) => b.value - a.value || a.i - b.i);
        expect(topK(x, k)).toEqual(sorted.slice(0, k).map(({ i }) => i));
      }),
    );
    expect(topK([NaN, 1, NaN, 2], 3)).toEqual([3, 1]);
  });

  it('quantiles are those of R type 7', () => {
    expect([0, 0.25, 0.5, 0.75, 0.875, 1].map((q) => quantile([1, 2, 3, 4, 10], q))).toEqual([1, 2, 3, 4, 7, 10]);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('a summary counts everything once and leaves non-finite numbers out', () => {
    const s = summarize([1, -1, 0, NaN, Infinity, 4]);
    expect(s).toMatchObject({ count: 6, nonFinite: 2, mean: 1, min: -1, max: 4, zeros: 1 });
    expect(s.std).toBeCloseTo(Math.sqrt(3.5), 12);
    expect(s.norm).toBeCloseTo(Math.sqrt(18), 12);
    expect(summarize([]).mean).toBeNaN();
  });

  it('a histogram holds every finite number, in bins that cover the range', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 20 }), (x, bins) => {
        const { edges, counts } = histogram(x, bins);
        expect(counts.reduce((a, b) => a + b, 0)).toBe(x.length);
        expect(edges).toHaveLength(bins + 1);
        expect(edges[0]).toBe(Math.min(...x));
      }),
    );
  });

  it('a symmetric domain is the same on both sides', () => {
    expect(symmetricDomain([1, -3], [2])).toEqual([-3, 3]);
    expect(symmetricDomain([0, NaN])).toEqual([-1, 1]);
  });
});
