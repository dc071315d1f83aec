import type { ReactElement } from 'react';
import { openDialog } from '../shell/dialogs.ts';
import { backendLabel, milliseconds } from '../shell/format.ts';
import styles from './LabPage.module.css';
import { usePanel } from './use-panel.ts';

/** Recorded or live, in a word, beside the examples; a press says how it was computed. */
export function SourceTag({ lab }: { readonly lab: string }): ReactElement | null {
  const panel = usePanel(lab);
  if (!panel) return null;
  const { source, provenance, running, stale } = panel;
  const state = running ? 'working' : (source ?? 'none');
  return (
    <button
      type="button"
      className={styles.source}
      data-state={state}
      data-tip="How was this computed?"
      onClick={() => openDialog('provenance')}
    >
      <i aria-hidden="true" />
      {word(running, stale, source)}
      {!running && !stale && provenance && ` · ${backendLabel(provenance.backend)}`}
      {!running && !stale && provenance && provenance.milliseconds > 0 && ` · ${milliseconds(provenance.milliseconds)}`}
    </button>
  );
}

function word(running: boolean, stale: boolean, source: 'recorded' | 'live' | null): string {
  if (running)
    return source === null ? 'Working' : `${source === 'recorded' ? 'Recorded' : 'Earlier'} result, new one on its way`;
  if (stale) return 'Answers the question before';
  if (source === null) return 'Not run yet';
  return source === 'recorded' ? 'Recorded' : 'Live';
}
