import { useEffect, useId, useRef, useState, type ReactElement, type ReactNode } from 'react';
import { saveFile, savePng } from '../charts/export/save.ts';
import { csv } from '../charts/export/csv.ts';
import { offerFigure } from '../state/figures.ts';
import { say } from '../state/notices.ts';
import { Button } from '../ui/Button.tsx';
import { Table, type Column } from '../ui/Table.tsx';
import styles from './Figure.module.css';

/** The numbers of a picture. */
export interface FigureData {
  readonly columns: readonly string[];
  /** Made when asked for: a large picture has many. */
  readonly rows: () => readonly (readonly (string | number)[])[];
  /** How numbers are printed in the table; files hold them in full. */
  readonly format?: (x: number) => string;
}

export interface FigureProps {
  /** What the picture shows, as a heading. */
  readonly title?: ReactNode;
  /** What it is called where its files are offered, without a heading of its own. */
  readonly name?: string;
  /** What one finds in it, in words, with numbers. */
  readonly caption: ReactNode;
  readonly data: FigureData;
  /** Begins the names of files: lab and hash of the experiment. */
  readonly file: string;
  /** The picture as an SVG file; without, only CSV is offered. */
  readonly svg?: () => string;
  /** Switches beside the title. */
  readonly controls?: ReactNode;
  readonly children: ReactNode;
}

/** Rows that the table prints; files hold all. */
const PRINTED = 500;

/** A picture with its finding in words, its numbers as a table, and its files. */
export function Figure(props: FigureProps): ReactElement {
  const { title, caption, data, file, svg, controls, children } = props;
  useOffered(props);
  const [table, setTable] = useState(false);
  const [saving, setSaving] = useState(false);
  const png = (picture: string): void =>
    void savePng(`${file}.png`, picture).catch((error: unknown) =>
      say(`The picture could not be drawn as PNG: ${error instanceof Error ? error.message : String(error)}. SVG works.`),
    );
  return (
    <figure className={styles.figure}>
      {(title !== undefined || controls !== undefined) && (
        <div className={styles.head}>
          {title !== undefined && <h2 className={styles.title}>{title}</h2>}
          {controls}
        </div>
      )}
      {table ? <DataTable data={data} /> : children}
      <figcaption className={styles.caption}>
        <span>{caption}</span>
        <span className={styles.actions}>
          <Button size="s" variant="quiet" aria-pressed={table} onClick={() => setTable(!table)}>
            {table ? 'View as picture' : 'View as table'}
          </Button>
          {saving ? (
            <span className={styles.formats}>
              <Format name="CSV" onClick={() => saveFile(`${file}.csv`, csv(data.columns, data.rows()), 'text/csv')} />
              {svg && <Format name="SVG" onClick={() => saveFile(`${file}.svg`, svg(), 'image/svg+xml')} />}
              {svg && <Format name="PNG" onClick={() => png(svg())} />}
            </span>
          ) : (
            <Button size="s" variant="quiet" aria-expanded={false} onClick={() => setSaving(true)}>
              Save
            </Button>
          )}
        </span>
      </figcaption>
    </figure>
  );
}

/** Whoever shares what is on the page finds the picture's files. */
function useOffered(props: FigureProps): void {
  const id = useId();
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  useEffect(
    () =>
      offerFigure({
        id,
        files: () => {
          const { title, name, data, file, svg } = latest.current;
          return {
            name: name ?? (typeof title === 'string' ? title : file),
            file,
            csv: () => csv(data.columns, data.rows()),
            ...(svg ? { svg } : {}),
          };
        },
      }),
    [id],
  );
}

interface FormatProps {
  readonly name: string;
  readonly onClick: () => void;
}
const Format = ({ name, onClick }: FormatProps): ReactElement => (
  <Button size="s" variant="quiet" aria-label={`Save as ${name}`} onClick={onClick}>
    {name}
  </Button>
);

const preserved = (text: string): ReactElement => <span className={styles.pre}>{text}</span>;

function DataTable({ data }: { readonly data: FigureData }): ReactElement {
  const rows = data.rows();
  const print = (value: string | number | undefined): string =>
    typeof value === 'number' ? (data.format ?? String)(value) : (value ?? '');
  const numeric = data.columns.map((_, i) => typeof rows[0]?.[i] === 'number');
  const columns = data.columns.map<Column<readonly (string | number)[]>>((name, i) => ({
    key: `${i}-${name}`,
    label: name,
    numeric: numeric[i] === true,
    cell: (row) => preserved(print(row[i])),
  }));
  return (
    <div className={styles.table}>
      <Table
        caption="The numbers of this picture"
        columns={columns}
        rows={rows.slice(0, PRINTED)}
        rowKey={(_, i) => i}
        empty="There are none."
      />
      {rows.length > PRINTED && (
        <p className={styles.more}>
          The first {PRINTED} of {rows.length.toLocaleString('en')} rows; the CSV file has all.
        </p>
      )}
    </div>
  );
}
