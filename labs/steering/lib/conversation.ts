import type { ChatMessage } from '../../../core/chat.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { Prompt } from '../../../core/spec/index.ts';
import type { Side } from '../../../core/written.ts';
import type { Turn } from '../spec.ts';

/**
 * What one column goes on from: the chat, and after it its own answers and what the reader said to both. An answer that went on
 * with the chat's last message is one message with it.
 */
export function conversationOf(prompt: Prompt, turns: readonly Turn[], side: Side): Prompt {
  if (turns.length === 0) return prompt;
  if (!('messages' in prompt))
    throw new VitrineError('bad-spec', 'params.turns: only a chat is continued by turns; this prompt is no chat');
  const messages: ChatMessage[] = [...prompt.messages];
  for (const turn of turns) {
    const last = messages.at(-1);
    if (last?.role === 'assistant') messages[messages.length - 1] = { ...last, content: `${last.content}${turn[side]}` };
    else messages.push({ role: 'assistant', content: turn[side] });
    messages.push({ role: 'user', content: turn.user });
  }
  return { messages };
}
