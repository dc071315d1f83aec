import { useRef, type ReactElement, type ReactNode } from 'react';
import { Button } from '../ui/Button.tsx';
import styles from './PromptBox.module.css';
import { plural } from './numbers.ts';

export interface PromptRunProps {
  readonly running: boolean;
  readonly onRun: () => void;
  readonly onStop: () => void;
  /** Tokens of the prompt as it stands, BOS included; null while nobody has counted them. */
  readonly tokens?: number | null;
  /** Tokens that the model can take. */
  readonly limit?: number | null;
  /** Another box of the same experiment has the Run button. */
  readonly hideRun?: boolean;
  /** Further actions beside Run. */
  readonly children?: ReactNode;
}

interface Props extends PromptRunProps {
  /** There is nothing to run. */
  readonly empty: boolean;
  /** Id of the count, which describes the text. */
  readonly countId: string;
}

export const tooLong = ({ tokens = null, limit = null }: Pick<PromptRunProps, 'tokens' | 'limit'>): boolean =>
  tokens !== null && limit !== null && tokens > limit;

/**
 * Beside a prompt: how long it is, Stop and Run. Run stays where it is while something runs and then asks anew; Stop is a button
 * of its own, so that a press meant for Run never ends the run that just began by itself.
 */
export function PromptRun(props: Props): ReactElement {
  const { running, onRun, onStop, tokens = null, limit = null, hideRun = false, children, empty, countId } = props;
  const runButton = useRef<HTMLButtonElement>(null);
  const over = tooLong(props);
  return (
    <div className={styles.side}>
      <span className={styles.state}>
        <span id={countId} className={over ? styles.over : styles.count} data-hidden={!hideRun && running ? '' : undefined}>
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
          disabled={empty}
          aria-keyshortcuts="Meta+Enter Control+Enter"
        >
          Run
        </Button>
      )}
    </div>
  );
}
