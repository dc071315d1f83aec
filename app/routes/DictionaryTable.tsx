import { useDeferredValue, useMemo, useState, type ReactElement, type ReactNode } from 'react';
import { featureLink } from '../../core/share/feature-address.ts';
import { count as short } from '../shell/format.ts';
import { isEmbed, parsePlace } from '../state/address.ts';
import type { ModelEntry, SaeEntry } from '../state/catalogue.ts';
import { dictionaries, useDictionary, type DictionaryState } from '../state/dictionary-index.ts';
import { isEmbedded, Part } from '../state/embed-parts.tsx';
import { labelText, useLabels } from '../state/labels.ts';
import { Skeleton } from '../ui/Disclosure.tsx';
import { TextField } from '../ui/Field.tsx';
import { stepRows, usePlainKeys } from '../ui/keys.ts';
import { ErrorNotice, Notice } from '../ui/Notice.tsx';
import { Toggle } from '../ui/Segmented.tsx';
import { VirtualTable, type VirtualColumn } from '../ui/VirtualTable.tsx';
import { featureRows, filterRows, sortRows, type FeatureRow, type SortKey } from '../views/feature-rows.ts';
import { number, percent, plural } from '../views/numbers.ts';
import { architectureName, siteName } from '../views/sites.ts';
import { DictionaryMap } from './DictionaryMap.tsx';
import styles from './DictionaryTable.module.css';
import lab from './LabPage.module.css';

export interface DictionaryTableProps {
  readonly model: ModelEntry;
  readonly entry: SaeEntry;
  readonly filter: string;
}

/** Numbers fall from their largest, names rise from A. */
const FALLS: ReadonlySet<SortKey> = new Set(['density', 'max', 'f1']);

/** Every feature of one dictionary: sorted, filtered, and as a map. */
export function DictionaryTable({ model, entry, filter }: DictionaryTableProps): ReactElement {
  const known = useDictionary(model.id, entry.id);
  const labels = useLabels();
  const [typed, setTyped] = useState(filter);
  const [live, setLive] = useState(false);
  const [sort, setSort] = useState<{ readonly key: SortKey; readonly descending: boolean }>({ key: 'f1', descending: true });
  const index = known.state === 'ready' ? known.index : null;
  const rows = useMemo(
    () => featureRows(index, entry.dSae, (feature) => labelText(labels, { model: model.id, sae: entry.id, feature })),
    [index, entry, labels, model.id],
  );
  const query = useDeferredValue(typed);
  const shown = useMemo(
    () =>
      sortRows(
        filterRows(rows, query, live),
        index ? sort.key : sort.key === 'label' ? 'label' : 'feature',
        sort.descending && index !== null,
      ),
    [rows, query, live, sort, index],
  );
  usePlainKeys((key) => stepRows(key, 'tbody th > a'));
  const link = (feature: number): string => featureLink({ model: model.id, sae: entry.id, feature });
  const dead = rows.filter(({ density }) => density === 0).length;
  return (
    <>
      <Part id="about">
        <h1>Features of the {siteName(entry.hookName)}</h1>
        <p className={lab.lead}>
          {plural(entry.dSae, 'feature')} of <code>{entry.id}</code> on <a href={`#/features/${model.id}`}>{model.name}</a>,{' '}
          {architectureName(entry.architecture)}
          {typeof entry.l0 === 'number' && `, ${number(entry.l0)} active per token`}
          {index &&
            `; counted on ${short(index.corpus.tokens)} tokens${dead > 0 ? `, ${plural(dead, 'feature was', 'features were')} never active` : ''}`}
          .
        </p>
      </Part>
      <Known state={known} onRetry={() => void dictionaries.load(model.id, entry.id)}>
        <Part id="map">
          {index && (
            <div className={styles.map}>
              <DictionaryMap rows={rows} model={model.id} sae={entry.id} onPick={(feature) => follow(link(feature))} />
            </div>
          )}
        </Part>
        <Part id="table">
          <div className={styles.controls}>
            <TextField
              label="Filter by label, variable or number"
              hideLabel
              placeholder="Filter by label, variable or number"
              type="search"
              data-prompt=""
              value={typed}
              onChange={setTyped}
            />
            {dead > 0 && <Toggle label="hide those never active" checked={live} onChange={setLive} />}
            <output className={styles.count}>
              {shown.length === rows.length
                ? plural(rows.length, 'feature')
                : `${shown.length} of ${plural(rows.length, 'feature')}`}
            </output>
          </div>
          <VirtualTable
            caption={`Features of ${entry.id}`}
            columns={columns(link, index !== null)}
            rows={shown}
            rowKey={(row) => row.feature}
            sort={sort}
            onSort={(key) =>
              setSort((before) =>
                before.key === key
                  ? { ...before, descending: !before.descending }
                  : { key: key as SortKey, descending: FALLS.has(key as SortKey) },
              )
            }
            empty="No feature fits what you typed."
          />
        </Part>
      </Known>
    </>
  );
}

/** In a frame it opens beside the page around, as links there do. */
function follow(fragment: string): void {
  if (isEmbed(parsePlace(location.hash))) window.open(fragment, '_blank', 'noreferrer');
  else location.hash = fragment;
}

interface KnownProps {
  readonly state: DictionaryState;
  readonly onRetry: () => void;
  /** The features, as far as they are known. */
  readonly children: ReactNode;
}

/** The features, once one can tell what is known of them: how much place they take depends on it. */
function Known({ state, onRetry, children }: KnownProps): ReactElement {
  switch (state.state) {
    case 'loading':
      // In a frame that is as tall as what is in it, a share of that height would grow without end.
      return <Skeleton height={isEmbedded() ? '420px' : '100vh'} label="Loading what is known of the features" />;
    case 'none':
      return (
        <>
          <div className={styles.notice}>
            <Notice title="No dashboards are stored of this dictionary">
              So nothing is known of its features yet. Each can be opened all the same: its dashboard is then computed in this
              tab.
            </Notice>
          </div>
          {children}
        </>
      );
    case 'failed':
      return (
        <>
          <div className={styles.notice}>
            <ErrorNotice error={{ ...state.error, retryable: true }} onRetry={onRetry} />
          </div>
          {children}
        </>
      );
    case 'ready':
      return <>{children}</>;
  }
}

function columns(link: (feature: number) => string, stored: boolean): readonly VirtualColumn<FeatureRow>[] {
  const feature: VirtualColumn<FeatureRow> = {
    key: 'feature',
    label: 'Feature',
    width: '84px',
    numeric: true,
    sortable: stored,
    cell: (row) => (
      <a href={link(row.feature)} className={styles.open} data-tip={row.truth ?? undefined}>
        {row.feature}
      </a>
    ),
  };
  const label: VirtualColumn<FeatureRow> = {
    key: 'label',
    label: 'Your label',
    sortable: true,
    wideOnly: stored,
    cell: (row) => row.label ?? <span className={styles.unnamed}>No label yet</span>,
  };
  if (!stored) return [feature, label];
  return [
    feature,
    label,
    {
      key: 'truth',
      label: 'Closest variable',
      sortable: true,
      cell: (row) => <span data-tip={row.truth ?? undefined}>{row.truth ?? '–'}</span>,
    },
    { key: 'f1', label: 'F1', width: '74px', numeric: true, sortable: true, cell: (row) => number(row.f1) },
    { key: 'density', label: 'Active on', width: '100px', numeric: true, sortable: true, cell: (row) => percent(row.density) },
    { key: 'max', label: 'Max', width: '84px', numeric: true, wideOnly: true, sortable: true, cell: (row) => number(row.max) },
  ];
}
