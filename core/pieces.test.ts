import { expect, it } from 'vitest';
import { pieces } from './pieces.ts';

it('cuts into pieces that hold everything once', () => {
  expect(pieces(7, 3)).toEqual([
    [0, 3],
    [3, 6],
    [6, 7],
  ]);
  expect(pieces(6, 3)).toHaveLength(2);
  expect(pieces(2, 100)).toEqual([[0, 2]]);
  expect(pieces(0, 3)).toEqual([]);
  for (const size of [0, -1, NaN]) expect(() => pieces(3, size)).toThrow(RangeError);
});
