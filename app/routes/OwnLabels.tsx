import { useMemo, useState, type ReactElement } from 'react';
import { featureRefKey, type OwnLabel } from '../../core/lists/index.ts';
import { featureLink } from '../../core/share/feature-address.ts';
import { setLabel, useLabels } from '../state/labels.ts';
import { offer } from '../state/notices.ts';
import { Button } from '../ui/Button.tsx';
import { TextField } from '../ui/Field.tsx';
import { Table, type Column } from '../ui/Table.tsx';
import { plural } from '../views/numbers.ts';
import { siteShort } from '../views/sites.ts';
import page from './Lists.module.css';

const SHOWN = 200;

const COLUMNS: readonly Column<OwnLabel>[] = [
  { key: 'label', label: 'Label', cell: (label) => <a href={featureLink(label)}>{label.text}</a> },
  {
    key: 'feature',
    label: 'Feature',
    cell: ({ model, sae, feature }) => (
      <span className={page.id}>
        {model} · {siteShort(sae)} · {feature}
      </span>
    ),
  },
  { key: 'note', label: 'Note', cell: ({ note }) => <span className={page.short}>{note.split('\n')[0]}</span> },
  {
    key: 'remove',
    label: <span className="visually-hidden">Remove</span>,
    cell: (label) => (
      <Button size="s" variant="quiet" aria-label={`Remove the label “${label.text}”`} onClick={() => remove(label)}>
        Remove
      </Button>
    ),
  },
];

/** Every feature that the reader has named. */
export function OwnLabels(): ReactElement {
  const labels = useLabels();
  const [typed, setTyped] = useState('');
  const found = useMemo(() => {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    return Object.values(labels)
      .filter((label) =>
        words.every((word) => `${label.text} ${label.note} ${label.sae} ${label.feature}`.toLowerCase().includes(word)),
      )
      .sort((a, b) => b.at - a.at || a.text.localeCompare(b.text));
  }, [labels, typed]);
  const all = Object.keys(labels).length;
  return (
    <section aria-labelledby="own-labels">
      <h2 id="own-labels">Labels</h2>
      {all === 0 ? (
        <p className={page.empty}>
          You have not named a feature yet. A label given on a feature’s page stands wherever the feature is shown.
        </p>
      ) : (
        <>
          <div className={page.filter}>
            <TextField
              label="Filter labels"
              hideLabel
              type="search"
              placeholder={`Among ${plural(all, 'label')}`}
              value={typed}
              onChange={setTyped}
            />
          </div>
          <Table
            caption="Your labels"
            columns={COLUMNS}
            rows={found.slice(0, SHOWN)}
            rowKey={featureRefKey}
            empty="No label holds that."
          />
          {found.length > SHOWN && (
            <p className={page.faint}>
              The newest {SHOWN} of {found.length}.
            </p>
          )}
        </>
      )}
    </section>
  );
}

function remove(label: OwnLabel): void {
  void setLabel(label, '').then(() =>
    offer(`The label “${label.text}” is removed.`, { label: 'Undo', run: () => void setLabel(label, label.text, label.note) }),
  );
}
