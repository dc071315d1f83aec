import type { ChatMessage } from '../../core/chat.ts';
import type { Prompt } from '../../core/spec/index.ts';
import type { ModelEntry } from '../state/catalogue.ts';

/** Whether a model can be given a chat. Of models from elsewhere that is known only once they run, so they may try. */
export const mayChat = (model: ModelEntry | null): boolean => model !== null && (model.chat ?? model.source !== undefined);

export const isChat = (prompt: Prompt | undefined): prompt is { readonly messages: readonly ChatMessage[] } =>
  prompt !== undefined && 'messages' in prompt;

/** The chat that a text begins. */
export const asChat = (text: string): Prompt => ({ messages: [{ role: 'user', content: text }] });

/** What a chat says, without who says it. */
export const chatText = (messages: readonly ChatMessage[]): string =>
  messages
    .map(({ content }) => content)
    .filter((content) => content.trim() !== '')
    .join('\n\n');

/** Nobody says anything; the answer that the model is to give may be empty. */
export const isEmptyChat = (messages: readonly ChatMessage[]): boolean =>
  messages.every(({ role, content }) => role === 'assistant' || content.trim() === '') && chatText(messages) === '';
