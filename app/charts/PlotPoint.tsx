import type { ReactElement, ReactNode } from 'react';
import styles from './PlotPoint.module.css';

export interface PlotPointProps {
  readonly x: number;
  readonly y: number;
  /** Its numbers, told on hover, on focus and on a tap. */
  readonly tip: string;
  /** Its mark. */
  readonly children: ReactNode;
}

/** A point of a plot, with room for a finger around its mark. The plot has `tipSteps`. */
export function PlotPoint({ x, y, tip, children }: PlotPointProps): ReactElement {
  return (
    <g className={styles.point} data-tip={tip} tabIndex={-1}>
      <circle cx={x} cy={y} r={12} className={styles.room} />
      {children}
    </g>
  );
}
