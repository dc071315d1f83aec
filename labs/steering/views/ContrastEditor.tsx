import { useState, type ReactElement } from 'react';
import type { HookName } from '../../../core/hooks.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { Toggle } from '../../../app/ui/Segmented.tsx';
import { Select, TextArea, TextField } from '../../../app/ui/Field.tsx';
import type { Steer } from '../spec.ts';
import { NumberField } from '../../../app/ui/NumberField.tsx';
import styles from './steering.module.css';

type Contrast = Extract<Steer, { kind: 'contrast' }>;

export interface ContrastEditorProps {
  readonly steer: Contrast;
  /** Places to choose from; absent: the hook stays. */
  readonly hooks?: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (steer: Contrast) => void;
  readonly onClose: () => void;
}

const MAX_PAIRS = 16;

/** Pairs of texts whose difference is a direction; nothing changes before “Use these texts”. */
export function ContrastEditor({ steer, hooks, onChange, onClose }: ContrastEditorProps): ReactElement {
  const [draft, setDraft] = useState(steer);
  const setPair = (i: number, side: 'positive' | 'negative', text: string): void =>
    setDraft({ ...draft, pairs: draft.pairs.map((pair, j) => (j === i ? { ...pair, [side]: text } : pair)) });
  const complete = draft.pairs.every(({ positive, negative }) => positive.trim() !== '' && negative.trim() !== '');
  return (
    <form
      className={styles.editor}
      aria-label="Contrast pair"
      onSubmit={(event) => {
        event.preventDefault();
        if (!complete) return;
        onChange(draft);
        onClose();
      }}
    >
      <p className={styles.note}>
        The direction from the second text of each pair to the first. Both should differ in nothing but what you want to steer.
      </p>
      {draft.pairs.map((pair, i) => (
        <div key={i} className={styles.pair}>
          <TextArea
            label={`Towards${several(draft, i)}`}
            mono
            value={pair.positive}
            maxLength={2000}
            onChange={(t) => setPair(i, 'positive', t)}
          />
          <TextArea
            label={`Away from${several(draft, i)}`}
            mono
            value={pair.negative}
            maxLength={2000}
            onChange={(t) => setPair(i, 'negative', t)}
          />
        </div>
      ))}
      <div className={styles.how}>
        <TextField label="Name" value={draft.label} maxLength={80} onChange={(label) => setDraft({ ...draft, label })} />
        {hooks && (
          <Select
            label="Where"
            value={draft.hook as string}
            options={hooks}
            onChange={(hook) => setDraft({ ...draft, hook: hook as HookName })}
          />
        )}
        <Select<'mean' | 'one'>
          label="Read at"
          value={draft.token === 'mean' ? 'mean' : 'one'}
          options={[
            { value: 'mean', label: 'all tokens, averaged' },
            { value: 'one', label: 'one token' },
          ]}
          onChange={(which) => setDraft({ ...draft, token: which === 'mean' ? 'mean' : -1 })}
        />
        {draft.token !== 'mean' && (
          <NumberField
            label="Token (−1 is the last)"
            value={draft.token}
            min={-8192}
            max={8192}
            step={1}
            onChange={(token) => setDraft({ ...draft, token })}
          />
        )}
      </div>
      <Toggle
        label="equal length: 1 is as long as what it is read from, on average"
        checked={draft.equal === true}
        onChange={(equal) => setDraft({ ...draft, equal: equal ? true : undefined })}
      />
      <div className={styles.buttons}>
        <Button type="submit" disabled={!complete}>
          Use these texts
        </Button>
        <Button
          variant="quiet"
          disabled={draft.pairs.length >= MAX_PAIRS}
          onClick={() => setDraft({ ...draft, pairs: [...draft.pairs, { positive: '', negative: '' }] })}
        >
          + Another pair
        </Button>
        {draft.pairs.length > 1 && (
          <Button variant="quiet" onClick={() => setDraft({ ...draft, pairs: draft.pairs.slice(0, -1) })}>
            Remove the last pair
          </Button>
        )}
        <Button variant="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

const several = ({ pairs }: Contrast, i: number): string => (pairs.length > 1 ? `, pair ${i + 1}` : '');
