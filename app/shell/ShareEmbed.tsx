import { use, useState, type ReactElement } from 'react';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import { DASHBOARD_PARTS, FEATURE_LAB, type DashboardPart } from '../../core/share/feature-address.ts';
import type { LabPart } from '../state/lab-panel.ts';
import { Button } from '../ui/Button.tsx';
import { Disclosure } from '../ui/Disclosure.tsx';
import { Select, TextField } from '../ui/Field.tsx';
import { heldHere } from '../state/hub.ts';
import { hub, SITE } from './app.ts';
import styles from './Dialogs.module.css';
import { loadView } from './labs.ts';
import { embedCode, embedUrl, fitScript, type EmbedOptions } from './share-parts.ts';

export interface EmbedPartProps {
  readonly spec: ExperimentSpec;
  readonly title: string;
  readonly copy: (text: string, what: string) => void;
}

const DASHBOARD: Readonly<Record<DashboardPart, string>> = {
  meaning: 'What it means',
  test: 'Text to test it on',
  writes: 'What it writes',
  often: 'How often, how strongly',
  near: 'What it is near',
  weights: 'What it is made of',
  examples: 'Examples',
  steer: 'Steering',
};
const LOWEST = 120;
const HIGHEST = 4_000;

/** Code for other pages, with its options and a live preview. */
export function EmbedPart({ spec, title, copy }: EmbedPartProps): ReactElement {
  const view = use(loadView(spec.lab));
  const known =
    spec.lab === FEATURE_LAB ? DASHBOARD_PARTS.map((id): LabPart => ({ id, label: DASHBOARD[id] })) : (view.parts ?? []);
  const [options, setOptions] = useState<EmbedOptions>({
    height: 560,
    theme: 'system',
    parts: null,
    held: heldHere(hub.store.getState(), spec.model),
  });
  const [height, setHeight] = useState('560');
  const shown = options.parts ?? known.map(({ id }) => id);
  const toggle = (part: string): void => {
    const next = known.map(({ id }) => id).filter((id) => (id === part ? !shown.includes(id) : shown.includes(id)));
    // An embed of nothing is no embed.
    if (next.length > 0) setOptions({ ...options, parts: next.length === known.length ? null : next });
  };
  const code = embedCode(SITE, spec, `Vitrine: ${title}`, options);
  return (
    <div className={styles.stack}>
      <div className={styles.row}>
        <Select
          label="Theme"
          value={options.theme}
          options={[
            { value: 'system', label: 'As the reader’s system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
          onChange={(theme) => setOptions({ ...options, theme })}
        />
        <TextField
          label="Height, pixels"
          type="number"
          min={LOWEST}
          max={HIGHEST}
          value={height}
          onChange={(text) => {
            setHeight(text);
            setOptions({ ...options, height: Math.min(HIGHEST, Math.max(LOWEST, Math.round(Number(text)) || LOWEST)) });
          }}
        />
      </div>
      {known.length > 1 && (
        <fieldset className={styles.parts}>
          <legend>Parts</legend>
          {known.map(({ id, label }) => (
            <label key={id}>
              <input type="checkbox" checked={shown.includes(id)} onChange={() => toggle(id)} /> {label}
            </label>
          ))}
        </fieldset>
      )}
      <pre className={styles.code}>{code}</pre>
      <div>
        <Button variant="primary" onClick={() => copy(code, 'Embed code')}>
          Copy
        </Button>
      </div>
      <p className={styles.note}>
        It shows the recorded result where there is one, and downloads no weights until its Run button is pressed. It tells the
        page around it its height (message “vitrine:height”), and nothing else.
      </p>
      <Disclosure title="Fit the frame to what is in it">
        <pre className={styles.code}>{fitScript(SITE)}</pre>
        <Button size="s" onClick={() => copy(fitScript(SITE), 'Script')}>
          Copy the script
        </Button>
      </Disclosure>
      <div className={styles.preview}>
        {/* The page's own view, so there is nothing to keep it from. A change of the fragment alone would not load it anew. */}
        {/* oxlint-disable-next-line react/iframe-missing-sandbox */}
        <iframe
          key={embedUrl(SITE, spec, options)}
          title="Preview of the embed"
          src={embedUrl(SITE, spec, options)}
          height={options.height}
        />
      </div>
    </div>
  );
}
