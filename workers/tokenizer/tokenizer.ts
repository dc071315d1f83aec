import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { Tokenizer } from '../api.ts';
import { assembleTokenizer, type TokenizerParts } from './assemble.ts';
import { bytesOfToken, likeRust } from './byte-level.ts';
import { chatTemplateOf, prependsBos, specialTokens } from './config.ts';
import { PairRanks } from './pair-ranks.ts';
import { bytesOfPiece, sentencePieceEncoder, SPACE, type SentencePieces } from './sentencepiece.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * A tokenizer from `tokenizer.json` and `tokenizer_config.json`: byte-level BPE (GPT-2, Pythia, Llama 3, SmolLM2, Qwen …), whose
 * splitting and merging is the library's, or BPE over SentencePiece's pieces (Gemma, Llama 2), which is ours, as one word may be
 * the whole text there. Bytes, offsets, display texts, BOS and chats are ours for both.
 * @throws `bad-file`, `unsupported-file`
 */
export function createTokenizer(tokenizerJson: unknown, tokenizerConfig: unknown): Tokenizer {
  if (!isObject(tokenizerJson)) throw bad('tokenizer.json is not an object');
  const config = isObject(tokenizerConfig) ? tokenizerConfig : {};
  const { model } = tokenizerJson;
  if (!isObject(model) || model['type'] !== 'BPE') throw unsupported('only byte-pair encodings are supported');
  const vocabulary = vocabularyOf(model, tokenizerJson['added_tokens']);
  const byteLevel = isByteLevel(tokenizerJson['decoder']);
  if (!byteLevel && model['byte_fallback'] !== true) throw unsupported('only byte-pair encodings over bytes are supported');
  const specials = specialTokens(config, vocabulary.ids);
  const kind = byteLevel ? byteLevelParts(tokenizerJson, config, vocabulary) : pieceParts(tokenizerJson, model, vocabulary);
  return assembleTokenizer({
    size: vocabulary.tokens.length,
    specials,
    addsBos: prependsBos(config, tokenizerJson['post_processor'], specials),
    chat: chatTemplateOf(config),
    ...kind,
  });
}

const bad = (what: string, cause?: unknown): VitrineError => new VitrineError('bad-file', what, { cause });
const unsupported = (what: string): VitrineError => new VitrineError('unsupported-file', `tokenizer.json: ${what}`);
const isObject = (x: unknown): x is Json => typeof x === 'object' && x !== null && !Array.isArray(x);
const utf8 = new TextEncoder();
const NOTHING = new Uint8Array(0);

function isByteLevel(decoder: unknown): boolean {
  if (!isObject(decoder)) return false;
  const inner: unknown = decoder['decoders'];
  return decoder['type'] === 'ByteLevel' || (Array.isArray(inner) && inner.some(isByteLevel));
}

function byteLevelParts(json: Json, config: Json, { tokens, added }: Vocabulary): Pick<TokenizerParts, 'encode' | 'bytes'> {
  for (const [id, token] of tokens.entries())
    if (token !== undefined && !added.has(id) && bytesOfToken(token) === null)
      throw bad(`tokenizer.json: "${token}" is not a byte-level token`);
  const hf = open(json, config);
  return {
    encode(text) {
      const found = hf.encode(text, { add_special_tokens: false }).ids;
      if (found.some((id) => !Number.isInteger(id))) throw bad('tokenizer.json: a byte of this text has no token');
      return found;
    },
    bytes(id) {
      const token = tokens[id];
      if (token === undefined) return NOTHING;
      return (added.has(id) ? null : bytesOfToken(token)) ?? utf8.encode(token);
    },
  };
}

function pieceParts(json: Json, model: Json, { tokens, ids, added }: Vocabulary): Pick<TokenizerParts, 'encode' | 'bytes'> {
  const of = (normalized: boolean): Added[] => [...added.values()].filter((token) => token.normalized === normalized);
  const ranks = ranksOf(model['merges'], ids);
  return {
    encode: sentencePieceEncoder({
      pieces: ids,
      merge(left, right, text) {
        const rank = ranks.get(left, right);
        const id = rank === null ? undefined : ids.get(text);
        return rank === null || id === undefined ? null : { rank, id };
      },
      literals: new Map(of(false).map(({ content, id }) => [content, id])),
      spacedLiterals: new Map(of(true).map(({ content, id }) => [content.replaceAll(' ', SPACE), id])),
      prefix: prefixOf(json),
      unknown: typeof model['unk_token'] === 'string' ? (ids.get(model['unk_token']) ?? null) : null,
      longest: tokens.reduce((most, token) => Math.max(most, token?.length ?? 0), 0),
    }),
    bytes: (id) => (tokens[id] === undefined ? NOTHING : bytesOfPiece(tokens[id], !added.has(id))),
  };
}

