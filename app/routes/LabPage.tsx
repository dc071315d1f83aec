import { Suspense, use, useMemo, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { experiments } from '../shell/app.ts';
import { ErrorBoundary } from '../shell/ErrorBoundary.tsx';
import { forgetFailedLoads, loadView } from '../shell/labs.ts';
import { nameOf } from '../shell/switch-model.ts';
import { HOME_LAB } from '../state/address.ts';
import { Button } from '../ui/Button.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { ErrorNotice } from '../ui/Notice.tsx';
import { Examples } from './Examples.tsx';
import { HOME_HEADING } from './headings.ts';
import { HubGate } from './HubGate.tsx';
import { HomeSections } from './HomeSections.tsx';
import styles from './LabPage.module.css';
import { NoDictionaries } from './NoDictionaries.tsx';
import { ResultLine } from './ResultLine.tsx';
import { SourceTag } from './SourceTag.tsx';
import { usePanel, useProgress } from './use-panel.ts';

/** A lab with its whole experiment; the start page is the first of them, with a headline and the questions one can ask. */
export function LabPage({ lab }: { readonly lab: string }): ReactElement {
  const definition = experiments.definition(lab);
  const home = lab === HOME_LAB;
  return (
    <>
      <h1>{home ? HOME_HEADING.title : definition?.question}</h1>
      <p className={styles.lead}>{home ? HOME_HEADING.lead : <LabLead lab={lab} />}</p>
      <BadLink />
      <HubGate lab={lab} />
      <NoDictionaries lab={lab} />
      <div className={styles.above}>
        <Examples lab={lab} />
        <SourceTag lab={lab} />
      </div>
      <ErrorBoundary what="This lab" onRetry={forgetFailedLoads} resetKey={lab}>
        <Suspense fallback={<PanelSkeleton />}>
          <LabPanel key={lab} lab={lab} />
        </Suspense>
      </ErrorBoundary>
      {home && <HomeSections lab={lab} />}
    </>
  );
}

function LabLead({ lab }: { readonly lab: string }): ReactElement {
  const model = useStore(experiments.store, ({ drafts }) => drafts[lab]?.spec.model);
  return (
    <>
      {experiments.definition(lab)?.title}, on <a href={`#/models/${model ?? ''}`}>{nameOf(model ?? '')}</a>. It runs in this tab;
      nothing you type leaves it.
    </>
  );
}

/** The panel of a lab, and below it where its numbers come from. */
export function LabPanel({ lab }: { readonly lab: string }): ReactElement | null {
  const { Panel: View } = use(loadView(lab));
  const panel = usePanel(lab);
  const progress = useProgress(lab);
  // Each piece that streams in asks for a render at once, and for one of the new picture when there is time: the first changes nothing.
  const view = useMemo(() => panel && <View {...panel} />, [View, panel]);
  if (!panel) return null;
  return (
    <>
      <div aria-busy={panel.running} data-source={panel.source ?? 'none'}>
        {view}
      </div>
      <ResultLine panel={panel} progress={progress} />
    </>
  );
}

/** Keeps the place of a panel whose code is on its way. */
export function PanelSkeleton(): ReactElement {
  return (
    <div className={styles.skeleton}>
      <Skeleton height="56px" label="Loading the lab" />
      <Skeleton height="40px" width="70%" />
      <Skeleton height="300px" />
    </div>
  );
}

/** What is wrong with the address, where something is. */
export function BadLink(): ReactElement | null {
  const badLink = useStore(experiments.store, (state) => state.badLink);
  const lab = useStore(experiments.store, (state) => state.lab);
  if (!badLink || lab === null) return null;
  const { error, address } = badLink;
  return (
    <div className={styles.badLink}>
      <ErrorNotice error={{ ...error, detail: { address } }} onDismiss={() => experiments.setBadLink(null)}>
        <Button size="s" onClick={() => experiments.openDefaults(lab)}>
          Start from the lab’s first example
        </Button>
      </ErrorNotice>
      <p className={styles.note}>
        Below is what you had here before, or else the lab’s first example. Nothing you typed was changed.
      </p>
    </div>
  );
}
