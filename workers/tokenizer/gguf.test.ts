import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VitrineError } from '../../core/protocol/errors.ts';
import { ggufTokenizer, type GgufMetadata } from './gguf.ts';
import { byteName } from './sentencepiece.ts';

const BYTES = Array.from({ length: 256 }, (_, byte) => byteName(byte));
const PIECES: readonly (readonly [string, number, number])[] = [
  ['<unk>', 2, 0],
  ['<s>', 3, 0],
  ['</s>', 3, 0],
  ...BYTES.map((byte) => [byte, 6, 0] as const),
  ['  ', 4, 0],
  ['<b>', 4, 0],
  ['[PAD]', 5, 0],
  ['a', 1, -10],
  ['b', 1, -11],
  ['c', 1, -12],
  ['ab', 1, -1],
  ['bc', 1, 0],
  ['aa', 1, -2],
  ['\u2581', 1, -13],
  ['\u2581a', 1, -3],
];
const pieces = (change: GgufMetadata = {}): GgufMetadata => ({
  'tokenizer.ggml.model': 'llama',
  'tokenizer.ggml.tokens': PIECES.map(([piece]) => piece),
  'tokenizer.ggml.token_type': Int32Array.from(PIECES, ([, kind]) => kind),
  'tokenizer.ggml.scores': Float32Array.from(PIECES, ([, , score]) => score),
  'tokenizer.ggml.bos_token_id': 1,
  'tokenizer.ggml.eos_token_id': 2n,
  'tokenizer.ggml.unknown_token_id': 0,
  'tokenizer.ggml.add_space_prefix': false,
  ...change,
});
const words = (change: GgufMetadata = {}): GgufMetadata => ({
  'tokenizer.ggml.model': 'gpt2',
  'tokenizer.ggml.pre': 'gpt-2',
  'tokenizer.ggml.tokens': ['<|endoftext|>', 'a', 'b', 'ab', '[PAD4]'],
  'tokenizer.ggml.token_type': [3, 1, 1, 1, 5],
  'tokenizer.ggml.merges': ['a b'],
  'tokenizer.ggml.bos_token_id': 0,
  'tokenizer.ggml.eos_token_id': 0,
  ...change,
});
const texts = (metadata: GgufMetadata, text: string): string[] => {
  const tokenizer = ggufTokenizer(metadata);
  return tokenizer.encode(text).map((id) => tokenizer.token(id).text);
};

describe('pieces with scores', () => {
  it('the neighbours with the best joint piece go first, the left ones of equals', () => {
    expect(texts(pieces(), 'abc')).toEqual(['a', 'bc']);
    expect(texts(pieces(), 'ab c')).toEqual(['ab', ' ', 'c']);
    expect(texts(pieces(), 'aaa')).toEqual(['aa', 'a']);
  });

  it('user-defined pieces are split out first, control pieces where they are spelled out', () => {
    expect(texts(pieces(), 'b   a<b>c<s>')).toEqual(['b', '  ', ' a', '<b>', 'c', '<s>']);
  });

  it('characters without a piece are their bytes', () => {
    const tokenizer = ggufTokenizer(pieces());
    const ids = tokenizer.encode('aé');
    expect(ids.map((id) => tokenizer.token(id))).toEqual([
      { id: ids[0], text: 'a' },
      { id: ids[1], text: '\ufffd', bytes: [0xc3] },
      { id: ids[2], text: '\ufffd', bytes: [0xa9] },
    ]);
    expect(tokenizer.decode(ids)).toBe('aé');
    // Its name is no byte.
    expect(texts(pieces(), '<0x0A>').join('')).toBe('<0x0A>');
  });

  it('puts BOS and a space in front where the file says so, or says nothing', () => {
    const tokenizer = ggufTokenizer(pieces());
    expect([tokenizer.bosId, tokenizer.eosId, tokenizer.hasChat]).toEqual([1, 2, false]);
    expect(tokenizer.encodePrompt('a')[0]).toBe(1);
    expect(ggufTokenizer(pieces({ 'tokenizer.ggml.add_bos_token': false })).encodePrompt('a')).toEqual(tokenizer.encode('a'));
    expect(texts(pieces({ 'tokenizer.ggml.add_space_prefix': undefined }), 'a')).toEqual([' a']);
  });

  it('gives every text back, and its bytes', () => {
    const tokenizer = ggufTokenizer(pieces());
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', 'é', '<b>', '😀', '\n') }), (text) => {
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(text);
        expect(tokenizer.byteOffsets(ids, text)).toEqual(tokenizer.byteOffsets(ids));
      }),
    );
  });
});

describe('merges', () => {
  it('ids of kind "unused" have no token', () => {
    const tokenizer = ggufTokenizer(words());
    expect(tokenizer.encodePrompt('ab<|endoftext|>')).toEqual([0, 3, 0]);
    expect(tokenizer.token(4)).toEqual({ id: 4, text: '' });
    expect(tokenizer.single('[PAD4]')).toBeNull();
  });

  it('prompts of Pythia begin with no BOS, those of Llama 3 with one', () => {
    expect(ggufTokenizer(words({ 'general.architecture': 'gptneox' })).encodePrompt('ab')).toEqual([3]);
    const llama3 = { 'tokenizer.ggml.pre': 'llama-bpe', 'tokenizer.ggml.eos_token_id': 1 };
    expect(ggufTokenizer(words(llama3)).encodePrompt('ab')).toEqual([0, 3]);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['another model', words({ 'tokenizer.ggml.model': 'bert' }), 'unsupported-file'],
    ['no model', words({ 'tokenizer.ggml.model': undefined }), 'unsupported-file'],
    ['an unknown splitting', words({ 'tokenizer.ggml.pre': 'tekken' }), 'unsupported-file'],
    ['no tokens', words({ 'tokenizer.ggml.tokens': undefined }), 'bad-file'],
    ['tokens that are no texts', words({ 'tokenizer.ggml.tokens': ['a', 3] }), 'bad-file'],
    ['no merges', words({ 'tokenizer.ggml.merges': undefined }), 'bad-file'],
    ['kinds of other tokens', words({ 'tokenizer.ggml.token_type': [1] }), 'bad-file'],
    ['no scores', pieces({ 'tokenizer.ggml.scores': undefined }), 'bad-file'],
    ['scores of other tokens', pieces({ 'tokenizer.ggml.scores': [1, 2] }), 'bad-file'],
    ['scores that are no numbers', pieces({ 'tokenizer.ggml.scores': PIECES.map(() => 'x') }), 'bad-file'],
    ['a template that is no text', words({ 'tokenizer.chat_template': 3 }), 'bad-file'],
  ])('is a typed error: %s', (_what, metadata, code) => {
    expect(() => ggufTokenizer(metadata)).toThrow(expect.objectContaining({ code }));
  });

  it('values of any kind make a tokenizer or a typed error', () => {
    const value = fc.oneof(
      fc.anything(),
      fc.array(fc.oneof(fc.integer(), fc.string(), fc.double()), { minLength: 5, maxLength: 5 }),
    );
    const keys = [...new Set([...Object.keys(words()), ...Object.keys(pieces()), 'tokenizer.chat_template'])];
    fc.assert(
      fc.property(fc.constantFrom(words(), pieces()), fc.constantFrom(...keys), value, (good, key, bad) => {
        try {
          ggufTokenizer({ ...good, [key]: bad }).encode('abc é');
        } catch (error) {
          expect(error).toBeInstanceOf(VitrineError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
