import { Template } from '@huggingface/jinja';
import type { ChatMessage, ChatOptions } from '../../core/chat.ts';
import { VitrineError } from '../../core/protocol/errors.ts';

/** Stands where the last message ends, so that what the template writes after it can be cut off. */
const OPEN_END = 'CONTINUE_FINAL_MESSAGE_TAG ';

/**
 * The text of a chat.
 * @param source   a Jinja template, as the model's files hold it
 * @param specials the model's special tokens, as templates name them (`bos_token` …)
 * @throws `bad-file` where the template cannot be read; `bad-spec` where it refuses the messages, with its own words
 * Source: `render_jinja_template` of transformers, for messages with text and without tools.
 */
export function renderChat(
  source: string,
  messages: readonly ChatMessage[],
  { end }: ChatOptions,
  specials: Readonly<Record<string, string>>,
): string {
  const last = messages.at(-1);
  if (!last) throw new VitrineError('prompt-empty', 'the chat has no messages');
  const template = compile(source);
  const shown = messages.map(({ role, content }) => ({ role, content }));
  if (end === 'continue') shown[shown.length - 1] = { role: last.role, content: last.content + OPEN_END };
  const text = render(template, { ...specials, messages: shown, add_generation_prompt: end === 'generation' });
  if (end !== 'continue') return text;
  const at = text.lastIndexOf(OPEN_END.trim());
  if (at < 0 || !text.includes(last.content.trim()))
    throw new VitrineError('bad-spec', 'the chat template of this model leaves out parts of the last message', {
      hint: 'End the chat with a message of the user.',
    });
  // Where the template trims messages, it trims the open one as well.
  return text.startsWith(OPEN_END, at) ? text.slice(0, at) : text.slice(0, at).trimEnd();
}

const compiled = new Map<string, Template>();

function compile(source: string): Template {
  const known = compiled.get(source);
  if (known) return known;
  try {
    const template = new Template(source);
    compiled.clear();
    compiled.set(source, template);
    return template;
  } catch (cause) {
    throw new VitrineError('bad-file', `the chat template cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function render(template: Template, values: Record<string, unknown>): string {
  try {
    return template.render(values);
  } catch (cause) {
    throw new VitrineError('bad-spec', `the chat template of this model refuses these messages: ${messageOf(cause)}`, {
      hint: 'Many models want user and assistant to take turns, the user first, and some know no system message.',
      cause,
    });
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
