import { useId, type InputHTMLAttributes, type ReactElement, type ReactNode, type Ref, type TextareaHTMLAttributes } from 'react';
import styles from './Field.module.css';
import { cx } from './cx.ts';

interface Labelled {
  readonly label: string;
  /** Keep the label for screen readers only. */
  readonly hideLabel?: boolean | undefined;
  /** One sentence below the field. */
  readonly hint?: ReactNode;
  /** What is wrong with the value; replaces the hint. */
  readonly problem?: string | null | undefined;
}

interface FrameProps extends Labelled {
  readonly id: string;
  readonly children: ReactNode;
}

function Frame({ id, label, hideLabel, hint, problem, children }: FrameProps): ReactElement {
  const wrong = problem !== undefined && problem !== null;
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={hideLabel === true ? 'visually-hidden' : styles.label}>
        {label}
      </label>
      {children}
      {(wrong || hint !== undefined) && (
        <p id={`${id}-note`} className={cx(styles.note, wrong && styles.wrong)}>
          {wrong ? problem : hint}
        </p>
      )}
    </div>
  );
}

const described = (id: string, { hint, problem }: Labelled): { 'aria-describedby'?: string; 'aria-invalid'?: true } => ({
  ...(hint !== undefined || (problem !== undefined && problem !== null) ? { 'aria-describedby': `${id}-note` } : {}),
  ...(problem !== undefined && problem !== null ? { 'aria-invalid': true } : {}),
});

export interface TextFieldProps extends Labelled, Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly mono?: boolean;
  readonly ref?: Ref<HTMLInputElement>;
}

/** One line of text. */
export function TextField(props: TextFieldProps): ReactElement {
  const { label, hideLabel, hint, problem, value, onChange, mono, className, ...rest } = props;
  const id = useId();
  return (
    <Frame id={id} label={label} {...{ hideLabel, hint, problem }}>
      <input
        id={id}
        value={value}
        className={cx(styles.input, mono === true && styles.mono, className)}
        onChange={(event) => onChange(event.target.value)}
        {...described(id, props)}
        {...rest}
      />
    </Frame>
  );
}

export interface TextAreaProps extends Labelled, Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'onChange' | 'value'> {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly mono?: boolean;
  /** Draw no frame: the surroundings have one. */
  readonly bare?: boolean;
  readonly ref?: Ref<HTMLTextAreaElement>;
}

/** Several lines of text; grows with what is in it. Attributes such as `data-prompt` reach the `textarea`. */
export function TextArea(props: TextAreaProps): ReactElement {
  const { label, hideLabel, hint, problem, value, onChange, mono, bare, className, rows = 1, ...rest } = props;
  const id = useId();
  return (
    <Frame id={id} label={label} {...{ hideLabel, hint, problem }}>
      <textarea
        id={id}
        value={value}
        rows={rows}
        className={cx(styles.input, styles.area, mono === true && styles.mono, bare === true && styles.bare, className)}
        onChange={(event) => onChange(event.target.value)}
        {...described(id, props)}
        {...rest}
      />
    </Frame>
  );
}

export interface SelectProps<Value extends string = string> extends Labelled {
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly disabled?: boolean }[];
  readonly onChange: (value: Value) => void;
  readonly disabled?: boolean;
  /** Label and field in one line. */
  readonly inline?: boolean;
}

/** A choice from a list: the platform's own, so that it works everywhere, phones included. */
export function Select<Value extends string>(props: SelectProps<Value>): ReactElement {
  const { label, hideLabel, hint, problem, value, options, onChange, disabled, inline } = props;
  const id = useId();
  return (
    <div className={inline === true ? styles.inline : undefined}>
      <Frame id={id} label={label} {...{ hideLabel, hint, problem }}>
        <select
          id={id}
          value={value}
          disabled={disabled}
          className={cx(styles.input, styles.select)}
          onChange={(event) => {
            const chosen = options.find((option) => option.value === event.target.value);
            if (chosen) onChange(chosen.value);
          }}
          {...described(id, props)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
      </Frame>
    </div>
  );
}

export interface SliderProps extends Labelled {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
  /** The value in words, with sign and unit: “+2.0 × max activation”. */
  readonly valueText: string;
}

/** A number from a range. A native slider that says its value in words. */
export function Slider(props: SliderProps): ReactElement {
  const { label, hideLabel, hint, problem, value, min, max, step, onChange, valueText } = props;
  const id = useId();
  return (
    <Frame id={id} label={label} {...{ hideLabel, hint, problem }}>
      <div className={styles.slider}>
        <input
          id={id}
          type="range"
          value={value}
          min={min}
          max={max}
          step={step}
          aria-valuetext={valueText}
          onChange={(event) => onChange(event.target.valueAsNumber)}
          {...described(id, props)}
        />
        <output htmlFor={id} className={styles.value}>
          {valueText}
        </output>
      </div>
    </Frame>
  );
}
