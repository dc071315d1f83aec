import { useState, type ReactElement } from 'react';
import { featureLink } from '../../../core/share/feature-address.ts';
import { MAX_STRENGTH } from '../../../core/share/steer-link.ts';
import { Button, IconButton } from '../../../app/ui/Button.tsx';
import { Select } from '../../../app/ui/Field.tsx';
import { NumberField } from '../../../app/ui/NumberField.tsx';
import { StrengthSlider } from '../../../app/views/StrengthSlider.tsx';
import { FeatureName } from './FeatureName.tsx';
import { exactly, steerName, steerPlace, strengthText, type NameOf } from './words.tsx';
import type { SteerFacts } from '../result.ts';
import type { Steer, SteerPositions } from '../spec.ts';
import { ContrastEditor } from './ContrastEditor.tsx';
import styles from './steering.module.css';

export interface SteerRowProps {
  readonly model: string;
  readonly steer: Steer;
  readonly nameOf: NameOf;
  readonly facts: SteerFacts | null;
  readonly hookOf: (sae: string) => string;
  readonly onStrength: (strength: number) => void;
  readonly onChange: (change: (steer: Steer) => Steer) => void;
  readonly onRemove: () => void;
}

/** One hand on the dial: its strength, where and how it acts, and in words exactly what it adds. */
export function SteerRow({ model, steer, nameOf, facts, hookOf, onStrength, onChange, onRemove }: SteerRowProps): ReactElement {
  const [editing, setEditing] = useState(false);
  const name = steerName(steer, nameOf);
  return (
    <li className={styles.steer} data-muted={steer.muted || undefined}>
      <div className={styles.line}>
        <span className={styles.name}>
          {steer.kind === 'feature' ? (
            <FeatureName
              href={featureLink({ model, sae: steer.sae, feature: steer.feature })}
              name={nameOf(steer.sae, steer.feature)}
            />
          ) : (
            <button type="button" className={styles.link} aria-expanded={editing} onClick={() => setEditing(!editing)}>
              {name}
            </button>
          )}{' '}
          <span className={styles.place}>{steerPlace(steer, hookOf)}</span>
        </span>
        <StrengthSlider
          label={name}
          value={steer.strength}
          valueText={strengthText(steer)}
          disabled={steer.muted}
          onChange={onStrength}
        />
        <span className={styles.amount}>
          <NumberField
            label={`Strength of ${name}, number`}
            hideLabel
            value={steer.strength}
            min={-MAX_STRENGTH}
            max={MAX_STRENGTH}
            step={0.1}
            onChange={onStrength}
          />
          <span className={styles.unit}>× {steer.kind === 'feature' ? 'max' : 'v'}</span>
          <IconButton label={`Set the strength of ${name} to 0`} size="s" onClick={() => onStrength(0)}>
            ↺
          </IconButton>
        </span>
        <span className={styles.actions}>
          <Button
            size="s"
            variant="quiet"
            aria-pressed={steer.muted}
            onClick={() => onChange((s) => ({ ...s, muted: !s.muted }))}
          >
            {steer.muted ? 'Unmute' : 'Mute'}
          </Button>
          <IconButton label={`Remove ${name}`} size="s" onClick={onRemove}>
            ×
          </IconButton>
        </span>
      </div>
      <div className={styles.how}>
        <Select<SteerPositions>
          label="At"
          inline
          value={steer.positions}
          options={[
            { value: 'all', label: 'every token' },
            { value: 'prompt', label: 'prompt only' },
            { value: 'generated', label: 'new tokens only' },
            { value: 'answer', label: 'end of the instruction on' },
          ]}
          onChange={(positions) => onChange((s) => ({ ...s, positions }))}
        />
        {steer.kind === 'feature' && (
          <Select<'add' | 'clamp'>
            label="How"
            inline
            value={steer.mode}
            options={[
              { value: 'add', label: 'add' },
              { value: 'clamp', label: 'set (clamp)' },
            ]}
            onChange={(mode) => onChange((s) => (s.kind === 'feature' ? { ...s, mode } : s))}
          />
        )}
        <p className={styles.exactly}>{steer.muted ? 'Muted: adds nothing.' : exactly(steer, hookOf, facts)}</p>
      </div>
      {editing && steer.kind === 'contrast' && (
        <ContrastEditor steer={steer} onChange={(next) => onChange(() => next)} onClose={() => setEditing(false)} />
      )}
    </li>
  );
}
