import { useMemo, type ReactElement } from 'react';
import type { DashboardExample } from '../../../core/dashboards/types.ts';
import { ErrorNotice } from '../../../app/ui/Notice.tsx';
import { Waiting } from '../../../app/views/Waiting.tsx';
import type { DashboardContext } from './panel.tsx';
import { Sources } from './Sources.tsx';
import { useTextRun, type TextAsk } from './use-text-run.tsx';

export interface ExampleSourcesProps {
  readonly context: DashboardContext;
  readonly example: DashboardExample;
}

/** Where the feature's value at an example's token comes from: read anew by the model, on that text alone. */
export function ExampleSources({ context, example }: ExampleSourcesProps): ReactElement | null {
  const { feature, bosId, file } = context;
  const ask = useMemo(
    (): TextAsk => ({ prompts: [{ tokens: example.tokens.map(({ id }) => id) }], params: { at: example.position } }),
    [example],
  );
  const { result, stale, error, run } = useTextRun('feature-dashboard/example', context, ask);
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
