const utf8 = new TextEncoder();

/** Halves of surrogate pairs stand alone in no UTF-8; they become U+FFFD. */
export const wellFormed = (text: string): string => text.replace(/[\ud800-\udfff]/gu, '\ufffd');

/**
 * Where tokens lie in the text that was encoded, in bytes, half open.
 *
 * Tokenizers may change a text before they split it: NFC joins letters and marks, SentencePiece writes U+2581 for a space and
 * may put one in front. The text is walked in pieces that no composition crosses. A piece that the tokens spell as it stands is
 * mapped byte by byte. Of a piece that they spell otherwise, every token that holds a part of it covers the whole piece.
 * @param spelled the bytes of all tokens, one after the other
 * @param lengths bytes of each token
 * @returns       one range per token, or null where the tokens are not of this text
 */
export function rangesInText(
  text: string,
  spelled: Uint8Array,
  lengths: readonly number[],
): readonly (readonly [number, number])[] | null {
  // Of each spelled byte: the range in the text that it stands for.
  const from = new Uint32Array(spelled.length);
  const to = new Uint32Array(spelled.length);
  let at = 0;
  let own = 0;
  const startsWith = (bytes: Uint8Array): boolean => bytes.every((byte, i) => spelled[at + i] === byte);
  for (const piece of pieces(wellFormed(text))) {
    const bytes = utf8.encode(piece);
    // A space that the text does not have, put in front by the tokenizer.
    const space = utf8.encode(' ');
    let phantom = 0;
    let changed: Uint8Array | null = null;
    for (; phantom < 2; phantom++) {
      if (startsWith(bytes)) break;
      const other = [utf8.encode(piece.normalize('NFC')), utf8.encode(piece.replaceAll('\u2581', ' '))];
      changed = other.find(startsWith) ?? null;
      if (changed) break;
      if (phantom > 0 || !startsWith(space)) return null;
      from[at] = to[at] = own;
      at++;
    }
    const length = changed?.length ?? bytes.length;
    for (let i = 0; i < length; i++) {
      from[at + i] = changed ? own : own + i;
      to[at + i] = changed ? own + bytes.length : own + i + 1;
    }
    at += length;
    own += bytes.length;
  }
  if (at !== spelled.length) return null;
  let start = 0;
  let last = 0;
  return lengths.map((length) => {
    if (length === 0) return [last, last] as const;
    const range = [from[start] ?? 0, to[start + length - 1] ?? 0] as const;
    start += length;
    last = range[1];
    return range;
  });
}

/** Marks, vowel signs that are letters (Kirat Rai), and the later parts of Hangul syllables: they may join what is before them. */
const JOINS = /^[\p{M}\u1160-\u11ff\u{16d63}\u{16d67}-\u{16d6a}]/u;

/** The text in pieces that NFC changes each by itself. */
function* pieces(text: string): Generator<string> {
  let piece = '';
  for (const c of text) {
    if (piece !== '' && !JOINS.test(c)) {
      yield piece;
      piece = '';
    }
    piece += c;
  }
  if (piece !== '') yield piece;
}
