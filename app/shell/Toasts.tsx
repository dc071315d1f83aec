import type { ReactElement } from 'react';
import { useStore } from 'zustand';
import { noticesStore } from '../state/notices.ts';
import styles from './Toasts.module.css';

/** Short sentences on what just happened: seen for a moment, and said by a screen reader. */
export function Toasts(): ReactElement {
  const notices = useStore(noticesStore, (state) => state.notices);
  return (
    <output className={styles.toasts} aria-live="polite">
      {notices.map((notice) => (
        <p key={notice.id} className={styles.toast}>
          {notice.text}
        </p>
      ))}
    </output>
  );
}
