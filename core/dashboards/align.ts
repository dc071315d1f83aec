import type { Doc, Span } from '../curriculum/types.ts';
import type { TokenSpan } from './types.ts';

/** Half-open UTF-8 byte ranges, one a token. */
export type ByteOffsets = readonly (readonly [number, number])[];

/** UTF-16 offset of each byte of the text's UTF-8 form, and of its end; a byte inside a character has its character's offset. */
function characterOf(text: string): Int32Array {
  const at: number[] = [];
  for (let i = 0; i < text.length;) {
    const code = text.codePointAt(i) ?? 0;
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (let b = 0; b < bytes; b++) at.push(i);
    i += code > 0xffff ? 2 : 1;
  }
  at.push(text.length);
  return Int32Array.from(at);
}

/**
 * The tokens that a document's spans cover. A token belongs to a span when it shares a character other than white space with
 * it, so that the space in front of a word makes no difference.
 * @param offsets of the document's tokens, without BOS
 * @param shift   added to token indices: 1 where BOS stands in front
 */
export function tokenSpans({ text, spans }: Pick<Doc, 'text' | 'spans'>, offsets: ByteOffsets, shift = 0): TokenSpan[] {
  const at = characterOf(text);
  const ranges = offsets.map(([from, to]) => {
    let start = at[from] ?? text.length;
    const end = at[to] ?? text.length;
    while (start < end && /\s/.test(text[start] ?? '')) start++;
    return [start, end] as const;
  });
  const found: TokenSpan[] = [];
  let first = 0;
  for (const span of spans) {
    // Spans are sorted and do not overlap, but a token may hold the end of one and the start of the next.
    while (first < ranges.length && (ranges[first]?.[1] ?? 0) <= span.start) first++;
    let from = first;
    while (from < ranges.length && !overlaps(ranges[from], span)) {
      if ((ranges[from]?.[0] ?? 0) >= span.end) break;
      from++;
    }
    let to = from;
    while (to < ranges.length && overlaps(ranges[to], span)) to++;
    if (to > from) found.push({ kind: span.kind, role: span.role, value: span.value, from: from + shift, to: to + shift });
  }
  return found;
}

function overlaps(range: readonly [number, number] | undefined, { start, end }: Span): boolean {
  return range !== undefined && range[0] < end && range[1] > start && range[0] < range[1];
}
