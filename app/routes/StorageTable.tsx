import { useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { libraryFile } from '../../core/lists/index.ts';
import { hub } from '../shell/app.ts';
import { megabytes } from '../shell/format.ts';
import { allOfLibrary, useLists } from '../state/lists.ts';
import { KEPT_KINDS, type KeptKind, type Usage } from '../state/storage.ts';
import { Button } from '../ui/Button.tsx';
import { Table, type Column } from '../ui/Table.tsx';

const WHAT: Readonly<Record<KeptKind, string>> = {
  files: 'Weights and dictionaries of this site',
  data: 'Recorded results, dashboards, manifests',
  hub: 'Models of the Hub and of other addresses',
  orphans: 'Parts of models that are no longer listed',
  kernels: 'Which shaders are the fastest here, measured once',
  app: 'The app itself, so that it opens without a network',
  older: 'Left by an earlier version',
  typed: 'What you last typed in each lab, and your choices',
};

/** Listed only where there is something of it. */
const RARE: ReadonlySet<KeptKind> = new Set(['orphans', 'older']);

interface Row {
  readonly key: string;
  readonly what: string;
  readonly size: string;
  readonly action: ReactElement | null;
}

const COLUMNS: readonly Column<Row>[] = [
  { key: 'what', label: 'What', cell: ({ what }) => what },
  { key: 'size', label: 'Kept', numeric: true, cell: ({ size: kept }) => kept },
  { key: 'action', label: <span className="visually-hidden">Free it</span>, cell: ({ action }) => action },
];

export interface StorageTableProps {
  readonly usage: Usage;
  readonly busy: boolean;
  readonly onFree: (kind: KeptKind) => void;
}

/** Everything that this site keeps in this browser, each kind with its size and a way to free it. */
export function StorageTable({ usage, busy, onFree }: StorageTableProps): ReactElement {
  const token = useStore(hub.store, ({ token: value, keepToken }) => (keepToken ? value : null));
  // Counted anew as it changes.
  useLists();
  const all = allOfLibrary();
  const own = all.labels.length + all.lists.length === 0 ? 0 : new TextEncoder().encode(libraryFile(all)).length;
  const rows: Row[] = KEPT_KINDS.filter((kind) => !RARE.has(kind) || usage.bytes[kind] > 0).map((kind) => ({
    key: kind,
    what: WHAT[kind],
    size: size(usage.bytes[kind]),
    action: usage.bytes[kind] === 0 ? null : <Free kind={kind} busy={busy} onFree={onFree} />,
  }));
  rows.push({ key: 'library', what: 'Your labels and lists', size: size(own), action: <a href="#/lists">See them</a> });
  if (token !== null)
    rows.push({
      key: 'token',
      what: 'Your access token of the Hub',
      size: size(2 * token.length),
      action: (
        <Button size="s" variant="quiet" onClick={() => hub.setToken(null, false)}>
          Forget the token
        </Button>
      ),
    });
  if (usage.total !== null)
    rows.push({
      key: 'total',
      what: 'All together, as the browser counts it',
      size: `${size(usage.total)}${usage.quota === null ? '' : ` of ${size(usage.quota)}`}`,
      action: null,
    });
  return <Table caption="What is kept in this browser" columns={COLUMNS} rows={rows} rowKey={({ key }) => key} />;
}

/** What can be had again is freed at once; what was typed cannot, so it is asked for twice. */
function Free({ kind, busy, onFree }: { readonly kind: KeptKind } & Omit<StorageTableProps, 'usage'>): ReactElement {
  const [asked, setAsked] = useState(false);
  if (kind === 'typed' && !asked)
    return (
      <Button size="s" variant="quiet" disabled={busy} onClick={() => setAsked(true)}>
        Forget
      </Button>
    );
  return (
    <>
      <Button
        size="s"
        variant={kind === 'typed' ? 'plain' : 'quiet'}
        disabled={busy}
        aria-label={kind === 'typed' ? undefined : `Free: ${WHAT[kind]}`}
        onClick={() => onFree(kind)}
      >
        {kind === 'typed' ? 'Forget it all, and reload' : 'Free'}
      </Button>
      {asked && (
        <Button size="s" variant="quiet" onClick={() => setAsked(false)}>
          Keep it
        </Button>
      )}
    </>
  );
}

/** `0` is nothing, not a kilobyte. */
const size = (bytes: number): string => (bytes === 0 ? 'nothing' : megabytes(bytes));
