import { useEffect, useRef, useState, type ReactElement, type ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './VirtualTable.module.css';

export interface VirtualColumn<Row> {
  readonly key: string;
  readonly label: string;
  /** CSS width; a share of what is left where left out. */
  readonly width?: string;
  readonly numeric?: boolean;
  /** Left out on narrow screens. */
  readonly wideOnly?: boolean;
  readonly sortable?: boolean;
  readonly cell: (row: Row) => ReactNode;
}

export interface VirtualTableProps<Row> {
  readonly caption: string;
  readonly columns: readonly VirtualColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string | number;
  readonly sort: { readonly key: string; readonly descending: boolean };
  readonly onSort: (key: string) => void;
  readonly empty: ReactNode;
}

/** Pixels; every row is one line, so that the place of each is known. */
const ROW = 38;
const BEYOND = 8;

/** A sorted table of any length: only the rows in view are in the page; a screen reader is told how many there are. */
export function VirtualTable<Row>(props: VirtualTableProps<Row>): ReactElement {
  const { caption, columns, rows, rowKey, sort, onSort, empty } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);
  // Another order or filter begins at its start: what the effect follows is not what it reads.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies
  useEffect(() => void frame.current?.scrollTo({ top: 0 }), [sort.key, sort.descending, rows.length]);
  const from = Math.max(0, Math.floor(view.top / ROW) - BEYOND);
  const to = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + BEYOND);
  return (
    // The frame scrolls, and takes the focus so that arrows do it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section ref={frame} className={styles.frame} aria-label={caption} tabIndex={0}>
      <table className={styles.table} aria-rowcount={rows.length + 1}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {/* What is above and below the view has its place, but is not in the page. */}
          {from > 0 && <tr aria-hidden="true" style={{ height: from * ROW }} />}
          {rows.slice(from, to).map((row, i) => (
            <tr key={rowKey(row)} aria-rowindex={from + i + 2} className={styles.line}>
              {columns.map((column, at) =>
                at === 0 ? (
                  <th key={column.key} scope="row" className={classOf(column)}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.key} className={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
          {to < rows.length && <tr aria-hidden="true" style={{ height: (rows.length - to) * ROW }} />}
        </tbody>
      </table>
      {rows.length === 0 && <div className={styles.empty}>{empty}</div>}
    </section>
  );
}

const classOf = <Row,>({ numeric, wideOnly }: VirtualColumn<Row>): string =>
  cx(numeric === true && styles.numeric, wideOnly === true && styles.wide);

interface HeadProps<Row> {
  readonly column: VirtualColumn<Row>;
  readonly sort: VirtualTableProps<Row>['sort'];
  readonly onSort: (key: string) => void;
}

function Head<Row>({ column, sort, onSort }: HeadProps<Row>): ReactElement {
  const on = sort.key === column.key;
  return (
    <th
      scope="col"
      aria-sort={on ? (sort.descending ? 'descending' : 'ascending') : undefined}
      className={classOf(column)}
      style={{ width: column.width }}
    >
      {column.sortable === true ? (
        <button type="button" className={styles.sort} onClick={() => onSort(column.key)}>
          {column.label}
          <span aria-hidden="true">{on ? (sort.descending ? ' ↓' : ' ↑') : ''}</span>
        </button>
      ) : (
        column.label
      )}
    </th>
  );
}
