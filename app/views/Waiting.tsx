import type { ReactElement } from 'react';
import { Skeleton } from '../ui/Disclosure.tsx';
import styles from './Waiting.module.css';

export interface WaitingProps {
  /** What is on its way, for screen readers. */
  readonly label: string;
  readonly rows: number;
}

/** Rows in the place of a list that is on its way: same height as its rows, so that nothing shifts. */
export function Waiting({ label, rows }: WaitingProps): ReactElement {
  return (
    <div className={styles.rows}>
      {Array.from({ length: rows }, (_, i) => (
        // oxlint-disable-next-line react/no-array-index-key
        <div key={i}>
          <Skeleton width={`${22 + ((i * 37) % 23)}%`} height="12px" {...(i === 0 ? { label } : {})} />
          <Skeleton width="34%" height="12px" />
        </div>
      ))}
    </div>
  );
}
