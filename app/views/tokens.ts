import type { TokenText } from '../../core/tokens.ts';

/** A stretch of the strip: one token, or several that are the bytes of one character. Bounds inclusive. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** What is printed: control characters and stray bytes made visible, line breaks as ↵. */
  readonly text: string;
  readonly leadingSpace: boolean;
  readonly breakAfter: boolean;
}

/** Text with its invisible parts made visible: a leading or trailing space as ·, line breaks as ↵, tabs as ⇥. */
export function showToken(token: TokenText): string {
  const text = token.bytes ? bytesText(token.bytes) : visible(token.text);
  return text.replace(/^ | $/g, '·');
}

/** The names of all positions, BOS as such. */
export const showTokens = (tokens: readonly TokenText[], bosId: number | null): string[] =>
  tokens.map((token, i) => (i === 0 && token.id === bosId ? 'BOS' : showToken(token)));

/** “ Mary”, in the quotation marks with which tokens stand in sentences. */
export const quoteToken = (token: TokenText | undefined): string =>
  token ? `“${token.bytes ? bytesText(token.bytes) : visible(token.text)}”` : '“?”';

/** What the reader typed for a token, with · for a space; the inverse of `showToken` for plain texts. */
export const readToken = (typed: string): string => typed.replaceAll('·', ' ').replaceAll('↵', '\n').replaceAll('⇥', '\t');

/** The text that tokens spell, as it is; bytes that are no whole character become U+FFFD. */
export function spelled(tokens: readonly TokenText[]): string {
  let text = '';
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) text += new TextDecoder().decode(Uint8Array.from(bytes));
    bytes = [];
  };
  for (const token of tokens)
    if (token.bytes) bytes.push(...token.bytes);
    else {
      flush();
      text += token.text;
    }
  flush();
  return text;
}

const visible = (text: string): string =>
  text
    .replace(/\r\n|\n|\r/g, '↵')
    .replaceAll('\t', '⇥')
    // Control, bidi and zero-width characters would hide, or reorder what is around them.
    .replace(/[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, (c) => `⟨${hex(c.charCodeAt(0), 4)}⟩`);

const hex = (n: number, width: number): string => n.toString(16).toUpperCase().padStart(width, '0');
const bytesText = (bytes: readonly number[]): string => bytes.map((b) => `⟨${hex(b, 2)}⟩`).join('');

/**
 * Splits tokens into what the strip prints. With `merge`, tokens that together are the bytes of one character become one
 * segment; without, each token is its own and stray bytes are printed in hexadecimal.
 */
export function segments(tokens: readonly TokenText[], merge: boolean): Segment[] {
  const found: Segment[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (!token) continue;
    const joined = merge && token.bytes ? joinBytes(tokens, at) : null;
    const text = joined?.text ?? (token.bytes ? null : token.text);
    const shown = text === null ? bytesText(token.bytes ?? []) : visible(text);
    const to = joined?.to ?? at;
    found.push({
      from: at,
      to,
      text: shown.replace(/^ /, ''),
      leadingSpace: shown.startsWith(' '),
      breakAfter: text !== null && /[\n\r]$/.test(text),
    });
    at = to;
  }
  return found;
}

/** The shortest run of tokens from `from` whose bytes are whole characters; null if there is none. */
function joinBytes(tokens: readonly TokenText[], from: number): { readonly to: number; readonly text: string } | null {
  const bytes: number[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let to = from; to < tokens.length && bytes.length < 16; to++) {
    const own = tokens[to]?.bytes;
    if (!own) return null;
    bytes.push(...own);
    try {
      return { to, text: decoder.decode(Uint8Array.from(bytes)) };
    } catch {
      continue;
    }
  }
  return null;
}

/** Positions a selection covers: one token, or from the lower to the higher end. Clamped to the strip. */
export function selectedRange(
  token: number | null,
  end: number | null,
  length: number,
): { readonly from: number; readonly to: number } {
  const clamp = (x: number): number => Math.min(Math.max(0, x), Math.max(0, length - 1));
  const a = clamp(token ?? length - 1);
  const b = clamp(end ?? a);
  return { from: Math.min(a, b), to: Math.max(a, b) };
}
