import { useState, type ReactElement } from 'react';
import type { HookName } from '../../../core/hooks.ts';
import type { TokenText } from '../../../core/tokens.ts';
import type { ModelEntry } from '../../../app/state/catalogue.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { ComboBox } from '../../../app/ui/ComboBox.tsx';
import { Select, TextArea } from '../../../app/ui/Field.tsx';
import { siteName } from '../../../app/views/sites.ts';
import { readVector } from '../lib/vector.ts';
import type { PromptFeatures } from '../result.ts';
import { MAX_STEERS, type Steer } from '../spec.ts';
import { ContrastEditor } from './ContrastEditor.tsx';
import styles from './steering.module.css';
import { useSuggestions } from './suggestions.tsx';
import type { NameOf } from './words.tsx';

export interface AddSteerProps {
  readonly model: ModelEntry | null;
  /** The dictionary to pick from. */
  readonly sae: string | null;
  readonly onSae: (sae: string) => void;
  /** What is strongest on the prompt, of the dictionaries that were read with. */
  readonly features: readonly PromptFeatures[];
  readonly prompt: readonly TokenText[];
  readonly nameOf: NameOf;
  readonly count: number;
  readonly onAdd: (steer: Steer) => void;
}

type Kind = Steer['kind'];

/** Ways to put another hand on the dial. */
export function AddSteer(props: AddSteerProps): ReactElement {
  const { model, sae, count, onAdd } = props;
  const [open, setOpen] = useState<Kind | null>(null);
  const full = count >= MAX_STEERS;
  const hooks = placesOf(model);
  const toggle = (kind: Kind): void => setOpen(open === kind ? null : kind);
  const middle = hooks[Math.floor(hooks.length / 2)]?.value ?? 'blocks.0.hook_resid_post';
  return (
    <div className={styles.add}>
      <div className={styles.buttons}>
        {(['feature', 'contrast', 'vector'] as const).map((kind) => (
          <Button key={kind} disabled={full} aria-expanded={open === kind} onClick={() => toggle(kind)}>
            {NAMES[kind]}
          </Button>
        ))}
        {full && <span className={styles.note}>At most {MAX_STEERS} at once.</span>}
      </div>
      {open === 'feature' && <FeaturePicker {...props} onDone={() => setOpen(null)} />}
      {open === 'contrast' && (
        <ContrastEditor
          hooks={hooks}
          steer={{
            kind: 'contrast',
            hook: (model?.saes.find(({ id }) => id === sae)?.hookName ?? middle) as HookName,
            pairs: [{ positive: '', negative: '' }],
            token: 'mean',
            label: '',
            strength: 1,
            positions: 'all',
            muted: false,
          }}
          onChange={onAdd}
          onClose={() => setOpen(null)}
        />
      )}
      {open === 'vector' && <VectorForm hooks={hooks} hook={middle} onAdd={onAdd} onDone={() => setOpen(null)} />}
    </div>
  );
}

const NAMES: Readonly<Record<Kind, string>> = {
  feature: 'Add a feature',
  contrast: 'Add a contrast pair',
  vector: 'Add a vector',
};

/** The residual stream after each block, and every place that has a dictionary. */
function placesOf(model: ModelEntry | null): { readonly value: string; readonly label: string }[] {
  const layers = Number(model?.config['n_layer'] ?? model?.config['num_hidden_layers'] ?? 0);
  const hooks = new Set([
    ...Array.from({ length: layers }, (_, l) => `blocks.${l}.hook_resid_post`),
    ...(model?.saes.map(({ hookName }) => hookName) ?? []),
  ]);
  return [...hooks].map((hook) => ({ value: hook, label: siteName(hook) }));
}

