import { describe, expect, it } from 'vitest';
import type { Tokenizer } from '../api.ts';
import { readGoldenJson } from '../testing/goldens.ts';
import { ggufTokenizer } from '../tokenizer/gguf.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';

interface Answers {
  readonly ids: readonly (readonly number[])[];
  /** What Python decodes the ids to, by the string's number, where that is not the string itself. */
  readonly decoded: Readonly<Record<string, string>>;
  /** Ranges of Python's tokenizers, in characters, of the first strings. */
  readonly offsets?: readonly (readonly (readonly [number, number])[])[];
}
interface BpeJson {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly (string | readonly string[])[] };
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[];
}
interface Meta {
  readonly texts: readonly string[];
  readonly kinds: Readonly<Record<string, Answers & { readonly tokenizer: BpeJson }>>;
  readonly sentencepiece: {
    readonly metadata: Readonly<Record<string, unknown>>;
    /** Strings without control tokens, which SentencePiece never finds in a text. */
    readonly plain: readonly number[];
    readonly ids: readonly (readonly number[])[];
  };
}
const golden = readGoldenJson<Meta>('tokenizers');
const { texts } = golden;
const utf8 = new TextEncoder();

/** Strings whose ids are others, with both. */
function wrong(tokenizer: Tokenizer, strings: readonly string[], ids: readonly (readonly number[])[]): unknown[] {
  return strings.flatMap((text, i) => {
    const own = tokenizer.encode(text);
    return own.join() === ids[i]?.join() ? [] : [{ text, own, ids: ids[i] }];
  });
}

/** Strings on which the ranges leave a gap, or hold other bytes than the token where the text was not changed. */
function misplaced(tokenizer: Tokenizer, ids: readonly (readonly number[])[], changes: boolean): string[] {
  return texts.filter((text, i) => {
    const own = ids[i] ?? [];
    const bytes = utf8.encode(text);
    let end = 0;
    for (const [n, [from, to]] of tokenizer.byteOffsets(own, text).entries()) {
      const token = tokenizer.token(own[n] ?? -1);
      const spelled = token.bytes ?? [...utf8.encode(token.text)];
      const same = spelled.length === to - from && spelled.every((byte, j) => byte === bytes[from + j]);
      if (from > end || to < end || (!same && !changes)) return true;
      end = to;
    }
    return end !== bytes.length;
  });
}

describe.each(Object.entries(golden.kinds))('tokenizer.json of the kind %s', (kind, answers) => {
  const tokenizer = createTokenizer(answers.tokenizer, {});
  const changes = ['neox', 'qwen2', 'gemma', 'llama2', 'metaspace'].includes(kind);

  it('gives the ids of Python’s tokenizers on 2,000 strings', () => {
    expect(texts).toHaveLength(2000);
    expect(wrong(tokenizer, texts, answers.ids).slice(0, 5)).toEqual([]);
  });

  it('decodes them to the same text', () => {
    const other = texts.flatMap((text, i) => {
      const own = tokenizer.decode(answers.ids[i] ?? []);
      return own === (answers.decoded[i] ?? text) ? [] : [[own, answers.decoded[i] ?? text]];
    });
    expect(other.slice(0, 5)).toEqual([]);
  });

  it('puts every token where it lies in the text', () => {
    expect(misplaced(tokenizer, answers.ids, changes).slice(0, 5)).toEqual([]);
  });
});

describe('ranges where a tokenizer changes the text', () => {
  it.each(['qwen2', 'gemma'])('%s: hold those of Python’s tokenizers, which are in characters', (kind) => {
    const { offsets = [], ids, tokenizer: json } = golden.kinds[kind]!;
    const tokenizer = createTokenizer(json, {});
    expect(offsets).toHaveLength(400);
    for (const [i, ranges] of offsets.entries()) {
      const text = texts[i] ?? '';
      const at = [0];
      for (const c of text) at.push((at.at(-1) ?? 0) + utf8.encode(c).length);
      const own = tokenizer.byteOffsets(ids[i]!, text);
      for (const [n, [from, to]] of ranges.entries()) {
        const [a, b] = own[n]!;
        // Python's are whole characters; ours are bytes, or all of a changed character with its marks.
        expect([n, a < (at[to] ?? 0) && b > (at[from] ?? 0)], JSON.stringify(text)).toEqual([n, true]);
      }
    }
  });

  it('a composed letter covers what it was made of, its neighbours only themselves', () => {
    const tokenizer = createTokenizer(golden.kinds['qwen2']!.tokenizer, {});
    const text = 'xe\u0301y';
    const ids = tokenizer.encode(text);
    const ranges = tokenizer.byteOffsets(ids, text);
    expect(tokenizer.decode(ids)).toBe('x\u00e9y');
    expect(ranges[0]).toEqual([0, 1]);
    expect(ranges.at(-1)).toEqual([4, 5]);
    expect(new Set(ranges.slice(1, -1).map(String))).toEqual(new Set(['1,4']));
  });
});

/** The metadata of a GGUF file with a tokenizer.json's vocabulary. */
function metadataOf({ model, added_tokens }: BpeJson, pre: string | undefined): Record<string, unknown> {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  const kinds = tokens.map(() => 1);
  for (const { id, content, special } of added_tokens) {
    tokens[id] = content;
    kinds[id] = special ? 3 : 4;
  }
  return {
    'tokenizer.ggml.model': 'gpt2',
    ...(pre === undefined ? {} : { 'tokenizer.ggml.pre': pre }),
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': kinds,
    'tokenizer.ggml.merges': model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))),
  };
}

describe('tokenizers of GGUF files', () => {
  it.each([
    ['gpt2', 'gpt-2'],
    ['neox', 'olmo'],
    ['llama3', 'llama-bpe'],
    ['qwen2', 'qwen2'],
    ['smollm', 'smollm'],
    ['gguf_default', 'default'],
    ['gguf_default', undefined],
  ])('%s, split as "%s" says, gives the ids of Python’s tokenizers', (kind, pre) => {
    const { tokenizer, ids } = golden.kinds[kind]!;
    expect(wrong(ggufTokenizer(metadataOf(tokenizer, pre)), texts, ids).slice(0, 5)).toEqual([]);
  });

  it('pieces with scores give the ids of SentencePiece itself', () => {
    const { metadata, plain, ids } = golden.sentencepiece;
    const strings = plain.map((i) => texts[i] ?? '');
    expect(strings.length).toBeGreaterThan(1500);
    const tokenizer = ggufTokenizer(metadata);
    expect(wrong(tokenizer, strings, ids).slice(0, 5)).toEqual([]);
    for (const [i, text] of strings.entries()) expect(tokenizer.decode(ids[i]!)).toBe(text.replaceAll('\u2581', ' '));
  });
});
