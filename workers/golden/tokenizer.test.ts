import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTokenizer } from '../tokenizer/tokenizer.ts';
import { readGoldenJson } from '../testing/goldens.ts';

interface Meta {
  readonly sha256: string;
  readonly texts: readonly string[];
  readonly ids: readonly (readonly number[])[];
  /** What Python decodes the ids to, where that is not the text itself. */
  readonly decoded: readonly (string | null)[];
}
const folder = join(import.meta.dirname, '../../public/models/primer');
const bytes = (name: string): Buffer => readFileSync(join(folder, name));
const json = (name: string): unknown => JSON.parse(bytes(name).toString('utf8'));

describe('tokenizer of primer, against Python’s tokenizers', () => {
  const golden = readGoldenJson<Meta>('tokenizer');
  const tokenizer = createTokenizer(json('tokenizer.json'), json('tokenizer_config.json'));
  const shown = (text: string): string => JSON.stringify(text);

  it('the golden is of this tokenizer', () => {
    const digest = createHash('sha256').update(bytes('tokenizer.json')).digest('hex');
    expect(digest, 'another tokenizer.json: run training/goldens/make.py --tokenizer').toBe(golden.sha256);
    expect(golden.texts.length).toBe(2000);
  });

  it('gives the same ids for 2,000 strings', () => {
    for (const [i, text] of golden.texts.entries()) expect(tokenizer.encode(text), shown(text)).toEqual(golden.ids[i]);
  });

  it('decodes them to the same text', () => {
    for (const [i, text] of golden.texts.entries())
      expect(tokenizer.decode(golden.ids[i]!), shown(text)).toBe(golden.decoded[i] ?? text);
  });

  it('byte ranges cover each text without gap, and hold each token’s bytes', () => {
    for (const [i, text] of golden.texts.entries()) {
      const ids = golden.ids[i]!;
      // BOS in front is not part of the text, where the text itself begins with its literal.
      if (ids[0] === tokenizer.bosId) continue;
      const utf8 = new TextEncoder().encode(text);
      let at = 0;
      let wrong = 0;
      for (const [n, [from, to]] of tokenizer.byteOffsets(ids).entries()) {
        const token = tokenizer.token(ids[n]!);
        const own = token.bytes ?? [...new TextEncoder().encode(token.text)];
        if (from !== at || own.length !== to - from || own.some((byte, j) => utf8[from + j] !== byte)) wrong++;
        at = to;
      }
      expect(wrong, shown(text)).toBe(0);
      expect(at, shown(text)).toBe(utf8.length);
    }
  });
});
