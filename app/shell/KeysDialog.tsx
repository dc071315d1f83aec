import type { ReactElement } from 'react';
import { Dialog } from '../ui/Dialog.tsx';
import { Kbd } from '../ui/Disclosure.tsx';
import styles from './Dialogs.module.css';
import { SHORTCUTS } from './shortcuts.ts';

/** The keys that mean something. */
export function KeysDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  return (
    <Dialog title="Keyboard" isOpen onClose={onClose} size="s">
      <dl className={styles.facts}>
        {SHORTCUTS.map(({ keys, what }) => (
          <div key={keys}>
            <dt>
              <Kbd>{keys}</Kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
