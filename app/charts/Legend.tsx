import type { ReactElement, ReactNode } from 'react';
import styles from './Legend.module.css';
import { GAMMA, gradient } from './scales/colour.ts';
import { useScheme } from './scheme.ts';

export interface LegendProps {
  readonly kind: 'unsigned' | 'signed';
  /** Numbers at the ends of the scale, with their unit. */
  readonly low: string;
  readonly high: string;
  /** What is coloured, and for a signed scale what + means. */
  readonly children: ReactNode;
  /** A switch of the normalisation. */
  readonly control?: ReactNode;
  /** Share of full colour is the share of the scale to this power; 1 where there is none. */
  readonly gamma?: number;
  /** Names the hatched cells, where there are some. */
  readonly hatched?: string;
}

/** The scale of a picture: numbers at both ends and what they mean. */
export function Legend({ kind, low, high, children, control, gamma = GAMMA.none, hatched }: LegendProps): ReactElement {
  const scheme = useScheme();
  return (
    <div className={styles.legend}>
      <span className={styles.scale}>
        <span className={styles.number}>{low}</span>
        <i className={styles.ramp} style={{ background: gradient(kind, scheme, gamma) }} aria-hidden="true" />
        <span className={styles.number}>{high}</span>
      </span>
      <span className={styles.meaning}>{children}</span>
      {hatched !== undefined && (
        <span className={styles.scale}>
          <i className={styles.hatch} aria-hidden="true" /> {hatched}
        </span>
      )}
      {control}
    </div>
  );
}
