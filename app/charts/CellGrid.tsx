import { useEffect, useRef, useState, type KeyboardEvent, type ReactElement, type ReactNode } from 'react';
import styles from './CellGrid.module.css';
import { classes } from './classes.ts';
import { step, type Cell } from './Heatmap.tsx';
import { revealAcross } from './measure.ts';
import { textOn } from './scales/colour.ts';

export interface CellGridProps {
  readonly label: string;
  readonly rows: readonly ReactNode[];
  readonly columns: readonly ReactNode[];
  /** Heads the column of row names. */
  readonly corner: string;
  readonly text: (cell: Cell) => string;
  /** A cell in words, for those who do not see its colour. */
  readonly describe: (cell: Cell) => string;
  /** Background; null leaves the surface. */
  readonly colour: (cell: Cell) => string | null;
  readonly state?: (cell: Cell) => 'strong' | null;
  readonly selected: Cell | null;
  readonly onSelect: (cell: Cell) => void;
  readonly onHover?: (cell: Cell | null) => void;
  readonly litRow?: number | null;
  readonly litColumn?: number | null;
}

/** A small matrix with a text in every cell; each is a button, arrow keys move between them. */
export function CellGrid(props: CellGridProps): ReactElement {
  const { label, rows, columns, corner, text, describe, colour, state, selected, onSelect, onHover, litRow, litColumn } = props;
  const [at, setAt] = useState<Cell>(selected ?? { row: 0, column: 0 });
  const table = useRef<HTMLTableElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const cell = table.current?.querySelector<HTMLElement>(`[data-cell="${selected?.row ?? 0}-${selected?.column ?? 0}"]`);
    const td = cell?.parentElement;
    // The row names stay in front of what scrolls.
    if (frame.current && td) revealAcross(frame.current, td.offsetLeft, td.offsetLeft + td.offsetWidth, 90);
  }, [selected?.row, selected?.column]);
  const stop = { row: Math.min(at.row, rows.length - 1), column: Math.min(at.column, columns.length - 1) };
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = step(event, stop, rows.length, columns.length);
    if (!next) return;
    event.preventDefault();
    setAt(next);
    table.current?.querySelector<HTMLElement>(`[data-cell="${next.row}-${next.column}"]`)?.focus();
  };
  return (
    <div ref={frame} className={styles.frame}>
      <table ref={table} className={styles.grid} aria-label={label}>
        <thead>
          <tr>
            <td className={styles.corner}>{corner}</td>
            {columns.map((name, column) => (
              // Rows and columns are positions: the index is the identity.
              // oxlint-disable-next-line react/no-array-index-key
              <th key={column} scope="col" className={classes(styles.column, litColumn === column && styles.lit)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((name, row) => (
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={row}>
              <th scope="row" className={classes(styles.row, litRow === row && styles.lit)}>
                {name}
              </th>
              {columns.map((_, column) => {
                const cell = { row, column };
                const background = colour(cell);
                const on = selected?.row === row && selected.column === column;
                return (
                  // oxlint-disable-next-line react/no-array-index-key
                  <td key={column}>
                    <button
                      type="button"
                      data-cell={`${row}-${column}`}
                      className={classes(styles.cell, on && styles.selected, state?.(cell) === 'strong' && styles.strong)}
                      style={background === null ? undefined : { background, color: textOn(background) }}
                      tabIndex={stop.row === row && stop.column === column ? 0 : -1}
                      aria-pressed={on}
                      aria-label={describe(cell)}
                      data-tip={describe(cell)}
                      onKeyDown={onKeyDown}
                      onMouseEnter={() => onHover?.(cell)}
                      onMouseLeave={() => onHover?.(null)}
                      onFocus={() => {
                        setAt(cell);
                        onHover?.(cell);
                      }}
                      onBlur={() => onHover?.(null)}
                      onClick={() => onSelect(cell)}
                    >
                      {text(cell)}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
