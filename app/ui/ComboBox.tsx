import type { ReactElement } from 'react';
import { Button, ComboBox as AriaComboBox, Input, Label, ListBox, ListBoxItem, Popover, Text } from 'react-aria-components';
import styles from './Menu.module.css';
import { cx } from './cx.ts';

export interface ComboBoxProps {
  readonly label: string;
  readonly hideLabel?: boolean;
  /** Those that fit what is typed: the owner knows what may be typed for them, so nothing is left out here. */
  readonly items: readonly { readonly id: string; readonly label: string; readonly hint?: string }[];
  /** What stands in the field. */
  readonly inputValue: string;
  readonly onInputChange: (text: string) => void;
  /** An item was picked. */
  readonly onPick: (id: string) => void;
  readonly placeholder?: string;
}

const everything = (): boolean => true;

/** A text field with suggestions; text that is not in the list stays as it is typed. */
export function ComboBox(props: ComboBoxProps): ReactElement {
  const { label, hideLabel, items, inputValue, onInputChange, onPick, placeholder } = props;
  return (
    <AriaComboBox
      allowsCustomValue
      menuTrigger="focus"
      defaultFilter={everything}
      className={cx(styles.combo)}
      inputValue={inputValue}
      onInputChange={onInputChange}
      onSelectionChange={(key) => key !== null && onPick(String(key))}
    >
      <Label className={hideLabel === true ? 'visually-hidden' : cx(styles.label)}>{label}</Label>
      <div className={styles.box}>
        <Input {...(placeholder === undefined ? {} : { placeholder })} />
        <Button aria-label="Show suggestions">▾</Button>
      </div>
      <Popover className={cx(styles.popover)}>
        <ListBox className={cx(styles.menu)}>
          {items.map((item) => (
            <ListBoxItem key={item.id} id={item.id} textValue={item.label} className={cx(styles.item)}>
              <Text slot="label">{item.label}</Text>
              {item.hint !== undefined && (
                <Text slot="description" className={cx(styles.hint)}>
                  {item.hint}
                </Text>
              )}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaComboBox>
  );
}
