import { useEffect, useRef, useState, type ReactElement } from 'react';
import { openDialog } from '../shell/dialogs.ts';
import { backendLabel, milliseconds } from '../shell/format.ts';
import type { Progress } from '../../core/protocol/messages.ts';
import type { LabPanelProps } from '../state/lab-panel.ts';
import { otherwiseHeld } from '../state/link-held.ts';
import { Button } from '../ui/Button.tsx';
import { ErrorNotice } from '../ui/Notice.tsx';
import styles from './LabPage.module.css';

export interface ResultLineProps {
  readonly panel: LabPanelProps;
  readonly progress: Progress | null;
}

/** Below every picture: whether it is recorded or live, what works now, what failed, and the ways deeper. */
export function ResultLine({ panel, progress }: ResultLineProps): ReactElement {
  const { running, error, result, run } = panel;
  const sentence = running ? workingSentence(panel, progress) : sourceSentence(panel);
  const share = progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : null;
  return (
    <>
      {error && (
        <div style={{ marginTop: 20 }}>
          <ErrorNotice error={error} onRetry={run} />
        </div>
      )}
      <div className={styles.result}>
        {running && share !== null && (
          <div className={styles.meter} aria-hidden="true">
            <i style={{ width: `${share * 100}%` }} />
          </div>
        )}
        <p>{sentence}</p>
        <div className={styles.actions}>
          {!running && panel.source === 'recorded' && !panel.stale && (
            <Button size="s" onClick={run}>
              Run it here
            </Button>
          )}
          {result !== null && (
            <Button size="s" variant="quiet" onClick={() => openDialog('provenance')}>
              How was this computed?
            </Button>
          )}
          <Button size="s" variant="quiet" onClick={() => openDialog('explain')}>
            Explain
          </Button>
        </div>
        <Announcer text={sentence} />
      </div>
    </>
  );
}

function sourceSentence({ result, stale, source, provenance }: LabPanelProps): string {
  if (result === null || !provenance) return 'Nothing was run yet.';
  // What was stored for all features at once has no time of its own.
  const time = provenance.milliseconds > 0 ? ` in ${milliseconds(provenance.milliseconds)}` : '';
  const where = `on ${backendLabel(provenance.backend)}${time}`;
  if (stale) return 'This answers what you asked before. Run to get the new answer.';
  const what =
    source === 'live' ? `Live: computed in this tab, ${where}.` : `Recorded result, made with the same engine ${where}.`;
  return what + otherwiseHeld(provenance);
}

function workingSentence({ result, stale, source }: LabPanelProps, progress: Progress | null): string {
  const before =
    result === null
      ? ''
      : stale
        ? ' Until then, the answer before.'
        : source === 'recorded'
          ? ' Until then, the recorded result.'
          : '';
  if (!progress) return `Working.${before}`;
  const { phase, done, total, unit } = progress;
  const amount =
    unit === 'bytes' ? `${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB` : `${done} of ${total} ${unit}`;
  return `${phase.charAt(0).toUpperCase()}${phase.slice(1)}: ${total > 0 ? amount : `${done} ${unit}`}.${before}`;
}

/** Says the newest sentence to a screen reader, at most one in two seconds. */
function Announcer({ text }: { readonly text: string }): ReactElement {
  const [said, setSaid] = useState('');
  const at = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, at.current + 2_000 - Date.now());
    const timer = setTimeout(() => {
      at.current = Date.now();
      setSaid(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return <output className="visually-hidden">{said}</output>;
}
