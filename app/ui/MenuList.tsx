import type { ReactElement, RefObject } from 'react';
import { Menu as AriaMenu, MenuItem, Popover } from 'react-aria-components';
import styles from './Menu.module.css';
import type { MenuEntry } from './Menu.tsx';
import { cx } from './cx.ts';
import { EntryText } from './EntryText.tsx';

export interface MenuListProps {
  readonly id: string;
  /** The button that it belongs to; its id names the list. */
  readonly trigger: RefObject<HTMLButtonElement | null>;
  readonly labelledBy: string;
  readonly entries: readonly MenuEntry[];
  /** Which entry takes the focus; none, but the list itself, where it was opened by a pointer. */
  readonly focus: 'first' | 'last' | true;
  readonly onClose: () => void;
}

/** The actions of a menu, over the page. */
export function MenuList({ id, trigger, labelledBy, entries, focus, onClose }: MenuListProps): ReactElement {
  return (
    <Popover
      className={cx(styles.popover)}
      placement="bottom end"
      aria-labelledby={labelledBy}
      triggerRef={trigger}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <AriaMenu
        id={id}
        className={cx(styles.menu)}
        aria-labelledby={labelledBy}
        // A menu is opened to choose from it.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus={focus}
        disabledKeys={entries.filter((entry) => entry.disabled === true).map((entry) => entry.id)}
        onAction={(key) => entries.find((entry) => entry.id === key)?.onSelect()}
        onClose={onClose}
      >
        {entries.map((entry) => (
          <MenuItem key={entry.id} id={entry.id} textValue={entry.label} className={cx(styles.item)}>
            <EntryText {...entry} />
          </MenuItem>
        ))}
      </AriaMenu>
    </Popover>
  );
}
