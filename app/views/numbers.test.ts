import { describe, expect, it } from 'vitest';
import { number, ordinal, percent, plural, signed } from './numbers.ts';

describe('numbers', () => {
  it('has three significant digits and a real minus', () => {
    expect([8.9421, -0.04567, 12.345, 123.4, 1, 0, 0.00123].map((x) => number(x))).toEqual([
      '8.94',
      '−0.0457',
      '12.3',
      '123',
      '1.00',
      '0',
      '0.00123',
    ]);
  });

  it('does not gain a digit by rounding up', () => {
    expect([9.999, 99.96, 999.7, -9.9999].map((x) => number(x))).toEqual(['10.0', '100', '1,000', '−10.0']);
  });

  it('writes large and small ones short, and says what is none', () => {
    expect([1234.5, 12_345_678, -0.0001234, NaN, -Infinity].map((x) => number(x))).toEqual([
      '1,235',
      '1.23e7',
      '−1.23e−4',
      '–',
      '−∞',
    ]);
  });

  it('always signs what is signed, but not zero', () => {
    expect([4.12, -3.9, 0].map((x) => signed(x))).toEqual(['+4.12', '−3.90', '0']);
  });

  it('writes probabilities as percentages, with both ends honest', () => {
    const nbsp = (text: string): string => text.replaceAll(' ', '\u00a0');
    expect([0.923, 0.0221, 0.0057, 0.00005, 0, 1, 0.99999, 0.1].map((p) => percent(p))).toEqual(
      ['92.3 %', '2.21 %', '0.57 %', '< 0.01 %', '0 %', '100 %', '> 99.9 %', '10.0 %'].map(nbsp),
    );
  });

  it('counts in words', () => {
    expect([plural(1, 'token'), plural(1200, 'token'), plural(2, 'dictionary', 'dictionaries')]).toEqual([
      '1 token',
      '1,200 tokens',
      '2 dictionaries',
    ]);
    expect([0, 1, 2, 3, 10, 11, 20, 110].map(ordinal)).toEqual(['1st', '2nd', '3rd', '4th', '11th', '12th', '21st', '111th']);
  });
});
