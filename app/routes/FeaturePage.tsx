import { Suspense, useEffect, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { FEATURE_LAB, featureLink } from '../../core/share/feature-address.ts';
import { experiments, preferences } from '../shell/app.ts';
import { ErrorBoundary } from '../shell/ErrorBoundary.tsx';
import { forgetFailedLoads } from '../shell/labs.ts';
import { HubGate } from './HubGate.tsx';
import { BadLink, LabPanel, PanelSkeleton } from './LabPage.tsx';
import { NoDictionaries } from './NoDictionaries.tsx';

/** Milliseconds after which a feature counts as looked at, and not as passed on the way to another. */
const LOOKED_AT = 1_000;

function remember(): void {
  const spec = experiments.store.getState().drafts[FEATURE_LAB]?.spec;
  const [sae] = spec?.saes ?? [];
  if (spec && sae !== undefined)
    preferences.visit(featureLink({ model: spec.model, sae, feature: Number(spec.params['feature'] ?? 0) }));
}

/** A dashboard: the lab without its question above it, as the panel's heading is the feature's name. */
export default function FeaturePage(): ReactElement {
  const name = useStore(experiments.store, ({ drafts }) => {
    const spec = drafts[FEATURE_LAB]?.spec;
    const feature = (spec?.params as { readonly feature?: number } | undefined)?.feature;
    return spec ? `${feature ?? 0} · ${spec.saes?.[0] ?? ''} · ${spec.model}` : null;
  });
  useEffect(() => {
    document.title = name === null ? 'Vitrine' : `Feature ${name} · Vitrine`;
    if (name === null) return;
    const looked = setTimeout(remember, LOOKED_AT);
    return () => clearTimeout(looked);
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
