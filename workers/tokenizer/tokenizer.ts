import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { TokenText } from '../../core/tokens.ts';
import type { Tokenizer } from '../api.ts';
import { bytesOfToken, withUnicodeSpaces } from './byte-level.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * A byte-level BPE tokenizer (GPT-2, Llama 3, SmolLM2, Qwen, Pythia …) from `tokenizer.json` and `tokenizer_config.json`.
 * The merges are the library's; bytes, offsets and display texts are ours, as it knows no offsets and no partial
 * characters. Where the tokenizer normalises the text (NFC), offsets are those in the normalised text.
 */
export function createTokenizer(tokenizerJson: unknown, tokenizerConfig: unknown): Tokenizer {
  if (!isObject(tokenizerJson)) throw bad('tokenizer.json is not an object');
  const config = isObject(tokenizerConfig) ? tokenizerConfig : {};
  const { model, decoder } = tokenizerJson;
  if (!isObject(model) || model['type'] !== 'BPE' || !isByteLevel(decoder))
    throw new VitrineError('unsupported-file', 'tokenizer.json: only byte-level BPE tokenizers are supported');
  const { bytesOf, ids } = tableOf(model, tokenizerJson['added_tokens']);
  const hf = open(tokenizerJson, config);
  const special = (key: string): number | null => {
    const name = isObject(config[key]) ? config[key]['content'] : config[key];
    return typeof name === 'string' ? (ids.get(name) ?? null) : null;
  };
  const bosId = special('bos_token');
  const addsBos = typeof config['add_bos_token'] === 'boolean' ? config['add_bos_token'] : bosId !== null;

  const encode = (text: string): number[] => {
    const found = hf.encode(text, { add_special_tokens: false }).ids;
    if (found.some((id) => !Number.isInteger(id)))
      throw new VitrineError('bad-file', 'tokenizer.json: a byte of this text has no token');
    return found;
  };
  const bytes = (id: number): Uint8Array => bytesOf[id] ?? new Uint8Array(0);
  const join = (list: readonly number[]): Uint8Array => {
    const parts = list.map(bytes);
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };

  return {
    size: bytesOf.length,
    bosId,
    eosId: special('eos_token'),
    encode,
    encodePrompt(text, bos = addsBos) {
      if (!bos) return encode(text);
      if (bosId === null) throw new VitrineError('bad-spec', 'this model has no token for the beginning of a text');
      return [bosId, ...encode(text)];
    },
    decode: (list) => lossy.decode(join(list)),
    token(id): TokenText {
      const own = bytes(id);
      try {
        return { id, text: strict.decode(own) };
      } catch {
        return { id, text: lossy.decode(own), bytes: [...own] };
      }
    },
    single(text) {
      const list = encode(text);
      return list.length === 1 ? (list[0] ?? null) : null;
    },
    byteOffsets(list) {
      let at = 0;
      return list.map((id, i) => {
        // A BOS in front is not part of the text.
        const from = at;
        at += i === 0 && id === bosId ? 0 : bytes(id).length;
        return [from, at] as const;
      });
    },
  };
}

// `ignoreBOM` keeps U+FEFF, which is text like any other here.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const bad = (what: string, cause?: unknown): VitrineError => new VitrineError('bad-file', what, { cause });
const isObject = (x: unknown): x is Json => typeof x === 'object' && x !== null && !Array.isArray(x);

function isByteLevel(decoder: unknown): boolean {
  if (!isObject(decoder)) return false;
  const inner: unknown = decoder['decoders'];
  return decoder['type'] === 'ByteLevel' || (Array.isArray(inner) && inner.some(isByteLevel));
}

function open(json: Json, config: Json): HfTokenizer {
  try {
    return new HfTokenizer({ ...json, pre_tokenizer: withUnicodeSpaces(json['pre_tokenizer']) }, config);
  } catch (cause) {
    throw bad(`tokenizer.json cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

const MAX_SIZE = 10_000_000;

/** Exact bytes of every id; ids that no token has stay empty. Added tokens are text as it stands, all others byte-level. */
function tableOf(model: Json, added: unknown): { bytesOf: Uint8Array[]; ids: ReadonlyMap<string, number> } {
  const utf8 = new TextEncoder();
  const bytesOf: Uint8Array[] = [];
  const ids = new Map<string, number>();
  const set = (token: unknown, id: unknown, bytes: (token: string) => Uint8Array | null): void => {
    if (typeof token !== 'string' || typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0 || id >= MAX_SIZE)
      throw bad(`tokenizer.json: "${String(token)}" has the id ${String(id)}`);
    const own = bytes(token);
    if (!own) throw bad(`tokenizer.json: "${token}" is not a byte-level token`);
    bytesOf[id] = own;
    ids.set(token, id);
  };
  const literals = Array.isArray(added) ? added.filter(isObject) : [];
  const names = new Set(literals.map((token) => token['content']));
  if (!isObject(model['vocab'])) throw bad('tokenizer.json has no vocabulary');
  for (const [token, id] of Object.entries(model['vocab'])) if (!names.has(token)) set(token, id, bytesOfToken);
  for (const { content, id } of literals) set(content, id, (token) => utf8.encode(token));
  return { bytesOf, ids };
}
