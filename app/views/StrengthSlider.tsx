import { useRef, type ReactElement } from 'react';
import { MAX_STRENGTH } from '../../core/share/steer-link.ts';
import styles from './StrengthSlider.module.css';

export interface StrengthSliderProps {
  /** Whose strength. */
  readonly label: string;
  readonly value: number;
  readonly valueText: string;
  readonly disabled: boolean;
  readonly onChange: (value: number) => void;
}

/** Where the slider ends, unless the strength lies beyond. */
const REACH = 4;
const STEP = 0.1;
/** A pointer this close to 0 rests on it. */
const DETENT = 0.15;

/** A strength around 0: a native slider with a rest at 0, filled from the middle; a double press sets it to 0. Arrow keys move past 0 as anywhere else. */
export function StrengthSlider({ label, value, valueText, disabled, onChange }: StrengthSliderProps): ReactElement {
  const dragged = useRef(false);
  const reach = Math.min(MAX_STRENGTH, Math.max(REACH, Math.ceil(Math.abs(value))));
  const share = (value / reach) * 50;
  return (
    <div className={styles.slider} data-disabled={disabled || undefined}>
      <span className={styles.rail} aria-hidden="true">
        <i className={styles.zero} />
        <i
          className={value < 0 ? styles.fillNegative : styles.fillPositive}
          style={{ left: `${50 + Math.min(0, share)}%`, width: `${Math.abs(share)}%` }}
        />
      </span>
      <input
        type="range"
        min={-reach}
        max={reach}
        step={STEP}
        value={value}
        aria-label={`Strength of ${label}`}
        aria-valuetext={valueText}
        onPointerDown={() => (dragged.current = true)}
        onPointerUp={() => (dragged.current = false)}
        onPointerCancel={() => (dragged.current = false)}
        onDoubleClick={() => onChange(0)}
        onChange={(event) => {
          const next = Math.round(event.target.valueAsNumber * 10) / 10;
          onChange(dragged.current && Math.abs(next) <= DETENT ? 0 : next + 0);
        }}
      />
    </div>
  );
}
