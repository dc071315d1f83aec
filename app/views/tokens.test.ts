import { describe, expect, it } from 'vitest';
import type { TokenText } from '../../core/tokens.ts';
import { quoteToken, readToken, segments, selectedRange, showToken, spelled } from './tokens.ts';

const token = (text: string, bytes?: number[]): TokenText => ({ id: 0, text, ...(bytes ? { bytes } : {}) });
const smile = [0xf0, 0x9f, 0x98, 0x80].map((b) => token('\ufffd', [b]));

describe('tokens', () => {
  it('spell a text as it is, characters made of several tokens’ bytes among it', () => {
    const of = (text: string, bytes?: readonly number[]) => ({ id: 1, text, ...(bytes ? { bytes } : {}) });
    expect(spelled([of(' a\n'), of('?', [0xe6, 0xbc]), of('?', [0xa2]), of(' b')])).toBe(' a\n漢 b');
    expect(spelled([of('x'), of('?', [0xe6])])).toBe('x\ufffd');
    expect(spelled([])).toBe('');
  });

  it('keeps exact boundaries, with leading spaces apart', () => {
    const strip = segments([token('When'), token(' Mary'), token(','), token('  two')], true);
    expect(strip.map(({ from, to, text, leadingSpace }) => [from, to, text, leadingSpace])).toEqual([
      [0, 0, 'When', false],
      [1, 1, 'Mary', true],
      [2, 2, ',', false],
      [3, 3, ' two', true],
    ]);
  });

  it('shows a line break, then breaks', () => {
    expect(segments([token('a\n'), token('\n'), token('b')], true).map(({ text, breakAfter }) => [text, breakAfter])).toEqual([
      ['a↵', true],
      ['↵', true],
      ['b', false],
    ]);
  });

  it('merges the bytes of one character, and shows them apart when asked', () => {
    expect(segments([token('a'), ...smile, token('b')], true)).toMatchObject([
      { from: 0, to: 0, text: 'a' },
      { from: 1, to: 4, text: '😀' },
      { from: 5, to: 5, text: 'b' },
    ]);
    expect(segments(smile, false).map(({ text }) => text)).toEqual(['⟨F0⟩', '⟨9F⟩', '⟨98⟩', '⟨80⟩']);
  });

  it('never joins bytes that are no character', () => {
    expect(segments([...smile.slice(0, 2), token('x')], true).map(({ text }) => text)).toEqual(['⟨F0⟩', '⟨9F⟩', 'x']);
    expect(segments([token('\ufffd', [0xff]), token('\ufffd', [0x41])], true).map(({ text }) => text)).toEqual(['⟨FF⟩', 'A']);
  });

  it('lets nothing hide or reorder the text around it', () => {
    expect(segments([token('\u202eabc\u200b')], true)[0]?.text).toBe('⟨202E⟩abc⟨200B⟩');
    expect(showToken(token(' \t '))).toBe('·⇥·');
    expect(quoteToken(token(' Mary'))).toBe('“ Mary”');
  });

  it('reads what the reader types for a token', () => {
    for (const text of [' Mary', '\n', 'a', ' 17']) expect(readToken(showToken(token(text)))).toBe(text);
  });

  it('keeps a selection inside the strip', () => {
    expect(selectedRange(null, null, 15)).toEqual({ from: 14, to: 14 });
    expect(selectedRange(7, 3, 15)).toEqual({ from: 3, to: 7 });
    expect(selectedRange(99, null, 4)).toEqual({ from: 3, to: 3 });
    expect(selectedRange(2, 99, 0)).toEqual({ from: 0, to: 0 });
  });
});
