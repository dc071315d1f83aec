import { describe, expect, it } from 'vitest';
import { middleOf } from './lib/repeats.ts';

describe('the middle of a window', () => {
  const window = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

  it('is where a text has all of it', () => {
    expect(middleOf([0, ...window, 0], window, 5)).toBe(6);
    expect(middleOf(window, window, 5)).toBe(5);
    expect(middleOf([...window.slice(0, -1), 0], window, 5)).toBeNull();
  });

  it('is nowhere where the text goes on and the window’s did not', () => {
    // The window began with its text: two tokens before its middle.
    const start = [3, 4, 5, 6, 7, 8, 9, 10];
    expect(middleOf([...start, 0], start, 2)).toBe(2);
    expect(middleOf([0, ...start, 0], start, 2)).toBeNull();
    // It ended with its text: one token after its middle.
    const end = [1, 2, 3, 4, 5, 6, 7];
    expect(middleOf([0, ...end], end, 5)).toBe(6);
    expect(middleOf([0, ...end, 0], end, 5)).toBeNull();
  });
});
