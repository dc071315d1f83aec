import { useMemo, type ReactElement } from 'react';
import { hashSpec } from '../../core/spec/index.ts';
import { Part, useHasPart } from '../../app/state/embed-parts.tsx';
import type { LabView } from '../../app/state/lab-panel.ts';
import { useModel } from '../../app/state/use-model.ts';
import { stepRows, usePlainKeys } from '../../app/ui/keys.ts';
import { Segmented } from '../../app/ui/Segmented.tsx';
import { Tabs } from '../../app/ui/Tabs.tsx';
import { useNames } from '../../app/views/names.ts';
import { foundOf } from './lib/rows.ts';
import type { SearchChunk, SearchResult } from './result.ts';
import { lab, type SearchParams, type SearchTab, type SearchView } from './spec.ts';
import { ByLabel } from './views/ByLabel.tsx';
import { ByPrompt } from './views/ByPrompt.tsx';
import { ByToken } from './views/ByToken.tsx';
import { FiresOn } from './views/FiresOn.tsx';
import { ByVariable } from './views/ByVariable.tsx';
import { withParams, type PanelProps, type SearchContext } from './views/panel.tsx';
import styles from './views/search.module.css';

const TABS: readonly { readonly id: SearchTab; readonly label: string }[] = [
  { id: 'prompt', label: 'By prompt' },
  { id: 'token', label: 'By token' },
  { id: 'label', label: 'By label' },
  { id: 'variable', label: 'By variable' },
];

/** Four ways to find features; the engine is asked for the first two, the others look in what is known of them. */
function Panel(props: PanelProps): ReactElement {
  const { spec, result, source, chunks, stale, setSpec, setView, run } = props;
  const { params, view } = spec;
  const model = useModel(spec.model);
  const found = useMemo(() => foundOf(result, chunks, stale, params.by), [result, chunks, stale, params.by]);
  const fires = view.tab === 'token' && view.tokenRole === 'fires';
  const local = view.tab === 'label' || view.tab === 'variable' || fires;
  // Of what was found, and of all where the search is by what they are called.
  const named = local ? (model?.saes.map(({ id }) => id) ?? []) : [...found.prompt, ...found.effects].map(({ sae }) => sae);
  const names = useNames(spec.model, named);
  const file = useMemo(() => fileName(spec), [spec]);
  const [prompt] = spec.prompts;
  const bos = model?.config['bos_token_id'];
  const context: SearchContext = {
    props,
    found,
    model,
    bosId: typeof bos === 'number' ? bos : null,
    names,
    text:
      prompt && 'text' in prompt
        ? prompt.text
        : (found.tokens ?? [])
            .slice(1)
            .map(({ text }) => text)
            .join(''),
    file,
    ask(change) {
      setSpec(change);
      if (source === 'live') run();
    },
  };
  usePlainKeys((key) => {
    if (key !== 'Escape' || view.tab !== 'prompt' || params.tokens === null) return stepRows(key, '[data-hits] li > a');
    context.ask(withParams({ tokens: null }));
    return true;
  });
  const open = (tab: SearchTab): void => {
    setView({ tab });
    // What fires on a token is read from what is stored.
    if (tab === 'token' && view.tokenRole === 'fires') return;
    if ((tab === 'prompt' || tab === 'token') && tab !== params.by) context.ask(withParams({ by: tab }));
  };
  const ways = useHasPart('ways');
  return (
    <div className={styles.panel}>
      {ways ? (
        <Tabs label="Ways to search" items={TABS} value={view.tab} onChange={open}>
          <Tab context={context} />
        </Tabs>
      ) : (
        <Tab context={context} />
      )}
    </div>
  );
}

function Tab({ context }: { readonly context: SearchContext }): ReactElement {
  const { view, params } = context.props.spec;
  switch (view.tab) {
    case 'label':
      return <ByLabel context={context} />;
    case 'variable':
      return <ByVariable context={context} />;
    case 'token':
      return <TokenTab context={context} />;
    case 'prompt':
      return params.by === 'prompt' ? <ByPrompt context={context} /> : <ByToken context={context} />;
  }
}

/** Two questions about a token: the engine is asked for the first. */
function TokenTab({ context }: { readonly context: SearchContext }): ReactElement {
  const { spec, setView } = context.props;
  const { tokenRole } = spec.view;
  const choose = (role: 'writes' | 'fires'): void => {
    setView({ tokenRole: role });
    if (role === 'writes' && spec.params.by !== 'token') context.ask(withParams({ by: 'token' }));
  };
  return (
    <div className={styles.stack}>
      <Part id="ways">
        <Segmented
          label="What a feature has to do with the token"
          value={tokenRole}
          options={[
            { value: 'writes', label: 'writes it' },
            { value: 'fires', label: 'fires on it' },
          ]}
          onChange={choose}
        />
      </Part>
      {tokenRole === 'fires' ? <FiresOn context={context} /> : <ByToken context={context} />}
    </div>
  );
}

/** `search-<first 12 digits of the experiment's hash>`. */
function fileName(spec: PanelProps['spec']): string {
  try {
    return `search-${hashSpec(spec, lab).slice(0, 12)}`;
  } catch {
    return 'search';
  }
}

export const view: LabView<SearchParams, SearchView, SearchResult, SearchChunk> = {
  Panel,
  parts: [
    { id: 'ways', label: 'Ways to search' },
    { id: 'question', label: 'What is searched for' },
    { id: 'results', label: 'Features found' },
  ],
};
