import { useState, type FormEvent, type ReactElement } from 'react';
import { Button } from '../../../app/ui/Button.tsx';
import { TextField } from '../../../app/ui/Field.tsx';
import { readToken } from '../../../app/views/tokens.ts';
import styles from './search.module.css';

interface TokenFormProps {
  /** The token that is asked about; what is typed gives way to it when it changes. */
  readonly token: string;
  readonly hint: string;
  /** Called with a token that is not empty. */
  readonly onSubmit: (token: string) => void;
  /** What the button says. */
  readonly action: string;
  /** While something runs: ends it. */
  readonly onStop?: (() => void) | undefined;
}

/** Asks for one token, a dot standing for a space. */
export function TokenForm({ token, hint, onSubmit, action, onStop }: TokenFormProps): ReactElement {
  const shown = token.replaceAll(' ', '·');
  const [typed, setTyped] = useState<{ readonly for: string; readonly text: string }>({ for: shown, text: shown });
  const text = typed.for === shown ? typed.text : shown;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const read = readToken(text);
    if (read !== '') onSubmit(read);
  };
  return (
    <form className={styles.tokenForm} onSubmit={submit}>
      <TextField
        label="Token"
        mono
        value={text}
        onChange={(next) => setTyped({ for: shown, text: next })}
        maxLength={200}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        hint={hint}
      />
      {onStop ? (
        <Button onClick={onStop}>Stop</Button>
      ) : (
        <Button variant="primary" type="submit" disabled={text === ''}>
          {action}
        </Button>
      )}
    </form>
  );
}