function FeaturePicker({
  model,
  sae,
  onSae,
  features,
  prompt,
  nameOf,
  onAdd,
  onDone,
}: AddSteerProps & { readonly onDone: () => void }): ReactElement {
  const [typed, setTyped] = useState('');
  const known = features.find((entry) => entry.sae === sae);
  const size = known?.dSae ?? model?.saes.find(({ id }) => id === sae)?.dSae ?? null;
  // A number, alone or as a suggestion has it in front of the name.
  const index = /^\s*(\d+)\s*(?:·|$)/.exec(typed)?.[1];
  const feature = index === undefined ? null : Number(index);
  const good = sae !== null && feature !== null && (size === null || feature < size);
  const add = (chosen: number): void => {
    if (sae === null) return;
    onAdd({ kind: 'feature', sae, feature: chosen, mode: 'add', strength: 1, positions: 'all', muted: false });
    onDone();
  };
  const items = useSuggestions({ model: model?.id ?? '', sae, size, typed, nameOf, top: known?.top ?? [], prompt });
  return (
    <form
      className={styles.editor}
      aria-label="Feature"
      onSubmit={(event) => {
        event.preventDefault();
        if (good) add(feature);
      }}
    >
      <div className={styles.how}>
        <Select
          label="Dictionary"
          value={sae ?? ''}
          options={[
            ...(sae === null || !model?.saes.some(({ id }) => id === sae)
              ? [{ value: sae ?? '', label: sae ?? 'choose one' }]
              : []),
            ...(model?.saes.map(({ id, hookName }) => ({ value: id, label: siteName(hookName) })) ?? []),
          ]}
          onChange={onSae}
        />
        <ComboBox
          label={`Feature: its number or a word of its name${known ? ', or one of the strongest on this prompt' : ''}`}
          items={items}
          inputValue={typed}
          onInputChange={setTyped}
          onPick={(id) => setTyped(items.find((item) => item.id === id)?.label ?? id)}
          placeholder={size === null ? 'a number' : `0 … ${size - 1}`}
        />
      </div>
      <div className={styles.buttons}>
        <Button type="submit" disabled={!good}>
          Add
        </Button>
        <Button variant="quiet" onClick={onDone}>
          Cancel
        </Button>
        {feature === null && typed.trim() !== '' && (
          <span className={styles.note}>
            {items.length > 0 ? 'Pick one of the list.' : 'No feature of this dictionary is called anything like that.'}
          </span>
        )}
        {feature !== null && !good && size !== null && (
          <span className={styles.wrong}>
            This dictionary has features 0 … {size - 1}; there is no {feature}.
          </span>
        )}
      </div>
    </form>
  );
}

interface VectorFormProps {
  readonly hooks: readonly { readonly value: string; readonly label: string }[];
  readonly hook: string;
  readonly onAdd: (steer: Steer) => void;
  readonly onDone: () => void;
}

/** Numbers as they are: `[0.1, -0.2, …]`, or separated by commas, spaces or line breaks. */
function VectorForm({ hooks, hook: first, onAdd, onDone }: VectorFormProps): ReactElement {
  const [hook, setHook] = useState(first);
  const [typed, setTyped] = useState('');
  const values = readVector(typed);
  return (
    <form
      className={styles.editor}
      aria-label="Vector"
      onSubmit={(event) => {
        event.preventDefault();
        if (values === null) return;
        onAdd({ kind: 'vector', hook: hook as HookName, values, label: '', strength: 1, positions: 'all', muted: false });
        onDone();
      }}
    >
      <Select label="Where" value={hook} options={hooks} onChange={setHook} />
      <TextArea
        label="Numbers, one for each direction of the stream"
        mono
        rows={3}
        value={typed}
        onChange={setTyped}
        placeholder="[0.12, −0.4, …]"
        problem={typed.trim() !== '' && values === null ? 'Something in it is not a number.' : null}
        hint={values === null ? undefined : `${values.length} numbers`}
      />
      <div className={styles.buttons}>
        <Button type="submit" disabled={values === null}>
          Add
        </Button>
        <Button variant="quiet" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
