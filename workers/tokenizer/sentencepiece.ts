import { VitrineError } from '../../core/protocol/errors.ts';
import { LiteralSplitter } from './literals.ts';
import { mergeWord, type Merge } from './merge.ts';
import { wellFormed } from './align.ts';

/** SentencePiece's stand-in for a space. */
export const SPACE = '\u2581';

export interface SentencePieces {
  /** Text of each id; ids without a token are left out. Bytes are `<0x00>` … `<0xFF>`. */
  readonly pieces: ReadonlyMap<string, number>;
  /** What two neighbours become; `text` is what both cover. */
  merge(left: number, right: number, text: string): Merge | null;
  /** Tokens that are found in the text as it stands: special ones, mostly. */
  readonly literals: ReadonlyMap<string, number>;
  /** Tokens that are found once spaces are U+2581: runs of spaces and line breaks, tags. */
  readonly spacedLiterals: ReadonlyMap<string, number>;
  /** A space is put in front of the text, or of each stretch between literals; also where one is there already, or not. */
  readonly prefix: { readonly of: 'text' | 'stretch'; readonly again: boolean } | null;
  /** For what has neither a piece nor bytes. */
  readonly unknown: number | null;
  /** In UTF-16 units; longer joins are not looked up. */
  readonly longest: number;
}

const utf8 = new TextEncoder();

/**
 * Byte-pair encoding as SentencePiece does it (Gemma, Llama 2): the text is not split into words, so one word may be the whole
 * text. Characters without a piece become their bytes.
 */
export function sentencePieceEncoder(of: SentencePieces): (text: string) => number[] {
  const literals = new LiteralSplitter(of.literals.keys());
  const spaced = new LiteralSplitter(of.spacedLiterals.keys());
  const byteIds = Array.from({ length: 256 }, (_, byte) => of.pieces.get(byteName(byte)) ?? of.unknown ?? -1);
  const word = (text: string): number[] => {
    const ids: number[] = [];
    const ends: number[] = [];
    let at = 0;
    for (const c of text) {
      ids.push(of.pieces.get(c) ?? -1);
      ends.push((at += c.length));
    }
    const merged = mergeWord(ids, ends, (left, right, from, to) =>
      to - from > of.longest ? null : of.merge(left, right, text.slice(from, to)),
    );
    return merged.flatMap(({ id, to }, i) =>
      id >= 0 ? id : Array.from(utf8.encode(text.slice(merged[i - 1]?.to ?? 0, to)), (byte) => byteIds[byte] ?? -1),
    );
  };

  return (text) => {
    const ids: number[] = [];
    let first = true;
    for (const stretch of literals.split(wellFormed(text))) {
      const id = stretch.literal ? of.literals.get(stretch.text) : undefined;
      if (id !== undefined) ids.push(id);
      else {
        const plain = stretch.text.replaceAll(' ', SPACE);
        const prefixed = (of.prefix?.of === 'stretch' || first) && (of.prefix?.again === true || !plain.startsWith(SPACE));
        for (const part of spaced.split(of.prefix && prefixed ? SPACE + plain : plain)) {
          const known = part.literal ? of.spacedLiterals.get(part.text) : undefined;
          if (known === undefined) ids.push(...word(part.text));
          else ids.push(known);
        }
      }
      first = false;
    }
    if (ids.some((id) => id < 0)) throw new VitrineError('bad-file', 'tokenizer: a byte of this text has no token');
    return ids;
  };
}

export const byteName = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

const BYTE = /^<0x([0-9A-F]{2})>$/;

/** The bytes that a piece adds to a text. */
export function bytesOfPiece(piece: string, isByte: boolean): Uint8Array {
  const byte = isByte ? BYTE.exec(piece)?.[1] : undefined;
  return byte === undefined ? utf8.encode(piece.replaceAll(SPACE, ' ')) : Uint8Array.of(Number.parseInt(byte, 16));
}
