import { useMemo, type ReactElement } from 'react';
import { hashSpec } from '../../core/spec/index.ts';
import type { LabPanelProps, LabView } from '../../app/state/lab-panel.ts';
import { Part } from '../../app/state/embed-parts.tsx';
import { useModel } from '../../app/state/use-model.ts';
import { Tabs } from '../../app/ui/Tabs.tsx';
import { PromptInput } from '../../app/views/PromptInput.tsx';
import { SiteSelect } from '../../app/views/SiteSelect.tsx';
import { useNames } from '../../app/views/names.ts';
import { Waiting } from '../../app/views/Waiting.tsx';
import { selectedRange } from '../../app/views/tokens.ts';
import { partsOf } from './lib/parts.ts';
import { featureTraces } from './lib/rows.ts';
import type { ExploreChunk, ExploreResult } from './result.ts';
import { lab, type ExploreParams, type ExploreTab, type ExploreView } from './spec.ts';
import { AttentionTab } from './views/Attention.tsx';
import { Features } from './views/Features.tsx';
import { LensTab } from './views/Lens.tsx';
import { NextTab } from './views/Next.tsx';
import { usePanelKeys } from './views/keys.tsx';
import type { PanelContext } from './views/panel.tsx';
import { Strip, StripWaiting } from './views/Strip.tsx';
import styles from './views/explore.module.css';

type Props = LabPanelProps<ExploreParams, ExploreView, ExploreResult, ExploreChunk>;

const TABS: readonly { readonly id: ExploreTab; readonly label: string }[] = [
  { id: 'features', label: 'Features' },
  { id: 'lens', label: 'Lens' },
  { id: 'attention', label: 'Attention' },
  { id: 'next', label: 'Next token' },
];

/** One prompt from four sides that share one selection. */
function Panel(props: Props): ReactElement {
  const { spec, result, source, chunks, stale, running, setSpec, setView, run, stop } = props;
  const ask: Props['setSpec'] = (change) => {
    setSpec(change);
    if (source === 'live') run();
  };
  const model = useModel(spec.model);
  const parts = useMemo(() => partsOf(result, chunks, stale), [result, chunks, stale]);
  const traces = useMemo(() => featureTraces(parts.features), [parts.features]);
  const names = useNames(
    spec.model,
    parts.features.map(({ sae }) => sae),
  );
  const { tokens } = parts;
  const prompt = spec.prompts[0];
  const limit = model?.config['n_positions'] ?? model?.config['max_position_embeddings'];
  const bos = model?.config['bos_token_id'];
  const file = useMemo(() => fileName(spec), [spec]);
  const context: PanelContext | null = tokens && {
    spec,
    parts,
    tokens,
    traces,
    range: selectedRange(spec.view.token, spec.view.rangeEnd, tokens.length),
    bosId: typeof bos === 'number' ? bos : null,
    model,
    names,
    file,
    setView,
    ask,
  };
  usePanelKeys({
    view: spec.view,
    setView,
    lensRows: parts.lens?.hooks.length ?? 0,
    layers: parts.attention?.pattern.shape[0] ?? 0,
  });
  return (
    <div className={styles.panel}>
      <Part id="prompt">
        <PromptInput
          prompt={prompt}
          tokensText={(tokens ?? [])
            .slice(1)
            .map((token) => token.text)
            .join('')}
          model={model}
          onChange={(next) => setSpec((s) => ({ ...s, prompts: [next, ...s.prompts.slice(1)] }))}
          running={running}
          onRun={run}
          onStop={stop}
          tokens={tokens && !parts.stale ? tokens.length : null}
          limit={typeof limit === 'number' ? limit : null}
        />
      </Part>
      <Part id="tokens">
        {context ? (
          <div className={styles.answer} data-stale={parts.stale ? '' : undefined}>
            <Strip context={context} />
          </div>
        ) : (
          <StripWaiting prompt={prompt} />
        )}
      </Part>
      <Part id="sides">
        <div className={styles.sides}>
          <div className={styles.site}>
            <SiteSelect saes={model?.saes ?? null} chosen={spec.saes ?? []} onChange={(saes) => ask((s) => ({ ...s, saes }))} />
          </div>
          <Tabs label="Sides of the prompt" items={TABS} value={spec.view.tab} onChange={(tab) => setView({ tab })}>
            {context ? (
              <div className={styles.answer} data-stale={parts.stale ? '' : undefined}>
                <Tab context={context} />
              </div>
            ) : (
              <Waiting label="The answer is on its way" rows={12} />
            )}
          </Tabs>
        </div>
      </Part>
    </div>
  );
}

function Tab({ context }: { readonly context: PanelContext }): ReactElement {
  switch (context.spec.view.tab) {
    case 'features':
      return <Features context={context} />;
    case 'lens':
      return <LensTab context={context} />;
    case 'attention':
      return <AttentionTab context={context} />;
    case 'next':
      return <NextTab context={context} />;
  }
}

/** `explore-<first 12 digits of the experiment's hash>`. */
function fileName(spec: Props['spec']): string {
  try {
    return `explore-${hashSpec(spec, lab).slice(0, 12)}`;
  } catch {
    return 'explore';
  }
}

export const view: LabView<ExploreParams, ExploreView, ExploreResult, ExploreChunk> = {
  Panel,
  parts: [
    { id: 'prompt', label: 'Prompt' },
    { id: 'tokens', label: 'Tokens and surprise' },
    { id: 'sides', label: 'Features, lens, attention, next token' },
  ],
};
