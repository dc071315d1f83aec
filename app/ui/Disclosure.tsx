import type { ReactElement, ReactNode } from 'react';
import styles from './Disclosure.module.css';

export interface DisclosureProps {
  readonly title: ReactNode;
  readonly children: ReactNode;
  readonly open?: boolean;
  readonly onToggle?: (open: boolean) => void;
}

/** Something one level deeper: closed until asked for. */
export function Disclosure({ title, children, open, onToggle }: DisclosureProps): ReactElement {
  return (
    <details className={styles.disclosure} open={open} onToggle={(event) => onToggle?.(event.currentTarget.open)}>
      <summary className={styles.summary}>{title}</summary>
      <div className={styles.body}>{children}</div>
    </details>
  );
}

export interface SkeletonProps {
  /** CSS lengths; the place is kept so that nothing shifts when the content comes. */
  readonly width?: string;
  readonly height?: string;
  /** What is on its way; said once, to screen readers. */
  readonly label?: string;
}

/** A quiet block in the place of what is still on its way. */
export function Skeleton({ width = '100%', height = '1em', label }: SkeletonProps): ReactElement {
  return (
    <span className={styles.skeleton} style={{ width, height }}>
      {label !== undefined && <span className="visually-hidden">{label}</span>}
    </span>
  );
}

/** A key of the keyboard. */
export function Kbd({ children }: { readonly children: ReactNode }): ReactElement {
  return <kbd className={styles.kbd}>{children}</kbd>;
}
