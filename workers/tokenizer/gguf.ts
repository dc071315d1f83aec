import { VitrineError } from '../../core/protocol/errors.ts';
import type { Tokenizer } from '../api.ts';
import { assembleTokenizer } from './assemble.ts';
import { chatTemplateOf, prependsBos, specialTokens } from './config.ts';
import { ggufPreTokenizer } from './gguf-pre.ts';
import { bytesOfPiece, SPACE, sentencePieceEncoder } from './sentencepiece.ts';
import { createTokenizer } from './tokenizer.ts';

/** The key-value part of a GGUF file, by its keys, values as the file has them (numbers of 64 bits may be bigints). */
export type GgufMetadata = Readonly<Record<string, unknown>>;

/** `tokenizer.ggml.token_type`. */
const KIND = { normal: 1, unknown: 2, control: 3, user: 4, unused: 5, byte: 6 } as const;

interface Vocabulary {
  readonly tokens: readonly string[];
  readonly kinds: ArrayLike<number>;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * The tokenizer that a GGUF file holds: model `gpt2` (byte-level BPE with merges; how texts are split is named by
 * `tokenizer.ggml.pre`) or `llama` (SentencePiece: the pair of neighbours whose joint piece has the highest score is merged first).
 * Tokens of kind "unused", with which converters pad vocabularies, are ids without a token.
 * @throws `bad-file` where parts are missing or do not fit; `unsupported-file` for other models and splittings
 */
export function ggufTokenizer(metadata: GgufMetadata): Tokenizer {
  const model = metadata['tokenizer.ggml.model'];
  const tokens = listOf(metadata, 'tokenizer.ggml.tokens');
  if (!tokens || !tokens.every((token): token is string => typeof token === 'string'))
    throw bad('tokenizer.ggml.tokens is missing or is no list of texts');
  const kinds =
    numbersOf(metadata, 'tokenizer.ggml.token_type', tokens.length) ?? new Uint8Array(tokens.length).fill(KIND.normal);
  const vocabulary: Vocabulary = { tokens, kinds, config: configOf(metadata, tokens) };
  if (model === 'gpt2') return byteLevel(metadata, vocabulary);
  if (model === 'llama') return sentencePiece(metadata, vocabulary);
  throw new VitrineError('unsupported-file', `tokenizers of the kind "${String(model)}" in GGUF files are not supported`, {
    hint: 'Open the model’s own repository with its tokenizer.json.',
  });
}

const bad = (what: string): VitrineError => new VitrineError('bad-file', `GGUF: ${what}`);

function byteLevel(metadata: GgufMetadata, { tokens, kinds, config }: Vocabulary): Tokenizer {
  const merges = listOf(metadata, 'tokenizer.ggml.merges');
  if (!merges) throw bad('tokenizer.ggml.merges is missing');
  const added: unknown[] = [];
  const vocab: [string, number][] = [];
  for (const [id, content] of tokens.entries()) {
    const kind = kinds[id];
    if (kind === KIND.unused) continue;
    if (kind === KIND.control || kind === KIND.user || kind === KIND.unknown)
      added.push({ id, content, special: kind !== KIND.user, normalized: false });
    vocab.push([content, id]);
  }
  const { normalizer, pre_tokenizer, ignore_merges } = ggufPreTokenizer(metadata['tokenizer.ggml.pre']);
  return createTokenizer(
    {
      added_tokens: added,
      normalizer,
      pre_tokenizer,
      post_processor: null,
      decoder: { type: 'ByteLevel' },
      model: { type: 'BPE', vocab: Object.fromEntries(vocab), merges, ignore_merges },
    },
    config,
  );
}

function sentencePiece(metadata: GgufMetadata, { tokens, kinds, config }: Vocabulary): Tokenizer {
  const scores = numbersOf(metadata, 'tokenizer.ggml.scores', tokens.length);
  if (!scores) throw bad('tokenizer.ggml.scores is missing');
  const pieces = new Map<string, number>();
  const ids = new Map<string, number>();
  const literals = new Map<string, number>();
  const spacedLiterals = new Map<string, number>();
  let longest = 0;
  for (const [id, token] of tokens.entries()) {
    const kind = kinds[id];
    if (kind === KIND.unused) continue;
    ids.set(token, id);
    if (kind === KIND.control || kind === KIND.unknown) literals.set(token, id);
    else if (kind === KIND.user) spacedLiterals.set(token.replaceAll(' ', SPACE), id);
    // Whole texts that look like the name of a byte are not that byte: only the encoder asks for these names.
    pieces.set(token, id);
    longest = Math.max(longest, token.length);
  }
  const specials = specialTokens(config, ids);
  return assembleTokenizer({
    size: sizeOf(tokens, kinds),
    specials,
    addsBos: prependsBos(config, null, specials),
    chat: chatTemplateOf(config),
    encode: sentencePieceEncoder({
      pieces,
      merge(_left, _right, text) {
        const id = pieces.get(text);
        return id === undefined || kinds[id] !== KIND.normal ? null : { rank: -(scores[id] ?? 0), id };
      },
      literals,
      spacedLiterals,
      prefix: metadata['tokenizer.ggml.add_space_prefix'] === false ? null : { of: 'stretch', again: true },
      unknown: specials.get('unk_token')?.id ?? null,
      longest,
    }),
    bytes(id) {
      const token = tokens[id];
      return token === undefined || kinds[id] === KIND.unused ? new Uint8Array(0) : bytesOfPiece(token, kinds[id] === KIND.byte);
    },
  });
}

/** Without what pads the vocabulary at its end: tokens that are never used. */
function sizeOf(tokens: readonly string[], kinds: ArrayLike<number>): number {
  let size = tokens.length;
  while (size > 0 && kinds[size - 1] === KIND.unused) size--;
  return size;
}

/** What tokenizer_config.json would say. */
function configOf(metadata: GgufMetadata, tokens: readonly string[]): Readonly<Record<string, unknown>> {
  const token = (name: string): string | null => {
    const id = metadata[`tokenizer.ggml.${name}_token_id`];
    return typeof id === 'number' || typeof id === 'bigint' ? (tokens[Number(id)] ?? null) : null;
  };
  const addsBos = metadata['tokenizer.ggml.add_bos_token'];
  // What llama.cpp does where the file does not say.
  const always = metadata['tokenizer.ggml.model'] === 'llama' || metadata['tokenizer.ggml.pre'] === 'llama-bpe';
  return {
    bos_token: token('bos'),
    eos_token: token('eos'),
    unk_token: token('unknown'),
    pad_token: token('padding'),
    ...(typeof addsBos === 'boolean' ? { add_bos_token: addsBos } : always ? { add_bos_token: true } : {}),
    tokenizer_class: metadata['general.architecture'] === 'gptneox' ? 'GPTNeoXTokenizer' : null,
    chat_template: metadata['tokenizer.chat_template'] ?? null,
  };
}

/** A list of the file; null where it has none. */
function listOf(metadata: GgufMetadata, key: string): readonly unknown[] | null {
  const value = metadata[key];
  return Array.isArray(value) ? value : null;
}

function numbersOf(metadata: GgufMetadata, key: string, length: number): ArrayLike<number> | null {
  const value = metadata[key];
  if (value === undefined) return null;
  const list = Array.isArray(value) || ArrayBuffer.isView(value) ? (value as unknown as ArrayLike<unknown>) : null;
  if (!list || list.length !== length) throw bad(`${key} does not have one entry per token`);
  for (let i = 0; i < length; i++) if (typeof list[i] !== 'number') throw bad(`${key}: entry ${i} is no number`);
  return list as ArrayLike<number>;
}
