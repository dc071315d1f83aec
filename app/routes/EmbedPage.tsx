import { Suspense, use, useEffect, useRef, type ReactElement } from 'react';
import { experiments } from '../shell/app.ts';
import { ErrorBoundary } from '../shell/ErrorBoundary.tsx';
import { backendLabel, milliseconds } from '../shell/format.ts';
import { forgetFailedLoads, loadView } from '../shell/labs.ts';
import { labFragment } from '../../core/share/address.ts';
import { ErrorNotice, Notice } from '../ui/Notice.tsx';
import styles from './EmbedPage.module.css';
import { PanelSkeleton } from './LabPage.tsx';
import { usePanel } from './use-panel.ts';

/** A lab without the shell, for an iframe: the recorded result or a Run button. It runs and downloads nothing until asked. */
export function EmbedPage({ lab }: { readonly lab: string }): ReactElement {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element || window.parent === window) return;
    const tell = (): void =>
      window.parent.postMessage({ type: 'vitrine:height', height: Math.ceil(element.getBoundingClientRect().height) }, '*');
    const observer = new ResizeObserver(tell);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <main className={styles.embed} ref={box}>
      <h1 className="visually-hidden">{experiments.definition(lab)?.title ?? 'Vitrine'}</h1>
      <ErrorBoundary what="This lab" onRetry={forgetFailedLoads} resetKey={lab}>
        {experiments.definition(lab) ? (
          <Suspense fallback={<PanelSkeleton />}>
            <EmbeddedPanel lab={lab} />
          </Suspense>
        ) : (
          <Notice title={`There is no lab called “${lab}”`}>
            <a href="#/" target="_top">
              Open Vitrine
            </a>
          </Notice>
        )}
      </ErrorBoundary>
    </main>
  );
}

function EmbeddedPanel({ lab }: { readonly lab: string }): ReactElement | null {
  const { Panel } = use(loadView(lab));
  const panel = usePanel(lab);
  const badLink = experiments.store.getState().badLink;
  if (!panel) return null;
  const { result, running, source, provenance, error, run } = panel;
  return (
    <>
      {badLink && <ErrorNotice error={badLink.error} />}
      <div aria-busy={running} data-source={source ?? 'none'}>
        <Panel {...panel} />
      </div>
      {error && <ErrorNotice error={error} onRetry={run} />}
      <footer className={styles.foot}>
        <span>
          {result === null || !provenance
            ? 'Nothing is downloaded until you press Run.'
            : `${source === 'live' ? 'Live, computed in this frame' : 'Recorded result'}: ${provenance.model.id}, ${backendLabel(provenance.backend)}, ${milliseconds(provenance.milliseconds)}.`}
        </span>
        <a href={link(lab)} target="_blank" rel="noreferrer">
          Open in Vitrine
        </a>
      </footer>
    </>
  );
}

function link(lab: string): string {
  try {
    return labFragment(experiments.minimal(lab));
  } catch {
    return `#/lab/${lab}`;
  }
}
