import { useCallback, useMemo, type ReactElement } from 'react';
import { DASHBOARD_PARTS, featureLink, type DashboardPart } from '../../core/share/feature-address.ts';
import { isEmbedded, Part } from '../../app/state/embed-parts.tsx';
import type { LabPanelProps, LabPart, LabView } from '../../app/state/lab-panel.ts';
import { useModel } from '../../app/state/use-model.ts';
import { Button } from '../../app/ui/Button.tsx';
import { cx } from '../../app/ui/cx.ts';
import { Skeleton } from '../../app/ui/Disclosure.tsx';
import { Notice } from '../../app/ui/Notice.tsx';
import { shownOf, strongestToken } from './lib/shown.ts';
import type { DashboardChunk, DashboardResult } from './result.ts';
import type { DashboardParams, DashboardView } from './spec.ts';
import { Examples } from './views/Examples.tsx';
import { Files } from './views/Files.tsx';
import { Header } from './views/Header.tsx';
import { HowOften } from './views/HowOften.tsx';
import { useFeatureKeys } from './views/keys.tsx';
import { Meaning } from './views/Meaning.tsx';
import { Near } from './views/Near.tsx';
import { Origin } from './views/Origin.tsx';
import type { DashboardContext, FeatureContext } from './views/panel.tsx';
import { Steer } from './views/Steer.tsx';
import { TestText } from './views/TestText.tsx';
import { Weights } from './views/Weights.tsx';
import { Writes } from './views/Writes.tsx';
import styles from './views/dashboard.module.css';

type Props = LabPanelProps<DashboardParams, DashboardView, DashboardResult, DashboardChunk>;

/** Everything known of one feature, and the reader's own text on it. */
function Panel(props: Props): ReactElement {
  const { spec, result, chunks, stale, running, setSpec, run, stop, provenance, error } = props;
  const context = useFeatureContext(props);
  const { sae, feature, model, bosId } = context;
  useFeatureKeys(context);
  const shown = useMemo(
    () => shownOf({ model: spec.model, sae, feature }, result, chunks, stale),
    [spec.model, sae, feature, result, chunks, stale],
  );
  const { dashboard, otherFeature, text, staleText } = shown;
  const own = otherFeature ? null : dashboard;
  const parts = spec.view.parts ?? DASHBOARD_PARTS;
  const has = (part: DashboardPart): boolean => parts.includes(part);
  const strongest = text && !staleText && context.prompt !== '' ? strongestToken(text, bosId) : null;
  // While the next feature is on its way the one before keeps its place, dimmed; the heading is the new one's.
  const drawn: DashboardContext | null = dashboard && {
    ...context,
    dashboard,
    text,
    here: strongest?.value ?? null,
    provenance: stale ? null : provenance,
  };
  const known = model === null || model.saes.some(({ id }) => id === sae);
  return (
    <div className={styles.panel}>
      <Header context={context} dashboard={own} />
      {!known && (
        <Notice tone="warn" title={`${model.name} has no dictionary “${sae}”`}>
          <a href={`#/features/${spec.model}`}>See the dictionaries it has</a>
        </Notice>
      )}
      <Part id="meaning">
        {has('meaning') && own && drawn ? (
          <Meaning context={drawn} />
        ) : (
          // What is below keeps its place while this is on its way.
          has('meaning') && running && <div className={styles.meaningPlace} />
        )}
      </Part>
      <Part id="test">
        {has('test') && (
          <TestText
            context={context}
            dashboard={own}
            text={text}
            stale={staleText || otherFeature}
            running={running}
            onType={(typed) => setSpec((s) => ({ ...s, prompts: typed === '' ? [] : [{ text: typed }] }))}
            onRun={run}
            onStop={stop}
          />
        )}
      </Part>
      {drawn && dashboard ? (
        <div className={styles.answer} data-stale={otherFeature ? '' : undefined} inert={otherFeature}>
          <div className={cx(styles.thirds, styles.plots)}>
            <Part id="writes">{has('writes') && <Writes context={drawn} />}</Part>
            <Part id="often">{has('often') && <HowOften context={drawn} />}</Part>
            <Part id="near">
              {has('near') && (
                <div className={styles.tall}>
                  <Near context={drawn} />
                </div>
              )}
            </Part>
            <Part id="weights">
              {has('weights') && (
                <div className={styles.broad}>
                  <Weights context={drawn} />
                </div>
              )}
            </Part>
          </div>
          <Part id="examples">
            {has('examples') && <Examples key={`${dashboard.sae}/${dashboard.feature}`} context={drawn} />}
          </Part>
          <Part id="steer">{has('steer') && <Steer context={drawn} />}</Part>
          {spec.view.parts === null && <Files context={drawn} />}
          <Origin context={drawn} />
        </div>
      ) : (
        error === null && <Waiting running={running} onRun={run} />
      )}
    </div>
  );
}

