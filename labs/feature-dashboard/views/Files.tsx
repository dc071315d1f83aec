import type { ReactElement } from 'react';
import { plainResult } from '../../../core/protocol/wire-tensor.ts';
import { saveFile } from '../../../app/charts/export/save.ts';
import { useLabel } from '../../../app/state/labels.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { Disclosure } from '../../../app/ui/Disclosure.tsx';
import { neuronpediaFeature, saeDashboardBatch, vectorFile } from '../lib/saedashboard.ts';
import type { DashboardContext } from './panel.tsx';
import styles from './dashboard.module.css';

/** The dashboard as files: everything in our own form, and in the forms that other tools read. */
export function Files({ context }: { readonly context: DashboardContext }): ReactElement {
  const { dashboard, file, provenance, spec, sae, feature } = context;
  const label = useLabel({ model: spec.model, sae, feature });
  const save = (name: string, value: unknown): void =>
    saveFile(`${file}${name}.json`, `${JSON.stringify(value)}\n`, 'application/json');
  return (
    <Disclosure title="Files">
      <div className={styles.files}>
        <Button size="s" onClick={() => save('', { provenance, label, dashboard: plainResult(dashboard) })}>
          JSON, everything
        </Button>
        {dashboard.weights && (
          <Button size="s" onClick={() => save('-vector', vectorFile(dashboard))}>
            Vector (decoder row)
          </Button>
        )}
        <Button size="s" onClick={() => save('-saedashboard', saeDashboardBatch(dashboard))}>
          JSON as SAEDashboard writes it
        </Button>
        <Button size="s" onClick={() => save('-neuronpedia', neuronpediaFeature(dashboard, label))}>
          JSON as Neuronpedia answers
        </Button>
      </div>
      <p className={styles.note}>
        Below each picture: CSV, SVG and PNG. In the foreign forms, what this dashboard does not hold
        {dashboard.correlations === null && ' (correlations)'} is an empty list, logit effects are the raw ones, and the random
        sample has no place.
      </p>
    </Disclosure>
  );
}
