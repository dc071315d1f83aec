import type { ReactElement } from 'react';
import { useStore } from 'zustand';
import { dismissNotice, noticesStore, type SpokenNotice } from '../state/notices.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import styles from './Toasts.module.css';

/** Short sentences on what just happened, seen for a moment and said by a screen reader; what asks something stays. */
export function Toasts(): ReactElement {
  const notices = useStore(noticesStore, (state) => state.notices);
  return (
    <output className={styles.toasts} aria-live="polite">
      {notices.map((notice) => (
        <Toast key={notice.id} notice={notice} />
      ))}
    </output>
  );
}

function Toast({ notice: { id, text, action } }: { readonly notice: SpokenNotice }): ReactElement {
  if (!action) return <p className={styles.toast}>{text}</p>;
  return (
    <div className={styles.toast} data-asks="">
      <p>{text}</p>
      <Button
        size="s"
        onClick={() => {
          dismissNotice(id);
          action.run();
        }}
      >
        {action.label}
      </Button>
      <IconButton label="Not now" onClick={() => dismissNotice(id)}>
        <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
          <path d="M2 2l10 10M12 2L2 12" stroke="currentColor" strokeWidth="1.5" fill="none" />
        </svg>
      </IconButton>
    </div>
  );
}
