import { useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { hub } from '../shell/app.ts';
import { Button } from '../ui/Button.tsx';
import { TextField } from '../ui/Field.tsx';
import { Toggle } from '../ui/Segmented.tsx';
import styles from './Models.module.css';

/** The reader's own token, for repositories whose terms they have accepted. */
export function HubToken({ onSet }: { readonly onSet?: () => void }): ReactElement {
  const { token, keepToken } = useStore(hub.store);
  const [typed, setTyped] = useState('');
  const [keep, setKeep] = useState(false);
  if (token !== null)
    return (
      <div className={styles.row}>
        <p className={styles.note}>
          A token is set{keepToken ? ' and kept in this browser' : ' until this tab is closed'}. It goes to{' '}
          {new URL(hub.host).host} and nowhere else.
        </p>
        <Button size="s" variant="quiet" onClick={() => hub.setToken(null, false)}>
          Forget the token
        </Button>
      </div>
    );
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() === '') return;
        hub.setToken(typed.trim(), keep);
        setTyped('');
        onSet?.();
      }}
    >
      <TextField
        label="Access token"
        type="password"
        autoComplete="off"
        spellCheck={false}
        mono
        value={typed}
        onChange={setTyped}
        hint="Made in the settings of your account on huggingface.co; leave to read is enough. It is sent there and nowhere else."
      />
      <div className={styles.row}>
        <Button type="submit" disabled={typed.trim() === ''}>
          Use this token
        </Button>
        <Toggle label="Keep it in this browser" checked={keep} onChange={setKeep} />
      </div>
    </form>
  );
}
