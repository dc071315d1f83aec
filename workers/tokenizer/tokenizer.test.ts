import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VitrineError } from '../../core/protocol/errors.ts';
import { bytesOfToken } from './byte-level.ts';
import { withinVocabulary } from './limit.ts';
import { createTokenizer } from './tokenizer.ts';

/** All 256 bytes, and a few merges; GPT-2's own splitting. */
function smallJson(): Record<string, unknown> {
  const stand: string[] = [];
  for (let byte = 0, next = 0x100; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    stand.push(String.fromCharCode(printable ? byte : next++));
  }
  const tokens = ['<|endoftext|>', ...stand, 'th', 'the', 'Ġthe', 'Ã©', 'Ġc', 'Ġca', 'Ġcat', 'ĊĊ', `${stand[0x85]}Ċ`];
  const merges = ['t h', 'th e', 'Ġ the', 'Ã ©', 'Ġ c', 'Ġc a', 'Ġca t', 'Ċ Ċ', `${stand[0x85]} Ċ`];
  return {
    version: '1.0',
    added_tokens: [{ id: 0, content: '<|endoftext|>', special: true, normalized: false }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', unk_token: null, vocab: Object.fromEntries(tokens.map((t, i) => [t, i])), merges },
  };
}
const CONFIG = { bos_token: '<|endoftext|>', eos_token: { content: '<|endoftext|>' }, clean_up_tokenization_spaces: false };
const small = createTokenizer(smallJson(), CONFIG);
const utf8 = new TextEncoder();
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme-ascii' }));

describe('tokenizer', () => {
  it('merges within words and keeps the space with the word', () => {
    const ids = small.encode('the cat the café');
    expect(ids.map((id) => small.token(id).text)).toEqual(['the', ' cat', ' the', ' ca', 'f', 'é']);
    expect(small.size).toBe(266);
  });

  it('puts BOS in front unless told not to, and knows its ids', () => {
    expect([small.bosId, small.eosId]).toEqual([0, 0]);
    expect(small.encodePrompt('the')).toEqual([0, ...small.encode('the')]);
    expect(small.encodePrompt('the', false)).toEqual(small.encode('the'));
    expect(createTokenizer(smallJson(), { ...CONFIG, add_bos_token: false }).encodePrompt('the')).toEqual(small.encode('the'));
    const none = createTokenizer(smallJson(), { bos_token: null });
    expect(none.encodePrompt('the')).toEqual(small.encode('the'));
    expect(() => none.encodePrompt('the', true)).toThrow(expect.objectContaining({ code: 'bad-spec' }));
  });

  it('tells the id of a text that is one token', () => {
    expect(small.single(' cat')).toBe(small.encode(' cat')[0]);
    expect(small.single(' cats')).toBeNull();
    expect(small.single('')).toBeNull();
    expect(small.single('<|endoftext|>')).toBe(0);
  });

  it('keeps the bytes of tokens that are no text of their own', () => {
    const parts = small.encode('你').map((id) => small.token(id));
    expect(parts.map((t) => t.bytes)).toEqual([[0xe4], [0xbd], [0xa0]]);
    expect(parts.every((t) => t.text === '\ufffd')).toBe(true);
    expect(small.token(small.single('é')!)).toEqual({ id: small.single('é'), text: 'é' });
  });

  it('gives ids without a token an empty text', () => {
    expect(small.token(999)).toEqual({ id: 999, text: '' });
  });

  it('puts half-open byte ranges on the text, with nothing for BOS', () => {
    const source = 'the café你\n\n<|endoftext|>x';
    const ids = small.encodePrompt(source);
    const offsets = small.byteOffsets(ids);
    expect(offsets[0]).toEqual([0, 0]);
    const bytes = utf8.encode(source);
    for (const [i, [from, to]] of offsets.entries())
      if (i > 0)
        expect(small.decode([ids[i]!])).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.slice(from, to)));
    expect(offsets.at(-1)![1]).toBe(bytes.length);
  });

  it('gives back every text, and its bytes', () => {
    fc.assert(
      fc.property(text, (source) => {
        const wellFormed = source.replace(/[\ud800-\udfff]/gu, '\ufffd');
        const ids = small.encode(source);
        expect(small.decode(ids)).toBe(wellFormed);
        expect(small.byteOffsets(ids).at(-1)?.[1] ?? 0).toBe(utf8.encode(source).length);
      }),
      { numRuns: 300 },
    );
  });

  it('splits at Unicode’s white space, not at JavaScript’s', () => {
    // U+0085 is white space in Unicode: one piece with the line break after it, so the merge across applies.
    const nextLine = small.encode('\u0085\n');
    expect(small.byteOffsets(nextLine)).toEqual([
      [0, 1],
      [1, 3],
    ]);
    expect(bytesOfToken('Ġ')).toEqual(Uint8Array.of(32));
    expect(bytesOfToken('你')).toBeNull();
  });

  it.each([
    ['no object', 3, 'bad-file'],
    ['another model', { ...smallJson(), model: { type: 'Unigram', vocab: [] } }, 'unsupported-file'],
    ['another decoder', { ...smallJson(), decoder: { type: 'Metaspace' } }, 'unsupported-file'],
    ['missing parts', { model: { type: 'BPE' }, decoder: { type: 'ByteLevel' } }, 'bad-file'],
    ['a token that is no bytes', withVocabulary({ 你: 0 }), 'bad-file'],
    ['an absurd id', withVocabulary({ a: 1e12 }), 'bad-file'],
  ])('refuses %s', (_what, json, code) => {
    expect(() => createTokenizer(json, CONFIG)).toThrow(expect.objectContaining({ code }));
  });
});

