import { useEffect, useId, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactElement } from 'react';
import { classes } from './classes.ts';
import styles from './Heatmap.module.css';
import { revealAcross } from './measure.ts';
import { paintMatrix } from './paint.ts';
import { useScheme } from './scheme.ts';

export interface Cell {
  readonly row: number;
  readonly column: number;
}

export interface HeatmapProps {
  readonly label: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** What rows and columns are. */
  readonly axes: readonly [rows: string, columns: string];
  /** NaN is hatched, or left blank where `absent` says so (a causal mask). */
  readonly value: (row: number, column: number) => number;
  readonly absent?: 'hatch' | 'blank';
  readonly colour: (value: number) => string;
  /** A cell in words, with its number. */
  readonly describe: (cell: Cell) => string;
  /** CSS pixels; wide maps scroll inside their frame. */
  readonly cell: readonly [width: number, height: number];
  readonly selected?: Cell | null;
  readonly onSelect?: (cell: Cell) => void;
  readonly onHover?: (cell: Cell | null) => void;
  /** Row and column lit up from outside. */
  readonly lit?: { readonly row?: number | null; readonly column?: number | null };
}

/**
 * A matrix on a canvas: pointer and arrow keys move over the cells, Enter or a press selects. The cell that one is on is told
 * in words below.
 */
export function Heatmap(props: HeatmapProps): ReactElement {
  const { label, rows, columns, axes, value, absent = 'hatch', colour, describe, cell, selected, onSelect, onHover, lit } = props;
  const [at, setAt] = useState<Cell | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const told = useId();
  const scheme = useScheme();
  const [w, h] = cell;
  const size = { width: w * columns.length, height: h * rows.length };

  useEffect(() => {
    const element = canvas.current;
    if (!element || rows.length === 0 || columns.length === 0) return;
    paintMatrix(
      element,
      { rows: rows.length, columns: columns.length, value, colour },
      { width: size.width, height: size.height, hatch: absent === 'blank' ? null : scheme === 'dark' ? '#45423b' : '#d3cfc5' },
    );
  }, [rows.length, columns.length, value, absent, colour, size.width, size.height, scheme]);

  const column = selected?.column;
  useEffect(() => {
    const box = frame.current;
    if (box && column !== undefined) revealAcross(box, column * w, column * w + 2 * w + 90, 0);
  }, [column, w]);

  const go = (next: Cell | null): void => {
    if (next?.row === at?.row && next?.column === at?.column) return;
    setAt(next);
    onHover?.(next);
  };
  const under = (event: PointerEvent): Cell | null => {
    const box = event.currentTarget.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top) / h);
    const at = Math.floor((event.clientX - box.left) / w);
    return row >= 0 && row < rows.length && at >= 0 && at < columns.length ? { row, column: at } : null;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const now = at ?? selected ?? { row: 0, column: 0 };
    const next = step(event, now, rows.length, columns.length);
    if (next) go(next);
    else if ((event.key === 'Enter' || event.key === ' ') && at) onSelect?.(at);
    else return;
    event.preventDefault();
  };
  const shown = at ?? selected ?? null;
  // Names with gaps between them are already few enough.
  const dense = columns.includes('');
  const every = Math.max(1, Math.ceil(13 / w));
  const everyRow = Math.max(1, Math.ceil(13 / h));

  return (
    <div className={styles.map}>
      <p className={styles.axes}>
        {axes[0]} ↓ · {axes[1]} →
      </p>
      {/* Scrolls with the arrow keys of the map itself. */}
      <div ref={frame} className={styles.frame}>
        <div className={styles.grid} style={{ gridTemplateColumns: `auto ${size.width}px` }}>
          <span />
          <div className={styles.columns} style={{ height: Math.min(76, 6 + 7.3 * longest(columns).length) }} aria-hidden="true">
            {columns.map((name, i) =>
              name !== '' && (dense || i % every === 0) ? (
                // Axes are positions: the index is the identity.
                // oxlint-disable-next-line react/no-array-index-key
                <span key={i} style={{ left: (i + 0.5) * w }} data-on={shown?.column === i || lit?.column === i ? '' : undefined}>
                  {name}
                </span>
              ) : null,
            )}
          </div>
          <div className={styles.rows} style={{ height: size.height }} aria-hidden="true">
            {rows.map((name, i) =>
              i % everyRow === 0 ? (
                // oxlint-disable-next-line react/no-array-index-key
                <span key={i} style={{ top: (i + 0.5) * h }} data-on={shown?.row === i || lit?.row === i ? '' : undefined}>
                  {name}
                </span>
              ) : null,
            )}
            <i>{longest(rows)}</i>
          </div>
          {/* One stop for the keyboard; the cells are inside of it. */}
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
          <div
            className={classes(styles.cells, onSelect && styles.pickable)}
            style={size}
            role="application"
            aria-roledescription="map"
            aria-label={`${label}. Arrow keys move over the cells${onSelect ? ', Enter selects' : ''}.`}
            aria-describedby={told}
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
            tabIndex={0}
            onPointerMove={(event) => go(under(event))}
            onPointerDown={(event) => go(under(event))}
            // A finger that is lifted leaves what it has touched told.
            onPointerLeave={(event) => event.pointerType !== 'touch' && go(null)}
            onPointerUp={(event) => {
              const cell = under(event);
              if (cell) onSelect?.(cell);
            }}
            onKeyDown={onKeyDown}
            onBlur={() => go(null)}
          >
            <canvas ref={canvas} style={size} />
            {lit?.row !== undefined && lit.row !== null && (
              <i className={styles.band} style={{ left: 0, top: lit.row * h, width: size.width, height: h }} />
            )}
            {lit?.column !== undefined && lit.column !== null && (
              <i className={styles.band} style={{ left: lit.column * w, top: 0, width: w, height: size.height }} />
            )}
            {selected && <Outline cell={selected} w={w} h={h} className={styles.selected} />}
            {at && <Outline cell={at} w={w} h={h} className={styles.hover} />}
          </div>
        </div>
      </div>
      <p className={styles.told} id={told} aria-live="polite">
        {shown ? describe(shown) : 'Nothing picked: hover, touch, or use the arrow keys.'}
      </p>
    </div>
  );
}

