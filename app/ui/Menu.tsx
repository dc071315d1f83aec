import type { ReactElement, ReactNode } from 'react';
import { Button as AriaButton, Menu as AriaMenu, MenuItem, MenuTrigger, Popover, Text } from 'react-aria-components';
import button from './Button.module.css';
import styles from './Menu.module.css';
import { cx } from './cx.ts';

export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly disabled?: boolean;
  readonly onSelect: () => void;
}

export interface MenuProps {
  /** Text of the button that opens the menu. */
  readonly trigger: ReactNode;
  /** What the menu is for, where the trigger's text does not say it. */
  readonly label?: string;
  readonly entries: readonly MenuEntry[];
  readonly variant?: 'plain' | 'quiet';
}

/** A button that opens a list of actions. */
export function Menu({ trigger, label, entries, variant = 'plain' }: MenuProps): ReactElement {
  return (
    <MenuTrigger>
      <AriaButton className={cx(button.button, button[variant])} {...(label === undefined ? {} : { 'aria-label': label })}>
        {trigger}
      </AriaButton>
      <Popover className={cx(styles.popover)} placement="bottom end">
        <AriaMenu
          className={cx(styles.menu)}
          disabledKeys={entries.filter((entry) => entry.disabled === true).map((entry) => entry.id)}
          onAction={(key) => entries.find((entry) => entry.id === key)?.onSelect()}
        >
          {entries.map((entry) => (
            <MenuItem key={entry.id} id={entry.id} textValue={entry.label} className={cx(styles.item)}>
              <Text slot="label">{entry.label}</Text>
              {entry.hint !== undefined && (
                <Text slot="description" className={cx(styles.hint)}>
                  {entry.hint}
                </Text>
              )}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
