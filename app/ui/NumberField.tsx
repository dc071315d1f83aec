import { useId, useState, type ReactElement } from 'react';
import styles from './NumberField.module.css';

export interface NumberFieldProps {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
  /** CSS width. */
  readonly width?: string;
}

/** A number that can be typed: what is not one yet, or out of bounds, stays in the field and changes nothing. */
export function NumberField({
  label,
  hideLabel = false,
  value,
  min,
  max,
  step,
  onChange,
  width = '76px',
}: NumberFieldProps): ReactElement {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const good = (text: string): boolean =>
    text.trim() !== '' &&
    Number.isFinite(Number(text)) &&
    Number(text) >= min &&
    Number(text) <= max &&
    (!Number.isInteger(step) || Number.isInteger(Number(text)));
  const wrong = typed !== null && !good(typed);
  return (
    <span className={styles.number}>
      <label htmlFor={id} className={hideLabel ? 'visually-hidden' : undefined}>
        {label}
      </label>
      <input
        id={id}
        type="number"
        inputMode="decimal"
        style={{ width }}
        min={min}
        max={max}
        step={step}
        value={typed ?? value}
        aria-invalid={wrong || undefined}
        data-tip={wrong ? `a number from ${min} to ${max}` : undefined}
        onChange={(event) => {
          const text = event.target.value;
          setTyped(text);
          if (good(text)) onChange(Number(text));
        }}
        onBlur={() => setTyped(null)}
      />
    </span>
  );
}
