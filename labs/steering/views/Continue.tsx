import { useState, type ReactElement } from 'react';
import type { ShownText, ShownTexts } from '../../../core/written.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { TextArea } from '../../../app/ui/Field.tsx';
import { plural } from '../../../app/views/numbers.ts';
import { spelled } from '../../../app/views/tokens.ts';
import { MAX_TURNS, type Turn } from '../spec.ts';
import styles from './steering.module.css';

export interface ContinueProps {
  readonly turns: readonly Turn[];
  /** Both answers to what stands above, finished; null while they are not. */
  readonly answers: ShownTexts | null;
  readonly onTurns: (turns: readonly Turn[]) => void;
}

/** The reader's next message, to both columns: each goes on with its own conversation. */
export function Continue({ turns, answers, onTurns }: ContinueProps): ReactElement {
  const [typed, setTyped] = useState('');
  const full = turns.length >= MAX_TURNS;
  const ready = answers !== null && typed.trim() !== '' && !full;
  const send = (): void => {
    if (!ready) return;
    const { texts } = answers;
    onTurns([...turns, { default: answerOf(texts.default), steered: answerOf(texts.steered), user: typed }]);
    setTyped('');
  };
  return (
    <form
      className={styles.continue}
      aria-label="Go on with the chat"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <TextArea
        label="Your next message, to both"
        value={typed}
        maxLength={2_000}
        onChange={setTyped}
        placeholder="Each column keeps its own conversation"
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          // What stands above is not run anew: this is.
          event.preventDefault();
          event.stopPropagation();
          send();
        }}
      />
      <div className={styles.buttons}>
        <Button type="submit" disabled={!ready}>
          Send to both
        </Button>
        {turns.length > 0 && (
          <>
            <Button variant="quiet" onClick={() => onTurns(turns.slice(0, -1))}>
              Take the last message back
            </Button>
            <Button variant="quiet" onClick={() => onTurns([])}>
              Start over
            </Button>
            <span className={styles.note}>{plural(turns.length, 'further message')} so far.</span>
          </>
        )}
        {full && <span className={styles.note}>At most {MAX_TURNS}.</span>}
      </div>
    </form>
  );
}

/** What a column answered, without the token that closes its turn. */
export const answerOf = ({ tokens, ending }: ShownText): string =>
  spelled((ending === 'stop' ? tokens.slice(0, -1) : tokens).map(({ token }) => token));
