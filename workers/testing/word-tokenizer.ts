import type { Tokenizer } from '../api.ts';

/** Numbers are ids; any other word is some id, always the same. */
export function wordTokenizer(size: number): Tokenizer {
  const id = (word: string): number =>
    /^\d+$/.test(word) && Number(word) < size
      ? Number(word)
      : 1 + (([...word].reduce((h, c) => (h * 31 + c.charCodeAt(0)) | 0, 7) >>> 0) % (size - 1));
  const encode = (text: string): number[] => text.split(/\s+/).filter(Boolean).map(id);
  return {
    size,
    bosId: 0,
    eosId: 0,
    hasChat: false,
    encode,
    applyChat: () => Promise.reject(new Error('no chat template')),
    encodePrompt: (text, bos = true) => (bos ? [0, ...encode(text)] : encode(text)),
    decode: (ids) => ids.join(' '),
    token: (n) => ({ id: n, text: ` ${n}` }),
    single: (text) => id(text),
    byteOffsets: () => [],
  };
}
