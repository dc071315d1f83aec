import { VitrineError } from '../../core/protocol/errors.ts';

/** The parts of a tokenizer.json that decide how a text is split before merging. */
export interface PreTokenization {
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly ignore_merges: boolean;
}

const split = (pattern: string): unknown => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});
const digits = { type: 'Digits', individual_digits: true };
const bytes = (useRegex: boolean): unknown => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});
const sequence = (...pretokenizers: readonly unknown[]): unknown => ({ type: 'Sequence', pretokenizers });

/** Words as GPT-4 splits them; `number` is one piece of digits. */
const gpt4 = (number: string): string =>
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|${number}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const GPT2: PreTokenization = { normalizer: null, pre_tokenizer: bytes(true), ignore_merges: false };
const DIGITS: PreTokenization = { ...GPT2, pre_tokenizer: sequence(digits, bytes(true)) };
const LLAMA3: PreTokenization = {
  normalizer: null,
  pre_tokenizer: sequence(split(gpt4(String.raw`\p{N}{1,3}`)), bytes(false)),
  ignore_merges: true,
};
const QWEN2: PreTokenization = {
  normalizer: { type: 'NFC' },
  pre_tokenizer: sequence(split(gpt4(String.raw`\p{N}`)), bytes(false)),
  ignore_merges: false,
};
const NEOX: PreTokenization = { ...GPT2, normalizer: { type: 'NFC' } };
/** llama.cpp's own where a file names none: punctuation, then GPT-2's words, then digits in threes. */
const DEFAULT: PreTokenization = {
  normalizer: null,
  pre_tokenizer: sequence(
    split(String.raw`[\p{P}\$\+<=>\^~\|]+`),
    split(String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)`),
    split(String.raw`\p{N}+`),
    split('[0-9][0-9][0-9]'),
    bytes(false),
  ),
  ignore_merges: false,
};

/** By `tokenizer.ggml.pre`; the splitting is that of each model's own tokenizer.json. */
const BY_NAME: ReadonlyMap<string, PreTokenization> = new Map([
  ['gpt-2', GPT2],
  ['phi-2', GPT2],
  ['olmo', NEOX],
  ['mpt', NEOX],
  ['smollm', DIGITS],
  ['starcoder', DIGITS],
  ['refact', DIGITS],
  ['command-r', DIGITS],
  ['llama3', LLAMA3],
  ['llama-v3', LLAMA3],
  ['llama-bpe', LLAMA3],
  ['qwen2', QWEN2],
  ['deepseek-r1-qwen', QWEN2],
  ['default', DEFAULT],
]);

/** @throws `unsupported-file` for splittings that are not known */
export function ggufPreTokenizer(name: unknown): PreTokenization {
  const found = BY_NAME.get(name === undefined ? 'default' : String(name));
  if (found) return found;
  throw new VitrineError('unsupported-file', `GGUF: how "${String(name)}" splits texts is not known`, {
    hint: 'Open the model’s own repository with its tokenizer.json.',
  });
}