function Waiting({ running, onRun }: { readonly running: boolean; readonly onRun: () => void }): ReactElement {
  if (!running)
    return (
      <div className={isEmbedded() ? undefined : styles.waiting}>
        <Notice title="This dashboard is not open yet" actions={<Button onClick={onRun}>Open it here</Button>}>
          The stored one is read where there is one; else it is computed in this tab, with the model.
        </Notice>
      </div>
    );
  return (
    <div className={cx(styles.thirds, !isEmbedded() && styles.waiting)}>
      <Skeleton height="420px" label="The dashboard is on its way" />
      <Skeleton height="420px" />
      <Skeleton height="420px" />
    </div>
  );
}

function useFeatureContext({ spec, source, setSpec, setView, run }: Props): FeatureContext {
  const model = useModel(spec.model);
  const sae = spec.saes?.[0] ?? '';
  const { feature, documents } = spec.params;
  const entry = model?.saes.find(({ id }) => id === sae) ?? null;
  const [first] = spec.prompts;
  const prompt = first && 'text' in first ? first.text : '';
  const idOf = (key: string): number | null => {
    const id = model?.config[key];
    return typeof id === 'number' ? id : null;
  };
  const go = useCallback(
    (to: number, of?: string): void => {
      setSpec((s) => ({
        ...s,
        saes: of === undefined ? (s.saes ?? []) : [of],
        params: { ...s.params, feature: to, mode: 'auto' },
        view: { ...s.view, group: null, token: null },
      }));
      // An embed that shows what is stored goes on with what is stored of the next feature.
      if (source !== 'recorded' || !isEmbedded()) run();
    },
    [setSpec, run, source],
  );
  return {
    spec,
    model,
    sae,
    feature,
    entry,
    dSae: entry?.dSae ?? null,
    bosId: idOf('bos_token_id'),
    eosId: idOf('eos_token_id'),
    live: source === 'live',
    prompt,
    file: `${spec.model}-${sae}-${feature}`,
    setView,
    go,
    href: (to, of = sae) => featureLink({ model: spec.model, sae: of, feature: to }, prompt),
    tryText(text) {
      setSpec((s) => ({ ...s, prompts: [{ text }], view: { ...s.view, token: null } }));
      run();
      document.querySelector<HTMLElement>('[data-prompt]')?.focus();
    },
    compute(count) {
      setSpec((s) => ({ ...s, params: { ...s.params, mode: 'computed', documents: count || documents } }));
      run();
    },
  };
}

const LABELS: Readonly<Record<DashboardPart, string>> = {
  meaning: 'What it means',
  test: 'Text to test',
  writes: 'What it writes',
  often: 'How often, how strongly',
  near: 'What it is near',
  weights: 'What it is made of',
  examples: 'Where it fires',
  steer: 'Steer with it',
};
const PARTS: readonly LabPart[] = DASHBOARD_PARTS.map((id) => ({ id, label: LABELS[id] }));

export const view: LabView<DashboardParams, DashboardView, DashboardResult, DashboardChunk> = { Panel, parts: PARTS };
