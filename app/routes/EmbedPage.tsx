import { lazy, Suspense, use, useEffect, useMemo, useRef, type ReactElement } from 'react';
import { useStore } from 'zustand';
import type { Progress } from '../../core/protocol/messages.ts';
import { specFragment } from '../../core/share/address.ts';
import { experiments, hub } from '../shell/app.ts';
import { ErrorBoundary } from '../shell/ErrorBoundary.tsx';
import { backendLabel, milliseconds } from '../shell/format.ts';
import { forgetFailedLoads, loadView } from '../shell/labs.ts';
import { usePlace } from '../shell/use-place.ts';
import type { EmbedPlace } from '../state/address.ts';
import { Parts, readParts } from '../state/embed-parts.tsx';
import { mayRun } from '../state/hub.ts';
import { otherwiseHeld } from '../state/link-held.ts';
import type { LabPanelProps } from '../state/lab-panel.ts';
import { Button } from '../ui/Button.tsx';
import { ErrorNotice, Notice } from '../ui/Notice.tsx';
import styles from './EmbedPage.module.css';
import { HubGate } from './HubGate.tsx';
import { PanelSkeleton } from './LabPage.tsx';
import { usePanel, useProgress } from './use-panel.ts';

const EmbeddedFeatures = lazy(() => import('./EmbeddedFeatures.tsx'));
const EmbeddedLists = lazy(() => import('./EmbeddedLists.tsx'));

/** A view without the shell, for an iframe: of a lab the recorded result or a Run button. It runs and downloads nothing until asked. */
export function EmbedPage({ place }: { readonly place: EmbedPlace }): ReactElement {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element || window.parent === window) return;
    // To any page, as no one knows which it will be: a height tells nothing of what is asked or answered in here.
    const tell = (): void =>
      window.parent.postMessage({ type: 'vitrine:height', height: Math.ceil(element.getBoundingClientRect().height) }, '*');
    const observer = new ResizeObserver(tell);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    document.addEventListener('click', leaveBeside);
    return () => document.removeEventListener('click', leaveBeside);
  }, []);
  return (
    <main className={styles.embed} ref={box}>
      <ErrorBoundary what="This view" onRetry={forgetFailedLoads} resetKey={location.hash}>
        <Suspense fallback={<PanelSkeleton />}>
          <View place={place} />
        </Suspense>
      </ErrorBoundary>
    </main>
  );
}

function View({ place }: { readonly place: EmbedPlace }): ReactElement {
  if (place.page === 'embed-features') return <EmbeddedFeatures place={place} />;
  if (place.page === 'embed-lists') return <EmbeddedLists key={place.packed} packed={place.packed} />;
  const definition = experiments.definition(place.lab);
  if (!definition)
    return (
      <>
        <h1 className="visually-hidden">Not found</h1>
        <Notice title={`There is no lab called “${place.lab}”`}>
          <a href="#/">Open Vitrine</a>
        </Notice>
      </>
    );
  return (
    <>
      <h1 className="visually-hidden">{definition.title}</h1>
      <EmbeddedPanel lab={place.lab} />
    </>
  );
}

/** A link that leads out of the embed opens beside the page around it: in its place it would be a whole app in a frame. */
function leaveBeside({ target, defaultPrevented }: MouseEvent): void {
  const link = target instanceof Element ? target.closest('a') : null;
  if (defaultPrevented || !link || !link.hasAttribute('href') || link.target !== '' || link.hasAttribute('download')) return;
  link.target = '_blank';
  link.rel = 'noreferrer';
}

function EmbeddedPanel({ lab }: { readonly lab: string }): ReactElement | null {
  const { Panel, parts = [] } = use(loadView(lab));
  const place = usePlace();
  const panel = usePanel(lab);
  const progress = useProgress(lab);
  const view = useMemo(() => panel && <Panel {...panel} />, [Panel, panel]);
  const waits = useStore(hub.store, (state) => panel !== null && !mayRun(state, panel.spec.model));
  const badLink = experiments.store.getState().badLink;
  if (!panel) return null;
  const { running, source, error, run, stop } = panel;
  return (
    <>
      {badLink && <ErrorNotice error={badLink.error} />}
      <HubGate lab={lab} onHere={run} />
      <div aria-busy={running} data-source={source ?? 'none'}>
        <Parts shown={'options' in place ? readParts(place.options, parts) : null}>{view}</Parts>
      </div>
      {error && <ErrorNotice error={error} onRetry={run} />}
      <footer className={styles.foot}>
        <span>
          {waits ? 'Nothing is downloaded until you have seen how large it is and confirmed it.' : sentence(panel, progress)}
        </span>
        {running ? (
          <Button size="s" onClick={stop}>
            Stop it
          </Button>
        ) : (
          source !== 'live' &&
          !waits && (
            <Button size="s" onClick={run}>
              Run it here
            </Button>
          )
        )}
        <a href={link(lab)} target="_blank" rel="noreferrer">
          Open in Vitrine
        </a>
      </footer>
    </>
  );
}

function sentence({ running, result, provenance, source, stale }: LabPanelProps, progress: Progress | null): string {
  if (running && progress?.unit === 'bytes')
    return `${progress.phase.charAt(0).toUpperCase()}${progress.phase.slice(1)}: ${(progress.done / 1e6).toFixed(1)} of ${(progress.total / 1e6).toFixed(1)} MB.`;
  if (running) return 'Working.';
  if (result === null || !provenance) return 'Nothing is downloaded until you press Run.';
  if (stale) return 'This answers what was asked before. Run to get the new answer.';
  const what = source === 'live' ? 'Live, computed in this browser' : 'Recorded result';
  const time = provenance.milliseconds > 0 ? `, ${milliseconds(provenance.milliseconds)}` : '';
  return `${what}: ${provenance.model.id}, ${backendLabel(provenance.backend)}${time}.${otherwiseHeld(provenance)}`;
}

function link(lab: string): string {
  try {
    return specFragment(experiments.minimal(lab));
  } catch {
    return `#/lab/${lab}`;
  }
}
