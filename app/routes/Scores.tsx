import { useEffect, useMemo, useState, type ReactElement } from 'react';
import * as v from 'valibot';
import { fetchText } from '../shell/app.ts';
import { Disclosure, Skeleton } from '../ui/Disclosure.tsx';
import { Table, type Column } from '../ui/Table.tsx';
import page from './ModelPage.module.css';

/** One measured score of a model's card. */
interface Score {
  readonly group: string;
  readonly label: string;
  readonly unit: string;
  readonly value: number;
  readonly se: number | null;
  readonly n: number | null;
  readonly target: number | null;
  readonly met: boolean | null;
}

const score: v.GenericSchema<unknown, Score> = v.object({
  group: v.string(),
  label: v.string(),
  unit: v.optional(v.string(), ''),
  value: v.number(),
  se: v.nullish(v.number(), null),
  n: v.nullish(v.number(), null),
  target: v.nullish(v.number(), null),
  met: v.nullish(v.boolean(), null),
});
const file = v.object({ scores: v.array(v.unknown()) });

/** The text of a file below the site: undefined while it is on its way, null where it is not there. */
export function useText(path: string): string | null | undefined {
  const [text, setText] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    fetchText(path).then(
      (found) => !gone && setText(found),
      () => !gone && setText(null),
    );
    return () => {
      gone = true;
    };
  }, [path]);
  return text;
}

const number = (x: number): string => String(Number(x.toPrecision(3))).replace('-', '−');
/** A share of one is printed as a share; anything else carries its sign and its unit. */
const valued = (x: number, { unit }: Score): string =>
  unit === 'share' || unit === '' ? number(x) : `${x > 0 ? '+' : ''}${number(x)} ${unit}`;

const COLUMNS: readonly Column<Score>[] = [
  { key: 'group', label: 'Task', cell: (s) => s.group },
  { key: 'label', label: 'Measured', cell: (s) => s.label },
  { key: 'value', label: 'Score', numeric: true, cell: (s) => valued(s.value, s) },
  { key: 'se', label: 'Standard error', numeric: true, cell: (s) => (s.se === null ? '–' : `± ${number(s.se)}`) },
  { key: 'n', label: 'n', numeric: true, cell: (s) => (s.n === null ? '–' : s.n.toLocaleString('en')) },
  { key: 'target', label: 'Target', numeric: true, cell: (s) => (s.target === null ? '–' : `≥ ${valued(s.target, s)}`) },
  { key: 'met', label: 'Met', cell: (s) => (s.met === null ? '–' : s.met ? 'yes' : <b>no</b>) },
];

/** The scores that were held against a target, and all of them as they were written. */
export function Scores({ path }: { readonly path: string }): ReactElement {
  const text = useText(path);
  const scores = useMemo(() => readScores(text ?? ''), [text]);
  if (text === undefined) return <Skeleton height="240px" label="Loading the scores" />;
  if (text === null) return <p>The scores are not there.</p>;
  const aimed = scores.filter(({ target }) => target !== null);
  const met = aimed.filter((s) => s.met === true).length;
  return (
    <>
      {aimed.length > 0 && (
        <>
          <p>
            On held-out text, {met} of {aimed.length} targets are met.
          </p>
          <div className={page.scores}>
            <Table caption="Scores held against targets" columns={COLUMNS} rows={aimed} rowKey={(s, i) => `${i}${s.label}`} />
          </div>
        </>
      )}
      <Disclosure title="Every measured score (JSON)">
        {/* It scrolls, and takes the focus so that arrows do it. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <section className={page.json} aria-label="Scores as JSON" tabIndex={0}>
          <pre>{text}</pre>
        </section>
      </Disclosure>
    </>
  );
}

function readScores(text: string): readonly Score[] {
  try {
    const { scores } = v.parse(file, JSON.parse(text));
    return scores.flatMap((entry) => {
      const found = v.safeParse(score, entry);
      return found.success ? [found.output] : [];
    });
  } catch {
    return [];
  }
}