/** Whether a space is put in front of texts, and that spaces become U+2581 and nothing else is changed. */
function prefixOf(json: Json): SentencePieces['prefix'] {
  const steps = (node: unknown, list: string): readonly unknown[] =>
    isObject(node) && Array.isArray(node[list]) ? node[list] : node === null || node === undefined ? [] : [node];
  let prefix: SentencePieces['prefix'] = null;
  let replaces = false;
  for (const step of steps(json['normalizer'], 'normalizers')) {
    const pattern = isObject(step) && isObject(step['pattern']) ? step['pattern']['String'] : undefined;
    if (isObject(step) && step['type'] === 'Prepend' && step['prepend'] === SPACE) prefix = { of: 'stretch', again: true };
    else if (isObject(step) && step['type'] === 'Replace' && pattern === ' ' && step['content'] === SPACE) replaces = true;
    else throw unsupported(`the normalizer ${nameOf(step)} is not supported`);
  }
  for (const step of steps(json['pre_tokenizer'], 'pretokenizers')) {
    const pattern = isObject(step) && isObject(step['pattern']) ? step['pattern']['String'] : undefined;
    if (isObject(step) && step['type'] === 'Metaspace' && step['split'] === false && !replaces) {
      replaces = true;
      const scheme = step['prepend_scheme'];
      prefix = scheme === 'never' ? null : { of: scheme === 'first' ? 'text' : 'stretch', again: false };
    }
    // Gemma's splits at spaces, of which none are left.
    else if (!(isObject(step) && step['type'] === 'Split' && pattern === ' ' && replaces))
      throw unsupported(`the pre-tokenizer ${nameOf(step)} is not supported with byte fallback`);
  }
  if (!replaces) throw unsupported('byte fallback without U+2581 for spaces is not supported');
  return prefix;
}

const nameOf = (step: unknown): string => (isObject(step) ? String(step['type']) : String(step));

function open(json: Json, config: Json): HfTokenizer {
  try {
    return new HfTokenizer({ ...json, pre_tokenizer: likeRust(json['pre_tokenizer']) }, config);
  } catch (cause) {
    throw bad(`tokenizer.json cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

interface Added {
  readonly id: number;
  readonly content: string;
  readonly normalized: boolean;
}
interface Vocabulary {
  /** By id; gaps are ids without a token. */
  readonly tokens: readonly (string | undefined)[];
  readonly ids: ReadonlyMap<string, number>;
  /** By id. */
  readonly added: ReadonlyMap<number, Added>;
}

const MAX_SIZE = 10_000_000;

function vocabularyOf(model: Json, list: unknown): Vocabulary {
  const tokens: (string | undefined)[] = [];
  const ids = new Map<string, number>();
  const set = (token: unknown, id: unknown): void => {
    if (typeof token !== 'string' || typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0 || id >= MAX_SIZE)
      throw bad(`tokenizer.json: "${String(token)}" has the id ${String(id)}`);
    tokens[id] = token;
    ids.set(token, id);
  };
  if (!isObject(model['vocab'])) throw bad('tokenizer.json has no vocabulary');
  for (const [token, id] of Object.entries(model['vocab'])) set(token, id);
  const added = new Map<number, Added>();
  for (const token of Array.isArray(list) ? list.filter(isObject) : []) {
    const { content, id, normalized, special } = token;
    set(content, id);
    added.set(id as number, {
      id: id as number,
      content: content as string,
      normalized: typeof normalized === 'boolean' ? normalized : special !== true,
    });
  }
  return { tokens, ids, added };
}

function ranksOf(merges: unknown, ids: ReadonlyMap<string, number>): PairRanks {
  if (!Array.isArray(merges)) throw bad('tokenizer.json has no merges');
  const ranks = new PairRanks(merges.length);
  for (const [rank, merge] of merges.entries()) {
    const [a, b] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? (merge as unknown[]) : [];
    const left = typeof a === 'string' ? ids.get(a) : undefined;
    const right = typeof b === 'string' ? ids.get(b) : undefined;
    if (left === undefined || right === undefined) throw bad(`tokenizer.json: merge ${rank} is not of the vocabulary`);
    ranks.set(left, right, rank);
  }
  return ranks;
}
