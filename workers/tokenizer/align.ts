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
 * @param gaps    characters may be missing, wholly or in part: vocabularies exist that lack some bytes (SmolLM2: 21)
 * @returns       one range per token, or null where the tokens are not of this text
 */
export function rangesInText(
  text: string,
  spelled: Uint8Array,
  lengths: readonly number[],
  gaps = false,
): readonly (readonly [number, number])[] | null {
  const bytes = walk(wellFormed(text), spelled, gaps);
  if (!bytes) return null;
  let start = 0;
  let last = 0;
  return lengths.map((length) => {
    if (length === 0) return [last, last] as const;
    const range = [bytes.from[start] ?? 0, bytes.to[start + length - 1] ?? 0] as const;
    start += length;
    last = range[1];
    return range;
  });
}

/** Of each spelled byte: the range in the text that it stands for. */
interface Origin {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

const SPACE = 0x20;

function walk(text: string, spelled: Uint8Array, gaps: boolean): Origin | null {
  const from = new Uint32Array(spelled.length);
  const to = new Uint32Array(spelled.length);
  let at = 0;
  let own = 0;
  const isNext = (bytes: Uint8Array): boolean => bytes.every((byte, i) => spelled[at + i] === byte);
  const spelling = (piece: string, bytes: Uint8Array): Uint8Array | undefined =>
    isNext(bytes)
      ? bytes
      : respellings(piece)
          .map((other) => utf8.encode(other))
          .find(isNext);
  // A space that the text does not have, put in front of it or after a special token.
  const skipSpace = (): boolean => {
    if (spelled[at] !== SPACE) return false;
    from[at] = to[at] = own;
    at++;
    return true;
  };
  for (const piece of pieces(text)) {
    const bytes = utf8.encode(piece);
    let found = spelling(piece, bytes);
    if (!found && skipSpace()) found = spelling(piece, bytes);
    if (found) {
      for (let i = 0; i < found.length; i++) {
        from[at + i] = found === bytes ? own + i : own;
        to[at + i] = found === bytes ? own + i + 1 : own + bytes.length;
      }
      at += found.length;
    } else if (!gaps) return null;
    else {
      for (const [i, byte] of bytes.entries()) {
        if (spelled[at] !== byte) continue;
        from[at] = own + i;
        to[at++] = own + i + 1;
      }
    }
    own += bytes.length;
  }
  // Where the text goes on with spaces of its own, one of them is taken for the other.
  skipSpace();
  return at === spelled.length ? { from, to } : null;
}

/**
 * How tokenizers may spell a piece. A special token that ends within it is found before NFC, so only what follows is composed.
 */
function respellings(piece: string): string[] {
  const characters = [...piece];
  const composed = characters.map((_, i) => characters.slice(0, i).join('') + characters.slice(i).join('').normalize('NFC'));
  return [...composed, piece.replaceAll('\u2581', ' ')];
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
