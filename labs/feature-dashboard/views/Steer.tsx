import { useState, type ReactElement } from 'react';
import { steerLink } from '../../../core/share/steer-link.ts';
import { LinkButton } from '../../../app/ui/Button.tsx';
import { Slider } from '../../../app/ui/Field.tsx';
import { number, signed } from '../../../app/views/numbers.ts';
import type { DashboardContext } from './panel.tsx';
import styles from './dashboard.module.css';

const MOST = 4;

/** How strongly, and the way to the lab that writes with it. */
export function Steer({ context }: { readonly context: DashboardContext }): ReactElement {
  const { dashboard, spec, sae, feature, prompt } = context;
  const [strength, setStrength] = useState(2);
  const { max } = dashboard.stats;
  const words = strength === 0 ? '0: nothing is added' : `${signed(strength, 2)} × max`;
  return (
    <section className={styles.steer} aria-label="Steer with it">
      <h2>Steer with it</h2>
      <div className={styles.steerRow}>
        <Slider
          label="Strength, in multiples of its largest activation"
          hideLabel
          min={-MOST}
          max={MOST}
          step={0.25}
          value={strength}
          onChange={setStrength}
          valueText={words}
        />
        <LinkButton
          href={steerLink({ model: spec.model, sae, feature, strength, ...(prompt === '' ? {} : { prompt }) })}
          variant="primary"
        >
          Steer
        </LinkButton>
      </div>
      <p className={styles.note}>
        {max > 0
          ? `Adds ${number(Math.abs(strength * max))} × its decoder row ${strength < 0 ? 'with a minus sign ' : ''}at every token, and writes beside the model as it is, with the same seed.`
          : 'Its largest activation is not known, as it was never active; the strength is then in its own units.'}
        {prompt !== '' && ' Your text is what is written on.'}
      </p>
    </section>
  );
}
