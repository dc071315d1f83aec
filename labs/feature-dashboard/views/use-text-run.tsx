import { useMemo } from 'react';
import { useSideRun, type SideRun } from '../../../app/state/side-run.ts';
import type { ExperimentSpec } from '../../../core/spec/index.ts';
import type { DashboardChunk, DashboardResult } from '../result.ts';
import type { FeatureContext } from './panel.tsx';

/** Which texts are read, and what of the feature is asked of them. */
export interface TextAsk {
  readonly prompts: ExperimentSpec['prompts'];
  readonly params: ExperimentSpec['params'];
}

/**
 * Reads texts with the feature of a dashboard, beside the panel's own run.
 * @param place  see `useSideRun`
 * @param ask    the same object while the question is the same
 */
export function useTextRun(
  place: `feature-dashboard/${string}`,
  { spec: { model }, sae, feature }: Pick<FeatureContext, 'spec' | 'sae' | 'feature'>,
  ask: TextAsk,
): SideRun<DashboardResult, DashboardChunk> {
  const spec = useMemo(
    (): ExperimentSpec => ({
      v: 1,
      lab: 'feature-dashboard',
      labV: 1,
      model,
      saes: [sae],
      prompts: ask.prompts,
      params: { ...ask.params, feature, mode: 'text' },
    }),
    [model, sae, feature, ask],
  );
  return useSideRun<DashboardResult, DashboardChunk>(place, spec, true);
}
