import type { ReactElement, ReactNode } from 'react';
import { tipSteps } from '../ui/Tips.tsx';
import styles from './Bars.module.css';
import { classes } from './classes.ts';

export interface Bar {
  readonly key: string;
  readonly label: ReactNode;
  /** Signed where `signed` is set, else ≥ 0. */
  readonly value: number;
  /** The value as printed. */
  readonly text: string;
  /** Light up, dim, or neither. */
  readonly state?: 'lit' | 'dim' | undefined;
  /** Told on hover and focus. */
  readonly tip?: string | undefined;
}

export interface BarsProps {
  readonly label: string;
  readonly bars: readonly Bar[];
  /** Length of a full bar; for signed bars the magnitude at both ends. */
  readonly full: number;
  readonly signed?: boolean;
  /** CSS width of the labels' column. */
  readonly labels?: string;
  readonly onEnter?: (key: string) => void;
  readonly onLeave?: () => void;
  /** Makes each bar a button. */
  readonly onPick?: (key: string) => void;
}

/** Horizontal bars with their labels and numbers. Signed ones grow from a middle line: blue to the right is +. */
export function Bars({ label, bars, full, signed = false, labels = '90px', onEnter, onLeave, onPick }: BarsProps): ReactElement {
  const share = (value: number): number => (full > 0 ? Math.min(1, Math.abs(value) / full) * 100 : 0);
  const inside = (bar: Bar): ReactElement => (
    <>
      <span className={styles.label}>{bar.label}</span>
      <span className={classes(styles.track, signed && styles.signed)} aria-hidden="true">
        <i
          className={signed ? (bar.value < 0 ? styles.negative : styles.positive) : styles.unsigned}
          style={{ width: `${signed ? share(bar.value) / 2 : share(bar.value)}%` }}
        />
      </span>
      <span className={styles.value}>{bar.text}</span>
    </>
  );
  const steps = !onPick && bars.some(({ tip }) => tip !== undefined) ? tipSteps : {};
  return (
    <ul className={styles.bars} aria-label={label} {...steps} style={{ '--labels': labels } as React.CSSProperties}>
      {bars.map((bar) => {
        const rest = {
          'data-tip': bar.tip,
          onMouseEnter: () => onEnter?.(bar.key),
          onMouseLeave: () => onLeave?.(),
        };
        const className = classes(styles.row, bar.state === 'lit' && styles.lit, bar.state === 'dim' && styles.dim);
        return (
          <li key={bar.key}>
            {onPick ? (
              <button
                type="button"
                className={className}
                {...rest}
                onFocus={() => onEnter?.(bar.key)}
                onBlur={() => onLeave?.()}
                onClick={() => onPick(bar.key)}
              >
                {inside(bar)}
              </button>
            ) : (
              <div className={className} tabIndex={bar.tip === undefined ? undefined : -1} {...rest}>
                {inside(bar)}
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
