import type { ReactElement } from 'react';
import { IconButton } from '../../../app/ui/Button.tsx';
import type { SAMPLING, samplingOf } from '../spec.ts';
import { NumberField } from '../../../app/ui/NumberField.tsx';
import styles from './steering.module.css';

export interface SamplingProps {
  readonly sampling: ReturnType<typeof samplingOf>;
  readonly onChange: (change: Partial<Record<keyof typeof SAMPLING, number>>) => void;
}

/** How tokens are drawn; both texts with the same. */
export function Sampling({ sampling, onChange }: SamplingProps): ReactElement {
  const { seed, temperature, topP, repetitionPenalty, maxNewTokens } = sampling;
  return (
    <fieldset className={styles.sampling}>
      <legend className="visually-hidden">How both texts are drawn</legend>
      <span className={styles.pairOf}>
        <NumberField
          label="seed"
          value={seed}
          min={0}
          max={0xffff_ffff}
          step={1}
          width="92px"
          onChange={(value) => onChange({ seed: value })}
        />
        <IconButton label="Another seed" size="s" onClick={() => onChange({ seed: Math.floor(Math.random() * 10_000) })}>
          ⟳
        </IconButton>
      </span>
      <NumberField
        label="temperature"
        value={temperature}
        min={0}
        max={10}
        step={0.1}
        onChange={(value) => onChange({ temperature: value })}
      />
      <NumberField label="top-p" value={topP} min={0} max={1} step={0.05} onChange={(value) => onChange({ topP: value })} />
      <NumberField
        label="repetition penalty"
        value={repetitionPenalty}
        min={0.1}
        max={10}
        step={0.1}
        onChange={(value) => onChange({ repetitionPenalty: value })}
      />
      <NumberField
        label="tokens"
        value={maxNewTokens}
        min={1}
        max={4096}
        step={1}
        onChange={(value) => onChange({ maxNewTokens: value })}
      />
    </fieldset>
  );
}