const longest = (names: readonly string[]): string => names.reduce((most, name) => (name.length > most.length ? name : most), '');

interface OutlineProps {
  readonly cell: Cell;
  readonly w: number;
  readonly h: number;
  readonly className: string | undefined;
}
const Outline = ({ cell, w, h, className }: OutlineProps): ReactElement => (
  <i className={className} style={{ left: cell.column * w - 1.5, top: cell.row * h - 1.5, width: w + 1, height: h + 1 }} />
);

/** The next cell for an arrow, Home, End or Page key; null for any other key. */
export function step(
  event: { readonly key: string; readonly ctrlKey?: boolean; readonly metaKey?: boolean },
  { row, column }: Cell,
  rows: number,
  columns: number,
): Cell | null {
  if (event.metaKey === true) return null;
  const clamp = (r: number, c: number): Cell => ({
    row: Math.min(Math.max(0, r), rows - 1),
    column: Math.min(Math.max(0, c), columns - 1),
  });
  switch (event.key) {
    case 'ArrowLeft':
      return clamp(row, column - 1);
    case 'ArrowRight':
      return clamp(row, column + 1);
    case 'ArrowUp':
      return clamp(row - 1, column);
    case 'ArrowDown':
      return clamp(row + 1, column);
    case 'Home':
      return clamp(event.ctrlKey === true ? 0 : row, 0);
    case 'End':
      return clamp(event.ctrlKey === true ? rows - 1 : row, columns - 1);
    case 'PageUp':
      return clamp(row - 8, column);
    case 'PageDown':
      return clamp(row + 8, column);
    default:
      return null;
  }
}