describe('tokenizers that list more than a model has', () => {
  it('refuse texts with such a token, not the model', async () => {
    const limited = withinVocabulary(small, small.size - 1, 'm');
    const [beyond] = [small.token(small.size - 1).text];
    expect(limited.size).toBe(small.size - 1);
    expect(limited.encodePrompt('the cat')).toEqual(small.encodePrompt('the cat'));
    expect(limited.single(' cat')).toBe(small.single(' cat'));
    expect(limited.single('\u0085\n')).toBeNull();
    expect(beyond).toBe('\ufffd\n');
    for (const encode of [limited.encode, limited.encodePrompt])
      expect(() => encode('\u0085\n')).toThrow(expect.objectContaining({ code: 'bad-spec' }));
    expect(withinVocabulary(small, small.size, 'm')).toBe(small);
    expect(() => withinVocabulary(small, 100, 'm')).toThrow(expect.objectContaining({ code: 'bad-file' }));
  });
});

describe('a broken tokenizer.json', () => {
  const anything = fc.oneof(fc.anything(), fc.string(), fc.constantFrom(null, -1, 2 ** 40, [], {}, [['a']], 'ab c'));
  const paths: readonly (readonly string[])[] = [
    ...['added_tokens', 'normalizer', 'pre_tokenizer', 'post_processor', 'decoder', 'model'].map((key) => [key]),
    ...['vocab', 'merges', 'unk_token', 'ignore_merges', 'byte_fallback', 'continuing_subword_suffix'].map((key) => [
      'model',
      key,
    ]),
    ...['type', 'use_regex', 'pattern'].flatMap((key) => [
      ['pre_tokenizer', key],
      ['normalizer', key],
    ]),
    ...['id', 'content', 'lstrip', 'normalized'].map((key) => ['added_tokens', '0', key]),
    ['model', 'merges', '3'],
    ['model', 'vocab', 'the'],
  ];
  const put = (value: unknown, [key = '', ...rest]: readonly string[], bad: unknown): unknown => {
    const base = typeof value === 'object' && value !== null ? value : {};
    const inner = rest.length === 0 ? bad : put((base as Record<string, unknown>)[key], rest, bad);
    return Array.isArray(base) ? base.map((x: unknown, i) => (String(i) === key ? inner : x)) : { ...base, [key]: inner };
  };

  it('makes a tokenizer or a typed error, whatever is wrong', () => {
    const json = JSON.parse(JSON.stringify(smallJson())) as unknown;
    fc.assert(
      fc.property(fc.constantFrom(...paths), anything, (path, bad) => {
        try {
          createTokenizer(put(json, path, bad), CONFIG).encodePrompt('the café\n\n<|endoftext|> 12');
        } catch (error) {
          if (!(error instanceof VitrineError)) throw error;
        }
      }),
      { numRuns: 1_500 },
    );
  });
});

function withVocabulary(vocab: Record<string, number>): unknown {
  return { ...smallJson(), added_tokens: [], model: { type: 'BPE', vocab, merges: [] } };
}

const PRIMER = 'public/models/primer/tokenizer.json';
describe.skipIf(!existsSync(PRIMER))('tokenizer of primer', () => {
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  const make = (): ReturnType<typeof createTokenizer> =>
    createTokenizer(read(PRIMER), read('public/models/primer/tokenizer_config.json'));
  it('has one token per day, two per year, and gives back every text', () => {
    const primer = make();
    expect(primer.bosId).toBe(0);
    for (const day of [' Monday', ' Sunday', ' Mary', ' 17', ' 5']) expect(primer.single(day)).not.toBeNull();
    expect(primer.encode(' 1732').map((id) => primer.token(id).text)).toEqual([' 17', '32']);
    fc.assert(
      fc.property(text, (source) => primer.decode(primer.encode(source)) === source.replace(/[\ud800-\udfff]/gu, '\ufffd')),
      { numRuns: 200 },
    );
  });
});
