import { useState, type ReactElement, type ReactNode } from 'react';
import { itemKey, LIST_LIMITS, type FeatureRef, type ListItem, type ReaderList } from '../../core/lists/index.ts';
import { addItems, featureItem, newList, putList, removeItem, useLists } from '../state/lists.ts';
import { library } from '../state/library.ts';
import { say } from '../state/notices.ts';
import { Menu, type MenuEntry } from '../ui/Menu.tsx';
import { NewListDialog } from './new-list.ts';
import { plural } from './numbers.ts';

export interface AddToListProps {
  /** One feature, or an item of another kind. */
  readonly item: FeatureRef | ListItem;
  /** What it is called, for the sentence that says what happened. */
  readonly name: string;
  /** Text of the button; default “Add to list”. */
  readonly trigger?: ReactNode;
  /** A new list begins with this text to look at its features on. */
  readonly prompt?: string;
  readonly variant?: 'plain' | 'quiet';
}

/** A button that puts something on one of the reader's lists, or takes it off, or begins a new one. */
export function AddToList({ item, name, trigger = 'Add to list', prompt, variant = 'plain' }: AddToListProps): ReactElement {
  const lists = useLists();
  const [asking, setAsking] = useState(false);
  const entry: ListItem = 'kind' in item ? item : featureItem(item);
  const key = itemKey(entry);
  const has = (list: ReaderList): boolean => list.items.some((other) => itemKey(other) === key);
  const entries: MenuEntry[] = [
    ...lists.map((list): MenuEntry => {
      const full = !has(list) && list.items.length >= LIST_LIMITS.items;
      return {
        id: list.id,
        label: has(list) ? `Take off “${list.name}”` : list.name,
        hint: full ? 'full' : plural(list.items.length, 'item'),
        disabled: full,
        onSelect: () => void (has(list) ? take(list, key, name) : put(list, entry, name)),
      };
    }),
    {
      id: 'new',
      label: 'New list…',
      disabled: lists.length >= LIST_LIMITS.lists,
      onSelect: () => {
        NewListDialog.want();
        setAsking(true);
      },
    },
  ];
  return (
    <>
      <Menu trigger={trigger} label={`Add ${name} to a list`} variant={variant} entries={entries} />
      {asking && (
        <NewListDialog
          onClose={() => setAsking(false)}
          onName={(typed) => {
            const list = newList(typed, [entry], prompt);
            setAsking(false);
            void putList(list).then((stored) => say(sentence(`${name} is on the new list “${list.name}”`, stored)));
          }}
        />
      )}
    </>
  );
}

async function put(list: ReaderList, item: ListItem, name: string): Promise<void> {
  const stored = await addItems(list.id, [item]);
  say(sentence(`${name} is on “${list.name}”`, stored));
}

async function take(list: ReaderList, key: string, name: string): Promise<void> {
  const stored = await removeItem(list.id, key);
  say(sentence(`${name} is off “${list.name}”`, stored));
}

/** What happened, and where it could not be stored, why that is no loss yet. */
function sentence(done: string, stored: boolean): string {
  if (stored) return `${done.charAt(0).toUpperCase()}${done.slice(1)}.`;
  const full = library.store.getState().problem?.code === 'storage-full';
  return `${done}, but ${full ? 'the browser’s storage is full' : 'the browser stores nothing here'}: save your lists as a file before you close the tab.`;
}
