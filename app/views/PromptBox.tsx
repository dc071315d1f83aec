import { useId, type ReactElement } from 'react';
import styles from './PromptBox.module.css';
import { PromptRun, tooLong, type PromptRunProps } from './PromptRun.tsx';

export interface PromptBoxProps extends PromptRunProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly placeholder?: string;
}

/** The prompt: always visible, always editable. ⌘↵ or Ctrl ↵ runs (the shell listens for it), ↵ makes a new line. */
export function PromptBox({ label, value, onChange, placeholder, ...run }: PromptBoxProps): ReactElement {
  const id = useId();
  return (
    <div className={styles.prompt}>
      <label htmlFor={id} className="visually-hidden">
        {label}
      </label>
      <textarea
        id={id}
        data-prompt={run.hideRun === true ? undefined : ''}
        className={styles.text}
        rows={1}
        value={value}
        placeholder={placeholder ?? 'Type something for the model to read'}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        aria-describedby={`${id}-count`}
        aria-invalid={tooLong(run) || undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      <PromptRun {...run} empty={value.trim() === ''} countId={`${id}-count`} />
    </div>
  );
}
