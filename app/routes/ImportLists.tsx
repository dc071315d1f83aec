import { useState, type ReactElement } from 'react';
import { featureRefKey, LIST_LIMITS, overflow, parseLibraryFile, type Library } from '../../core/lists/index.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { useStore } from 'zustand';
import { library as own } from '../state/library.ts';
import { importLibrary, type ImportMode } from '../state/lists.ts';
import { say } from '../state/notices.ts';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { plural } from '../views/numbers.ts';
import page from './Lists.module.css';

/** Lets the reader pick a file of lists. */
export function pickLibraryFile(onLibrary: (library: Library) => void, onError: (error: unknown) => void): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = 'application/json,.json';
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) void readFile(file).then(onLibrary, onError);
  });
  input.click();
}

async function readFile(file: File): Promise<Library> {
  if (file.size > LIST_LIMITS.file)
    throw new VitrineError('bad-file', `the file is larger than ${LIST_LIMITS.file / 1_000_000} MB, which no export is`);
  return parseLibraryFile(await file.text());
}

export interface ImportListsProps {
  readonly library: Library;
  /** Where they come from, in words: “the file”. */
  readonly from: string;
  readonly onDone: () => void;
}

/** What would be taken in, before it is: nothing of someone else's is kept unasked. */
export function ImportLists({ library, from, onDone }: ImportListsProps): ReactElement {
  const [busy, setBusy] = useState(false);
  const here = useStore(own.store);
  const known = library.lists.filter(({ id }) => here.lists[id] !== undefined);
  const renamed = library.labels.filter((label) => {
    const mine = here.labels[featureRefKey(label)];
    return mine !== undefined && mine.text !== label.text;
  });
  const lost = known.reduce((sum, list) => sum + (here.lists[list.id] ? overflow(here.lists[list.id] ?? list, list) : 0), 0);
  const items = library.lists.reduce((sum, list) => sum + list.items.length, 0);
  const take = (mode: ImportMode): void => {
    setBusy(true);
    void importLibrary(library, mode).then(({ stored, lists, labels, refused }) => {
      const what = [plural(lists.length, 'list'), ...(labels > 0 ? [plural(labels, 'label')] : [])].join(' and ');
      const not = refused > 0 ? ` ${plural(refused, 'list')} did not fit: there are at most ${LIST_LIMITS.lists}.` : '';
      say(stored ? `${what} taken in.${not}` : `${what} taken in, but not stored yet; see above.${not}`);
      onDone();
    });
  };
  return (
    <Notice
      title={`${capital(from)} holds ${plural(library.lists.length, 'list')} with ${plural(items, 'item')}${library.labels.length > 0 ? ` and ${plural(library.labels.length, 'label')}` : ''}`}
      actions={
        <>
          <Button size="s" variant="primary" disabled={busy} onClick={() => take(known.length > 0 ? 'merge' : 'new')}>
            {known.length > 0 ? 'Merge with yours' : 'Keep'}
          </Button>
          {known.length > 0 && (
            <Button size="s" disabled={busy} onClick={() => take('new')}>
              Keep as new
            </Button>
          )}
          <Button size="s" variant="quiet" disabled={busy} onClick={onDone}>
            Leave it
          </Button>
        </>
      }
    >
      <ul className={page.preview}>
        {library.lists.slice(0, 20).map((list) => (
          <li key={list.id}>
            {list.name}
            <span className={page.faint}>
              {' '}
              {plural(list.items.length, 'item')}
              {here.lists[list.id] ? ', you have a version of it' : ''}
            </span>
          </li>
        ))}
        {library.lists.length > 20 && <li className={page.faint}>and {library.lists.length - 20} more</li>}
      </ul>
      <p>
        {known.length > 0
          ? 'Merging keeps the items and notes of both; of two names the newer one stands, and a label that gives way is kept in the note.'
          : 'Nothing of yours is changed: a feature that you have labelled keeps your label.'}
        {known.length > 0 && renamed.length > 0
          ? ` ${plural(renamed.length, 'feature has', 'features have')} another label here.`
          : ''}
        {lost > 0 ? ` ${plural(lost, 'item does', 'items do')} not fit: a list holds at most ${LIST_LIMITS.items}.` : ''}
      </p>
    </Notice>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
