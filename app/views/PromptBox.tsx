import { useId, useRef, type ReactElement, type ReactNode } from 'react';
import { Button } from '../ui/Button.tsx';
import styles from './PromptBox.module.css';
import { plural } from './numbers.ts';

export interface PromptBoxProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly running: boolean;
  readonly onRun: () => void;
  readonly onStop: () => void;
  /** Tokens of the text as it stands, BOS included; null while nobody has counted them. */
  readonly tokens?: number | null;
  /** Tokens that the model can take. */
  readonly limit?: number | null;
  readonly placeholder?: string;
  /** Another box of the same experiment has the Run button. */
  readonly hideRun?: boolean;
  /** Further actions beside Run. */
  readonly children?: ReactNode;
}

/**
 * The prompt: always visible, always editable. Run stays where it is while something runs and then asks anew; Stop is a button
 * of its own, so that a press meant for Run never ends the run that just began by itself. ⌘↵ or Ctrl ↵ runs (the shell
 * listens for it), ↵ makes a new line.
 */
export function PromptBox(props: PromptBoxProps): ReactElement {
  const {
    label,
    value,
    onChange,
    running,
    onRun,
    onStop,
    tokens = null,
    limit = null,
    placeholder,
    hideRun = false,
    children,
  } = props;
  const id = useId();
  const runButton = useRef<HTMLButtonElement>(null);
  const over = tokens !== null && limit !== null && tokens > limit;
  return (
    <div className={styles.prompt}>
      <label htmlFor={id} className="visually-hidden">
        {label}
      </label>
      <textarea
        id={id}
        data-prompt={hideRun ? undefined : ''}
        className={styles.text}
        rows={1}
        value={value}
        placeholder={placeholder ?? 'Type something for the model to read'}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        aria-describedby={`${id}-count`}
        aria-invalid={over || undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      <div className={styles.side}>
        <span className={styles.state}>
          <span
            id={`${id}-count`}
            className={over ? styles.over : styles.count}
            data-hidden={!hideRun && running ? '' : undefined}
          >
            {tokens === null ? '' : limit === null ? plural(tokens, 'token') : `${tokens} of ${plural(limit, 'token')}`}
            {over && ': too long'}
          </span>
          {!hideRun && (
            <Button
              data-hidden={running ? undefined : ''}
              onClick={() => {
                runButton.current?.focus();
                onStop();
              }}
            >
              Stop
            </Button>
          )}
        </span>
        {children}
        {!hideRun && (
          <Button
            ref={runButton}
            variant={running ? 'plain' : 'primary'}
            onClick={onRun}
            disabled={value.trim() === ''}
            aria-keyshortcuts="Meta+Enter Control+Enter"
          >
            Run
          </Button>
        )}
      </div>
    </div>
  );
}
