import { VitrineError } from '../../core/protocol/errors.ts';
import type { TokenText } from '../../core/tokens.ts';
import type { Tokenizer } from '../api.ts';
import { rangesInText } from './align.ts';

/** What differs between kinds of tokenizers. */
export interface TokenizerParts {
  /** One more than the largest id. */
  readonly size: number;
  /** Special tokens by their name in tokenizer_config.json, e.g. `bos_token`. */
  readonly specials: ReadonlyMap<string, { readonly id: number; readonly content: string }>;
  /** Whether a prompt begins with BOS unless it says otherwise. */
  readonly addsBos: boolean;
  /** The chat template, in Jinja. */
  readonly chat: string | null;
  /** Ids of a text, special tokens recognised, nothing put in front. */
  encode(text: string): number[];
  /** The bytes that a token adds to a text; none where there is no such token. */
  bytes(id: number): Uint8Array;
}

/** A tokenizer of its parts: what they all share are bytes, offsets, texts to show, BOS and chats. */
export function assembleTokenizer(parts: TokenizerParts): Tokenizer {
  const { size, chat, encode, bytes } = parts;
  const bosId = parts.specials.get('bos_token')?.id ?? null;
  const join = (list: readonly number[]): Uint8Array => {
    const each = list.map(bytes);
    const all = new Uint8Array(each.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of each) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };

  return {
    size,
    bosId,
    eosId: parts.specials.get('eos_token')?.id ?? null,
    hasChat: chat !== null,
    encode,
    encodePrompt(text, bos = parts.addsBos) {
      if (!bos) return encode(text);
      if (bosId === null) throw new VitrineError('bad-spec', 'this model has no token for the beginning of a text');
      return [bosId, ...encode(text)];
    },
    async applyChat(messages, options) {
      if (!chat)
        throw new VitrineError('bad-spec', 'this model has no chat template', {
          hint: 'Write the prompt as plain text, or choose a model that was trained on chats.',
        });
      // Only models that are spoken to need Jinja.
      const { renderChat } = await import('./chat.ts');
      const specials = Object.fromEntries([...parts.specials].map(([name, { content }]) => [name, content]));
      const text = renderChat(chat, messages, options, specials);
      return { text, ids: encode(text) };
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
    byteOffsets(list, text) {
      const spelled = (bos: boolean): number[] => list.map((id, i) => (bos && i === 0 ? 0 : bytes(id).length));
      const hasBos = list.length > 0 && list[0] === bosId;
      if (text !== undefined)
        // The text may itself begin with the literal of BOS.
        for (const gaps of [false, true])
          for (const bos of hasBos ? [true, false] : [false]) {
            const found = rangesInText(text, join(bos ? list.slice(1) : list), spelled(bos), gaps);
            if (found) return found;
          }
      let at = 0;
      return spelled(hasBos).map((length) => {
        const from = at;
        at += length;
        return [from, at] as const;
      });
    },
  };
}

// `ignoreBOM` keeps U+FEFF, which is text like any other here.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
