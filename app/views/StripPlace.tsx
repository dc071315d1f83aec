import type { ReactElement } from 'react';
import { cx } from '../ui/cx.ts';
import styles from './TokenStrip.module.css';

export interface StripPlaceProps {
  readonly label: string;
  /** The prompt, which is about to be cut into tokens. */
  readonly text: string;
}

/** Words of a long prompt beyond which nothing below it is in sight. */
const MOST = 1_000;

/** A prompt whose tokens are on their way: its words where the tokens will stand, so that nothing below moves. */
export function StripPlace({ label, text }: StripPlaceProps): ReactElement {
  const words = text.match(/\s*(?:\w+|[^\w\s])/g)?.slice(0, MOST) ?? [];
  return (
    <div className={styles.frame}>
      <span className="visually-hidden">{label}</span>
      <div className={cx(styles.strip, styles.place)} aria-hidden="true">
        <span className={cx(styles.token, styles.bos)}>BOS</span>
        {words.map((word, i) => (
          // Words are places in the text: the index is their identity.
          // oxlint-disable-next-line react/no-array-index-key
          <span key={i} className={styles.token}>
            {word}
          </span>
        ))}
      </div>
    </div>
  );
}
