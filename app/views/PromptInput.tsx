import type { ReactElement } from 'react';
import type { Prompt } from '../../core/spec/index.ts';
import type { ModelEntry } from '../state/catalogue.ts';
import { Segmented } from '../ui/Segmented.tsx';
import { ChatBox } from './ChatBox.tsx';
import { asChat, chatText, isChat, mayChat } from './prompt.ts';
import { PromptBox } from './PromptBox.tsx';
import type { PromptRunProps } from './PromptRun.tsx';

export interface PromptInputProps extends Omit<PromptRunProps, 'children'> {
  readonly prompt: Prompt | undefined;
  /** What stands for a prompt that is given by its ids. */
  readonly tokensText: string;
  readonly model: ModelEntry | null;
  readonly onChange: (prompt: Prompt) => void;
}

/** The prompt as a text or, for models with a chat template, as a chat. */
export function PromptInput({ prompt, tokensText, model, onChange, ...run }: PromptInputProps): ReactElement {
  const chat = isChat(prompt);
  const text = chat ? chatText(prompt.messages) : prompt && 'text' in prompt ? prompt.text : tokensText;
  const kind = (chat || mayChat(model)) && (
    <Segmented
      label="The prompt is a"
      value={chat ? 'chat' : 'text'}
      options={KINDS}
      onChange={(value) => onChange(value === 'chat' ? asChat(text) : { text })}
    />
  );
  return chat ? (
    <ChatBox messages={prompt.messages} onChange={(messages) => onChange({ messages })} {...run}>
      {kind}
    </ChatBox>
  ) : (
    <PromptBox
      label="Prompt"
      value={text}
      onChange={(value) => onChange({ ...(prompt && 'bos' in prompt ? prompt : {}), text: value })}
      {...run}
    >
      {kind}
    </PromptBox>
  );
}

const KINDS = [
  { value: 'text', label: 'text' },
  { value: 'chat', label: 'chat' },
] as const;
