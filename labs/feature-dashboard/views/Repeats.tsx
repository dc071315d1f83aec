import { useMemo, type ReactElement } from 'react';
import type { DashboardExample } from '../../../core/dashboards/types.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import { ErrorNotice } from '../../../app/ui/Notice.tsx';
import { ExampleList } from '../../../app/views/ExampleList.tsx';
import { count, plural } from '../../../app/views/numbers.ts';
import { Waiting } from '../../../app/views/Waiting.tsx';
import { sourceOf } from './example-items.tsx';
import type { DashboardContext } from './panel.tsx';
import { useTextRun, type TextAsk } from './use-text-run.tsx';
import styles from './dashboard.module.css';

export interface RepeatsProps {
  readonly context: DashboardContext;
  readonly example: DashboardExample;
}

/** The texts that are folded under an example: looked for in the corpus, and read by the model, when asked for. */
export function Repeats({ context, example }: RepeatsProps): ReactElement {
  const { bosId, dashboard } = context;
  const { view } = context.spec;
  const { documents } = dashboard.corpus;
  const { document, position } = example;
  const ask = useMemo(
    (): TextAsk => ({ prompts: [], params: { repeatsOf: { document, position, documents } } }),
    [document, position, documents],
  );
  const { result, stale, error, run } = useTextRun('feature-dashboard/repeats', context, ask);
  const repeats = stale ? undefined : result?.repeats;
  if (error) return <ErrorNotice error={error} onRetry={run} />;
  if (!repeats)
    return (
      <>
        <p className={styles.note}>The {count(documents)} documents are written again and looked through.</p>
        <Waiting label="Texts that read the same are looked for" rows={Math.min(4, example.repeats)} />
      </>
    );
  const { texts, found } = repeats;
  return (
    <>
      <p className={styles.note}>
        {texts.length < found
          ? `${count(found)} texts of the corpus have the same five tokens before and after; the ${texts.length} strongest of the first ones`
          : `${plural(texts.length, 'text')} with the same five tokens before and after, strongest first`}
        ; what stands further before them differs, and with it the activation.
      </p>
      <ExampleList
        label="Texts that read the same"
        items={texts.map((text) => ({
          key: String(text.document),
          tokens: text.tokens,
          values: tensorData(text.activations).map((value, i) => (i === 0 && text.tokens[0]?.id === bosId ? 0 : value)),
          position: text.position,
          value: text.value,
          source: sourceOf(text),
          repeats: 0,
        }))}
        full={dashboard.stats.max}
        context={view.context}
        breaks={view.breaks}
        values={view.values}
        gamma={view.gamma}
        bosId={bosId}
      />
    </>
  );
}
