import { VitrineError } from '../../core/protocol/errors.ts';
import type { Tokenizer } from '../api.ts';

/** Tokens that files list beyond a model's own: those for pictures, mostly (Gemma 3 has one). */
const BEYOND = 64;

/**
 * A tokenizer for a model with `dVocab` embeddings. Files of a family are often shared: they may list tokens that this model has
 * no embedding for, which are refused where a text has them.
 * @throws `bad-file` where so many are too many that the tokenizer is another model's
 */
export function withinVocabulary(tokenizer: Tokenizer, dVocab: number, model: string): Tokenizer {
  if (tokenizer.size <= dVocab) return tokenizer;
  if (tokenizer.size > dVocab + BEYOND)
    throw new VitrineError('bad-file', `${model}: ${tokenizer.size} tokens in a vocabulary of ${dVocab}`);
  const check = <Ids extends readonly number[]>(ids: Ids): Ids => {
    const beyond = ids.find((id) => id >= dVocab);
    if (beyond === undefined) return ids;
    throw new VitrineError('bad-spec', `this model has no embedding for ${JSON.stringify(tokenizer.token(beyond).text)}`);
  };
  return {
    ...tokenizer,
    size: dVocab,
    encode: (text) => check(tokenizer.encode(text)),
    encodePrompt: (text, bos) => check(tokenizer.encodePrompt(text, bos)),
    async applyChat(messages, options) {
      const chat = await tokenizer.applyChat(messages, options);
      check(chat.ids);
      return chat;
    },
    single(text) {
      const id = tokenizer.single(text);
      return id !== null && id < dVocab ? id : null;
    },
  };
}
