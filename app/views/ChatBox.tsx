import { useId, useRef, type ReactElement } from 'react';
import { CHAT_ROLES, type ChatMessage, type ChatRole } from '../../core/chat.ts';
import { LIMITS } from '../../core/spec/index.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { cx } from '../ui/cx.ts';
import styles from './ChatBox.module.css';
import box from './PromptBox.module.css';
import { isEmptyChat } from './prompt.ts';
import { PromptRun, tooLong, type PromptRunProps } from './PromptRun.tsx';

export interface ChatBoxProps extends PromptRunProps {
  readonly messages: readonly ChatMessage[];
  readonly onChange: (messages: readonly ChatMessage[]) => void;
}

/** A chat as a prompt: who says what, in turn. Whoever spoke last decides whether the model answers or goes on. */
export function ChatBox({ messages, onChange, ...run }: ChatBoxProps): ReactElement {
  const id = useId();
  const list = useRef<HTMLOListElement>(null);
  const last = messages.at(-1)?.role;
  const set = (at: number, change: Partial<ChatMessage>): void =>
    onChange(messages.map((message, i) => (i === at ? { ...message, ...change } : message)));
  const remove = (at: number): void => {
    onChange(messages.filter((_, i) => i !== at));
    list.current?.querySelectorAll('textarea')[at === 0 ? 1 : at - 1]?.focus();
  };
  const add = (): void => onChange([...messages, { role: last === 'user' ? 'assistant' : 'user', content: '' }]);
  return (
    <fieldset className={cx(box.prompt, styles.chat)}>
      <legend className="visually-hidden">Chat</legend>
      <ol ref={list} className={styles.messages}>
        {messages.map((message, i) => (
          // Messages have no identity but their place.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={i} className={styles.message}>
            <select
              className={styles.role}
              aria-label={`Who says message ${i + 1}`}
              value={message.role}
              onChange={(event) => set(i, { role: event.target.value as ChatRole })}
            >
              {CHAT_ROLES.map((role) => (
                <option key={role}>{role}</option>
              ))}
            </select>
            <textarea
              data-prompt={i === messages.length - 1 ? '' : undefined}
              className={box.text}
              rows={1}
              value={message.content}
              aria-label={`Message ${i + 1}, ${message.role}`}
              placeholder={PLACEHOLDERS[message.role]}
              spellCheck={false}
              autoComplete="off"
              autoCapitalize="off"
              aria-describedby={`${id}-count`}
              aria-invalid={tooLong(run) || undefined}
              onChange={(event) => set(i, { content: event.target.value })}
            />
            {messages.length > 1 && (
              <IconButton label={`Remove message ${i + 1}`} onClick={() => remove(i)}>
                ×
              </IconButton>
            )}
          </li>
        ))}
      </ol>
      <div className={styles.foot}>
        <Button size="s" onClick={add} disabled={messages.length >= LIMITS.messages}>
          Add a message
        </Button>
        <p className={styles.end}>
          {last === 'assistant' ? 'The model goes on with the last message.' : 'The model answers next.'}
        </p>
        <PromptRun {...run} empty={isEmptyChat(messages)} countId={`${id}-count`} />
      </div>
    </fieldset>
  );
}

const PLACEHOLDERS: Readonly<Record<ChatRole, string>> = {
  system: 'What the model is told before the chat',
  user: 'Say something to the model',
  assistant: 'How the model’s answer begins',
};
