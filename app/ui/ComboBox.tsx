import { useId, useState, type ReactElement } from 'react';
import styles from './Menu.module.css';
import { cx } from './cx.ts';
import { onDemand } from './on-demand.ts';
import type { SuggestingFieldProps } from './SuggestingField.tsx';

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

const Suggesting = onDemand<SuggestingFieldProps>(() =>
  import('./SuggestingField.tsx').then(({ SuggestingField }) => SuggestingField),
);

/**
 * A text field with suggestions; text that is not in the list stays as it is typed. The suggestions' code, a large part of a page,
 * comes when the pointer or the focus comes to the field; until it is there one types all the same.
 */
export function ComboBox(props: ComboBoxProps): ReactElement {
  const { label, hideLabel, inputValue, onInputChange, placeholder } = props;
  const id = useId();
  const [caret, setCaret] = useState<number | null>(null);
  const plain = (
    <div className={styles.combo} onPointerEnter={Suggesting.want}>
      <label htmlFor={id} className={cx(hideLabel === true ? 'visually-hidden' : styles.label)}>
        {label}
      </label>
      <div className={styles.box}>
        <input
          id={id}
          // There is nothing to control before the suggestions are there.
          // oxlint-disable-next-line jsx-a11y/role-has-required-aria-props
          role="combobox"
          aria-expanded={false}
          aria-autocomplete="list"
          autoComplete="off"
          placeholder={placeholder}
          value={inputValue}
          onChange={(event) => {
            onInputChange(event.target.value);
            // Told before `select` is: the suggestions may come in between.
            setCaret(event.target.selectionStart);
          }}
          onFocus={(event) => {
            Suggesting.want();
            setCaret(event.currentTarget.selectionStart);
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onBlur={() => setCaret(null)}
        />
        <button type="button" tabIndex={-1} aria-label="Show suggestions" onClick={Suggesting.want}>
          ▾
        </button>
      </div>
    </div>
  );
  return <Suggesting {...props} caret={caret} instead={plain} />;
}
