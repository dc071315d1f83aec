import { useMemo, useState, type ReactElement } from 'react';
import { libraryFile, parseSharedLists, type Library, type ReaderList } from '../../core/lists/index.ts';
import { toWireError, type WireError } from '../../core/protocol/errors.ts';
import { saveFile } from '../charts/export/save.ts';
import { useStore } from 'zustand';
import { library } from '../state/library.ts';
import { allOfLibrary, lastTouched, newList, putList, removeList, useLists } from '../state/lists.ts';
import { offer } from '../state/notices.ts';
import { Button } from '../ui/Button.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { ErrorNotice } from '../ui/Notice.tsx';
import { Table, type Column } from '../ui/Table.tsx';
import { NewListDialog } from '../views/new-list.ts';
import { count } from '../views/numbers.ts';
import { ImportLists, pickLibraryFile } from './ImportLists.tsx';
import { LISTS_TITLE } from './headings.ts';
import styles from './LabPage.module.css';
import page from './Lists.module.css';
import { OwnLabels } from './OwnLabels.tsx';

/** The reader's own lists and labels; and with a link, the lists that are in it. */
export default function ListsPage({ packed }: { readonly packed: string | null }): ReactElement {
  const lists = useLists();
  const ready = useStore(library.store, (state) => state.ready);
  const labels = useStore(library.store, (state) => state.labels);
  const [naming, setNaming] = useState(false);
  const [file, setFile] = useState<Library | null>(null);
  const [wrong, setWrong] = useState<WireError | null>(null);
  const pick = (): void => {
    setWrong(null);
    setFile(null);
    pickLibraryFile(setFile, (error) => setWrong(toWireError(error)));
  };
  const empty = lists.length === 0 && Object.keys(labels).length === 0;
  return (
    <>
      <h1>{LISTS_TITLE}</h1>
      <p className={styles.lead}>
        Features, notes and experiments of your own. They stay in this browser, and go elsewhere only as a link or a file that you
        send.
      </p>
      <div className={page.sections}>
        <StorageProblem />
        {packed !== null && <SharedLists key={packed} packed={packed} />}
        {wrong && <ErrorNotice error={wrong} onDismiss={() => setWrong(null)} />}
        {file && <ImportLists library={file} from="the file" onDone={() => setFile(null)} />}
        <div className={page.actions}>
          <Button
            variant="primary"
            onPointerEnter={NewListDialog.want}
            onFocus={NewListDialog.want}
            onClick={() => {
              NewListDialog.want();
              setNaming(true);
            }}
          >
            New list
          </Button>
          <Button onClick={pick}>Import a file</Button>
          <Button disabled={empty} onClick={saveAll}>
            Export everything
          </Button>
        </div>
        {ready ? <ListTable lists={lists} /> : <Skeleton height="120px" label="Your lists are on their way" />}
        <OwnLabels />
      </div>
      {naming && (
        <NewListDialog
          onClose={() => setNaming(false)}
          onName={(name) => {
            const list = newList(name);
            setNaming(false);
            void putList(list);
            location.hash = `#/lists/${list.id}`;
          }}
        />
      )}
    </>
  );
}

const saveAll = (): void => saveFile('vitrine-lists.json', libraryFile(allOfLibrary()), 'application/json');

/** What could not be stored, and what to do about it. */
export function StorageProblem(): ReactElement | null {
  const { problem, unsaved } = useStore(library.store);
  if (!problem) return null;
  const hint =
    unsaved > 0
      ? `${count(unsaved)} ${unsaved === 1 ? 'change is' : 'changes are'} on this page only. Export everything to a file, or make room and try again; nothing is lost while this tab is open.`
      : 'Lists made here last until the tab is closed. Export them to keep them.';
  return (
    <ErrorNotice error={{ ...problem, hint }} onRetry={() => void library.retry()}>
      <Button size="s" onClick={saveAll}>
        Export everything
      </Button>
    </ErrorNotice>
  );
}

function SharedLists({ packed }: { readonly packed: string }): ReactElement {
  const shared = useMemo((): { readonly library: Library } | { readonly error: WireError } => {
    try {
      return { library: parseSharedLists(packed) };
    } catch (error) {
      return { error: toWireError(error) };
    }
  }, [packed]);
  const done = (): void => void (location.hash = '#/lists');
  return 'error' in shared ? (
    <ErrorNotice error={shared.error} onDismiss={done} />
  ) : (
    <ImportLists library={shared.library} from="this link" onDone={done} />
  );
}

/** Removes a list, and offers to bring it back. */
export async function removeWithUndo(list: ReaderList): Promise<void> {
  await removeList(list.id);
  offer(`“${list.name}” is removed.`, { label: 'Undo', run: () => void putList(list) });
}

const COLUMNS: readonly Column<ReaderList>[] = [
  { key: 'name', label: 'Name', cell: (list) => <a href={`#/lists/${list.id}`}>{list.name}</a> },
  { key: 'note', label: 'Note', cell: ({ note }) => <span className={page.short}>{note.split('\n')[0]}</span> },
  { key: 'items', label: 'Items', numeric: true, cell: ({ items }) => count(items.length) },
  { key: 'changed', label: 'Changed', cell: (list) => day(lastTouched(list)) },
  {
    key: 'remove',
    label: <span className="visually-hidden">Remove</span>,
    cell: (list) => (
      <Button size="s" variant="quiet" aria-label={`Remove “${list.name}”`} onClick={() => void removeWithUndo(list)}>
        Remove
      </Button>
    ),
  },
];

function ListTable({ lists }: { readonly lists: readonly ReaderList[] }): ReactElement {
  if (lists.length === 0)
    return (
      <p className={page.empty}>There is no list yet. Make one here, or press “List” beside a feature wherever you meet one.</p>
    );
  return <Table caption="Your lists" columns={COLUMNS} rows={lists} rowKey={({ id }) => id} />;
}

export const day = (time: number): string =>
  time === 0 ? '' : new Date(time).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
