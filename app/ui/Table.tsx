import type { ReactElement, ReactNode } from 'react';
import styles from './Table.module.css';
import { cx } from './cx.ts';

export interface Column<Row> {
  readonly key: string;
  readonly label: ReactNode;
  /** Numbers stand right, in the mono face. */
  readonly numeric?: boolean;
  readonly cell: (row: Row, index: number) => ReactNode;
}

export interface TableProps<Row> {
  /** Says what the table holds. */
  readonly caption: string;
  readonly showCaption?: boolean;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row, index: number) => string | number;
  /** Shown in place of rows when there are none. */
  readonly empty?: ReactNode;
}

/** A plain table; the first column heads its row. A wide one scrolls inside its own frame. */
export function Table<Row>({ caption, showCaption = false, columns, rows, rowKey, empty }: TableProps<Row>): ReactElement {
  return (
    // A scrolling frame takes the focus, so that arrows scroll it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={styles.frame} aria-label={caption} tabIndex={0}>
      <table className={styles.table}>
        <caption className={showCaption ? styles.caption : 'visually-hidden'}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" className={cx(column.numeric === true && styles.numeric)}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={rowKey(row, index)}>
              {columns.map((column, at) => {
                const className = cx(column.numeric === true && styles.numeric);
                return at === 0 ? (
                  <th key={column.key} scope="row" className={className}>
                    {column.cell(row, index)}
                  </th>
                ) : (
                  <td key={column.key} className={className}>
                    {column.cell(row, index)}
                  </td>
                );
              })}
            </tr>
          ))}
          {rows.length === 0 && empty !== undefined && (
            <tr>
              <td colSpan={columns.length}>{empty}</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}
