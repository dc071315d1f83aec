import { useState, type FormEvent, type ReactElement } from 'react';
import { LIST_LIMITS } from '../../core/lists/index.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { TextField } from '../ui/Field.tsx';
import styles from './NewListDialog.module.css';

export interface NewListDialogProps {
  readonly onName: (name: string) => void;
  readonly onClose: () => void;
}

/** Asks for the name of a list. */
export function NewListDialog({ onName, onClose }: NewListDialogProps): ReactElement {
  const [name, setName] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() !== '') onName(name);
  };
  return (
    <Dialog title="New list" isOpen onClose={onClose} size="s">
      <form onSubmit={submit} className={styles.form}>
        {/* The dialog asks one thing. */}
        {/* oxlint-disable-next-line jsx-a11y/no-autofocus */}
        <TextField label="Name" value={name} onChange={setName} maxLength={LIST_LIMITS.name} autoFocus autoComplete="off" />
        <Button variant="primary" type="submit" disabled={name.trim() === ''}>
          Make the list
        </Button>
      </form>
    </Dialog>
  );
}
