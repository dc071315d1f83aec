import { useId, type ReactElement, type ReactNode } from 'react';
import styles from './Segmented.module.css';

export interface SegmentedProps<Value extends string = string> {
  readonly label: string;
  /** Show the label beside the control; else only a screen reader reads it. */
  readonly showLabel?: boolean;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: ReactNode; readonly disabled?: boolean }[];
  readonly onChange: (value: Value) => void;
}

/** A choice between few things, all of them visible. Native radio buttons, so arrows choose. */
export function Segmented<Value extends string>(props: SegmentedProps<Value>): ReactElement {
  const { label, showLabel = false, value, options, onChange } = props;
  const name = useId();
  return (
    <fieldset className={styles.set}>
      <legend className={showLabel ? styles.legend : 'visually-hidden'}>{label}</legend>
      <div className={styles.segmented}>
        {options.map((option) => (
          <label key={option.value} className={styles.option}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              disabled={option.disabled}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export interface ToggleProps {
  readonly label: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

/** On or off, at once. */
export function Toggle({ label, checked, onChange, disabled }: ToggleProps): ReactElement {
  return (
    <label className={styles.toggle}>
      <input
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        disabled={disabled}
        onChange={(e) => onChange(e.target.checked)}
      />
      <span className={styles.knob} aria-hidden="true" />
      <span>{label}</span>
    </label>
  );
}
