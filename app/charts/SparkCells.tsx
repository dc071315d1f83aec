import type { ReactElement } from 'react';
import styles from './SparkCells.module.css';
import { unsignedColour } from './scales/colour.ts';
import { useScheme } from './scheme.ts';

export interface SparkCellsProps {
  /** Shares of a full cell, 0 … 1, one per position. */
  readonly shares: ArrayLike<number>;
  /** Positions outlined, bounds inclusive. */
  readonly marked?: { readonly from: number; readonly to: number } | null;
  readonly onEnter?: (position: number) => void;
}

/** Values over the prompt as a row of small cells. Decorative: the numbers stand beside it. */
export function SparkCells({ shares, marked, onEnter }: SparkCellsProps): ReactElement {
  const scheme = useScheme();
  return (
    <span className={styles.cells} aria-hidden="true" style={{ '--n': shares.length } as React.CSSProperties}>
      {Array.from(shares, (share, i) => (
        <i
          // Cells are positions: the index is their identity.
          // oxlint-disable-next-line react/no-array-index-key
          key={i}
          style={share > 0 ? { background: unsignedColour(0.12 + 0.88 * share, scheme) } : undefined}
          data-marked={marked && i >= marked.from && i <= marked.to ? '' : undefined}
          onMouseEnter={onEnter && (() => onEnter(i))}
        />
      ))}
    </span>
  );
}
