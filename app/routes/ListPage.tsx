import { useEffect, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { libraryFile, LIST_LIMITS, listsFragment, type ReaderList } from '../../core/lists/index.ts';
import { LINK_BUDGET } from '../../core/share/codec.ts';
import { saveFile } from '../charts/export/save.ts';
import { SITE } from '../shell/app.ts';
import { frameCode } from '../shell/share-parts.ts';
import { library } from '../state/library.ts';
import { editList, useList, withLabels } from '../state/lists.ts';
import { say } from '../state/notices.ts';
import { Button, LinkButton } from '../ui/Button.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { count, plural } from '../views/numbers.ts';
import { Kept } from './Kept.tsx';
import { ListItems } from './ListItems.tsx';
import styles from './LabPage.module.css';
import page from './Lists.module.css';
import { togetherInExplore } from './list-links.ts';
import { day, removeWithUndo, StorageProblem } from './ListsPage.tsx';
import UnknownPage from './UnknownPage.tsx';

/** One list: what is on it, in the reader's own words. */
export default function ListPage({ id }: { readonly id: string }): ReactElement {
  const list = useList(id);
  const ready = useStore(library.store, (state) => state.ready);
  if (!list)
    return ready ? (
      <UnknownPage what="this list, or it was removed" />
    ) : (
      <Skeleton height="60vh" label="The list is on its way" />
    );
  return <Open key={id} list={list} />;
}

function Open({ list }: { readonly list: ReaderList }): ReactElement {
  useEffect(() => {
    document.title = `${list.name} · Vitrine`;
  }, [list.name]);
  return (
    <>
      <h1>{list.name}</h1>
      <p className={styles.lead}>
        {plural(list.items.length, 'item')}, made {day(list.created)}. <a href="#/lists">All lists</a>
      </p>
      <div className={page.sections}>
        <StorageProblem />
        <div className={page.fields}>
          <Kept label="Name" value={list.name} most={LIST_LIMITS.name} onKeep={(name) => editList(list.id, { name })} />
          <Kept label="Note" area value={list.note} most={LIST_LIMITS.note} onKeep={(note) => editList(list.id, { note })} />
          <Kept
            label="Text to look at its features on"
            area
            mono
            value={list.prompt}
            most={LIST_LIMITS.prompt}
            onKeep={(prompt) => editList(list.id, { prompt })}
          />
        </div>
        <Actions list={list} />
        <ListItems list={list} />
      </div>
    </>
  );
}

function Actions({ list }: { readonly list: ReaderList }): ReactElement {
  const together = togetherInExplore(list);
  /** @param of what of the list's address is copied */
  const copy = (what: string, of: (fragment: string) => string): void => {
    const fragment = listsFragment(withLabels(list));
    if (fragment.length > LINK_BUDGET)
      return say(
        `The list is too long for a link (${count(fragment.length)} of ${count(LINK_BUDGET)} characters). Export it as a file.`,
      );
    navigator.clipboard.writeText(of(fragment)).then(
      () => say(`${what} copied. It holds the list, its notes and your labels of its features.`),
      () => say('The browser did not let it be copied. Export the list as a file.'),
    );
  };
  const frame = (fragment: string): string =>
    frameCode(`${SITE}${fragment.replace('#/', '#/embed/')}`, `Vitrine: ${list.name}`, 480);
  return (
    <div className={page.actions}>
      {together !== null && <LinkButton href={together}>Look at them together</LinkButton>}
      <Button onClick={() => copy('Link', (fragment) => `${SITE}${fragment}`)}>Copy a link</Button>
      <Button onClick={() => copy('Embed code', frame)}>Copy embed code</Button>
      <Button onClick={() => saveFile(fileName(list), libraryFile(withLabels(list)), 'application/json')}>Export</Button>
      <Button
        variant="quiet"
        onClick={() => {
          location.hash = '#/lists';
          void removeWithUndo(list);
        }}
      >
        Remove the list
      </Button>
    </div>
  );
}

const fileName = ({ name }: ReaderList): string =>
  `${
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'list'
  }.json`;
