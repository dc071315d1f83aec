import { useMemo, type ReactElement } from 'react';
import type { DashboardExample } from '../../../core/dashboards/types.ts';
import type { ExperimentSpec } from '../../../core/spec/index.ts';
import { useSideRun } from '../../../app/state/side-run.ts';
import { ErrorNotice } from '../../../app/ui/Notice.tsx';
import { Waiting } from '../../../app/views/Waiting.tsx';
import type { DashboardChunk, DashboardResult } from '../result.ts';
import type { DashboardContext } from './panel.tsx';
import { Sources } from './Sources.tsx';

export interface ExampleSourcesProps {
  readonly context: DashboardContext;
  readonly example: DashboardExample;
}

/** Where the feature's value at an example's token comes from: read anew by the model, on that text alone. */
export function ExampleSources({ context, example }: ExampleSourcesProps): ReactElement | null {
  const { spec, sae, feature, bosId, file } = context;
  const { model } = spec;
  const asked = useMemo(
    (): ExperimentSpec => ({
      v: 1,
      lab: 'feature-dashboard',
      labV: 1,
      model,
      saes: [sae],
      prompts: [{ tokens: example.tokens.map(({ id }) => id) }],
      params: { feature, mode: 'text', at: example.position },
    }),
    [model, sae, feature, example],
  );
  const { result, stale, error, run } = useSideRun<DashboardResult, DashboardChunk>('feature-dashboard/example', asked, true);
  const text = stale ? null : (result?.texts[0] ?? null);
  if (error) return <ErrorNotice error={error} onRetry={run} />;
  if (!text?.sources) return <Waiting label="The model reads this text" rows={4} />;
  return (
    <Sources
      tokens={text.tokens}
      sources={text.sources}
      bosId={bosId}
      name={`feature ${feature}`}
      file={`${file}-document-${example.document}`}
    />
  );
}
