import type { ReactElement } from 'react';
import type { DashboardOrigin, StaleReason } from '../../../core/dashboards/types.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { Notice } from '../../../app/ui/Notice.tsx';
import { count, plural } from '../../../app/views/numbers.ts';
import type { DashboardContext } from './panel.tsx';
import styles from './dashboard.module.css';

const REASONS: Readonly<Record<StaleReason, string>> = {
  model: 'the model has other weights now',
  sae: 'the dictionary has other weights now',
  quantization: 'the weights are run in another precision',
  text: 'the curriculum writes other documents now',
  generator: 'it was made by an earlier version of the method',
};
const MOST = 4_096;
const WHY: Readonly<Record<Extract<DashboardOrigin, { readonly kind: 'computed' }>['why'], string>> = {
  asked: 'Computed',
  'none-stored': 'Nothing is stored of this dictionary, so it was computed',
  unreachable: 'The stored dashboard could not be fetched, so it was computed',
};

/** Whether the numbers are those that came with the site, computed here, or out of date; and the way to others. */
export function Origin({ context }: { readonly context: DashboardContext }): ReactElement {
  const { dashboard, compute, spec } = context;
  const { origin, corpus } = dashboard;
  const text = `${plural(corpus.documents, 'document')} (${count(corpus.tokens)} tokens, BOS left out)`;
  if (origin.kind === 'stored' && origin.stale.length > 0)
    return (
      <Notice
        tone="warn"
        title="This dashboard is out of date"
        actions={
          <Button size="s" onClick={() => compute(spec.params.documents)}>
            Compute it in this tab
          </Button>
        }
      >
        It was stored when things were different: {origin.stale.map((reason) => REASONS[reason]).join('; ')}.
      </Notice>
    );
  if (origin.kind === 'stored')
    return (
      <p className={styles.note}>
        Stored with the site, computed by the same engine on {text}.{' '}
        <button type="button" className={styles.link} onClick={() => compute(spec.params.documents)}>
          Compute it in this tab
        </button>{' '}
        on {plural(spec.params.documents, 'document')} of the same text.
      </p>
    );
  const more = Math.min(MOST, spec.params.documents * 2);
  return (
    <p className={styles.note}>
      {WHY[origin.why]} in this tab on {text}, the nearest features of other dictionaries left out.{' '}
      {more > spec.params.documents && (
        <button type="button" className={styles.link} onClick={() => compute(more)}>
          Compute it on {count(more)} documents
        </button>
      )}
    </p>
  );
}
