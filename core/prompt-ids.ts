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
