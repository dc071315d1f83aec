import { Suspense, useEffect, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { FEATURE_LAB } from '../../core/share/feature-address.ts';
import { experiments } from '../shell/app.ts';
import { ErrorBoundary } from '../shell/ErrorBoundary.tsx';
import { forgetFailedLoads } from '../shell/labs.ts';
import { HubGate } from './HubGate.tsx';
import { BadLink, LabPanel, PanelSkeleton } from './LabPage.tsx';
import { NoDictionaries } from './NoDictionaries.tsx';

/** A dashboard: the lab without its question above it, as the panel's heading is the feature's name. */
export default function FeaturePage(): ReactElement {
  const name = useStore(experiments.store, ({ drafts }) => {
    const spec = drafts[FEATURE_LAB]?.spec;
    const feature = (spec?.params as { readonly feature?: number } | undefined)?.feature;
    return spec ? `${feature ?? 0} · ${spec.saes?.[0] ?? ''} · ${spec.model}` : null;
  });
  useEffect(() => {
    document.title = name === null ? 'Vitrine' : `Feature ${name} · Vitrine`;
  }, [name]);
  return (
    <>
      <BadLink />
      <HubGate lab={FEATURE_LAB} />
      <NoDictionaries lab={FEATURE_LAB} />
      <ErrorBoundary what="This dashboard" onRetry={forgetFailedLoads} resetKey={name ?? ''}>
        <Suspense fallback={<PanelSkeleton />}>
          <LabPanel lab={FEATURE_LAB} />
        </Suspense>
      </ErrorBoundary>
    </>
  );
}
