import type { ChatMessage, ChatOptions, RenderedChat } from './chat.ts';
import type { Prompt } from './spec/schema.ts';

/** The part of a tokenizer that turns a prompt into ids. */
export interface PromptEncoder {
  encodePrompt(text: string, bos?: boolean): number[];
  applyChat(messages: readonly ChatMessage[], options: ChatOptions): Promise<RenderedChat>;
}

/**
 * The ids of a prompt: those it names; those of its text, with BOS where the model wants one; or those of its chat, at whose end
 * the model's turn begins, or goes on where the last message is the model's own.
 */
export async function promptIds(tokenizer: PromptEncoder, prompt: Prompt): Promise<number[]> {
  if ('tokens' in prompt) return [...prompt.tokens];
  if ('text' in prompt) return tokenizer.encodePrompt(prompt.text, prompt.bos);
  const end = prompt.messages.at(-1)?.role === 'assistant' ? 'continue' : 'generation';
  return [...(await tokenizer.applyChat(prompt.messages, { end })).ids];
}

/** The ids of each prompt, in their order. */
export const allPromptIds = (tokenizer: PromptEncoder, prompts: readonly Prompt[]): Promise<number[][]> =>
  Promise.all(prompts.map((prompt) => promptIds(tokenizer, prompt)));

/** The token with which the model closes its turn in a chat; null for other prompts, and where the template closes turns by no token. */
export async function turnEnd(tokenizer: PromptEncoder, prompt: Prompt): Promise<number | null> {
  if (!('messages' in prompt)) return null;
  const before = prompt.messages.at(-1)?.role === 'assistant' ? prompt.messages.slice(0, -1) : prompt.messages;
  const answered: readonly ChatMessage[] = [...before, { role: 'assistant', content: 'Yes.' }];
  const open = await tokenizer.applyChat(answered, { end: 'continue' });
  const closed = await tokenizer.applyChat(answered, { end: 'none' });
  const id = closed.ids[open.ids.length];
  const begins = open.ids.every((token, i) => closed.ids[i] === token) && closed.text.slice(open.text.length).trim() !== '';
  return begins && id !== undefined ? id : null;
}

/**
 * Where the instruction of a prompt ends: its last token. In a chat that is the last token before the model's own turn, with what
 * the template closes the turn before by; in any other prompt the last token of all.
 * @param ids of the prompt, `promptIds`
 */
export async function instructionEnd(tokenizer: PromptEncoder, prompt: Prompt, ids: readonly number[]): Promise<number> {
  if (!('messages' in prompt)) return ids.length - 1;
  const own = prompt.messages.at(-1)?.role === 'assistant';
  const before = own ? prompt.messages.slice(0, -1) : prompt.messages;
  if (before.length === 0) return 0;
  const closed = await tokenizer.applyChat(before, { end: 'none' });
  const apart = closed.ids.findIndex((id, i) => ids[i] !== id);
  return Math.max(0, Math.min(ids.length, apart < 0 ? closed.ids.length : apart) - 1);
}
