import { useCallback, useState, type ReactElement } from 'react';
import { Button, ComboBox as AriaComboBox, Input, Label, ListBox, ListBoxItem, Popover } from 'react-aria-components';
import type { ComboBoxProps } from './ComboBox.tsx';
import styles from './Menu.module.css';
import { cx } from './cx.ts';
import { EntryText } from './EntryText.tsx';

export interface SuggestingFieldProps extends ComboBoxProps {
  /** Where the caret stood in the plain field before it; null: that had not the focus. */
  readonly caret: number | null;
}

const everything = (): boolean => true;

/** The field of a `ComboBox` with its suggestions. */
export function SuggestingField(props: SuggestingFieldProps): ReactElement {
  const { label, hideLabel, items, inputValue, onInputChange, onPick, placeholder } = props;
  const [caret] = useState(props.caret);
  const takeOver = useCallback(
    (field: HTMLInputElement | null): void => {
      if (caret === null) return;
      field?.focus();
      field?.setSelectionRange(caret, caret);
    },
    [caret],
  );
  return (
    <AriaComboBox
      allowsCustomValue
      // Suggestions may come after what was typed; they are shown then without another key.
      allowsEmptyCollection
      menuTrigger="focus"
      defaultFilter={everything}
      className={cx(styles.combo)}
      inputValue={inputValue}
      onInputChange={onInputChange}
      onSelectionChange={(key) => key !== null && onPick(String(key))}
    >
      <Label className={hideLabel === true ? 'visually-hidden' : cx(styles.label)}>{label}</Label>
      <div className={styles.box}>
        <Input ref={takeOver} {...(placeholder === undefined ? {} : { placeholder })} />
        <Button aria-label="Show suggestions">▾</Button>
      </div>
      <Popover className={cx(styles.popover)}>
        <ListBox className={cx(styles.menu)} renderEmptyState={() => <p className={cx(styles.none)}>No suggestion</p>}>
          {items.map((item) => (
            <ListBoxItem key={item.id} id={item.id} textValue={item.label} className={cx(styles.item)}>
              <EntryText {...item} />
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaComboBox>
  );
}
