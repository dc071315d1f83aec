import { useId, type ReactElement } from 'react';
import { GAMMA } from '../charts/scales/colour.ts';
import { number } from './numbers.ts';
import styles from './GammaSlider.module.css';

export interface GammaSliderProps {
  readonly value: number;
  readonly onChange: (gamma: number) => void;
}

/** In a legend: how activation becomes shade. To the left faint values show more; a press on the words sets it back. */
export function GammaSlider({ value, onChange }: GammaSliderProps): ReactElement {
  const id = useId();
  const text = gammaText(value);
  return (
    <span className={styles.gamma}>
      <label htmlFor={id}>Shade</label>
      <input
        id={id}
        type="range"
        // Even steps of the exponent’s logarithm.
        min={Math.log2(GAMMA.min)}
        max={Math.log2(GAMMA.max)}
        step={0.25}
        value={Math.log2(value)}
        aria-valuetext={text}
        onChange={(event) => onChange(Number((2 ** event.target.valueAsNumber).toPrecision(3)))}
      />
      <button type="button" disabled={value === GAMMA.none} data-tip="Back to even shades" onClick={() => onChange(GAMMA.none)}>
        {text}
      </button>
    </span>
  );
}

/** What a gamma does, in words with its number. */
export function gammaText(gamma: number): string {
  if (gamma === GAMMA.none) return 'even';
  return `${gamma < GAMMA.none ? 'faint more' : 'faint less'}, γ ${number(gamma, 2)}`;
}
