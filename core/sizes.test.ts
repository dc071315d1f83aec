import { describe, expect, it } from 'vitest';
import { megabytes } from './sizes.ts';

describe('sizes', () => {
  it('are in the unit that takes at most three digits', () => {
    const sizes = [0, 12_345, 99_999, 100_000, 9_940_000, 9_960_000, 123_400_000, 999_499_999, 999_500_000, 10_737_418_240];
    expect(sizes.map(megabytes)).toEqual([
      '1 kB',
      '12 kB',
      '100 kB',
      '0.1 MB',
      '9.9 MB',
      '10 MB',
      '123 MB',
      '999 MB',
      '1.0 GB',
      '11 GB',
    ]);
    expect(megabytes(2.5e12)).toBe('2.5 TB');
    expect(megabytes(4e15)).toBe('4000 TB');
  });
});
