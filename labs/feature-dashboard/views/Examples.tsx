import { createElement, useState, type ReactElement } from 'react';
import type { DashboardExample, ExampleGroup } from '../../../core/dashboards/types.ts';
import { parseHook } from '../../../core/hooks.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import { tokensSvg, type TokensPicture } from '../../../app/charts/export/plots.ts';
import { Legend } from '../../../app/charts/Legend.tsx';
import { withGamma } from '../../../app/charts/scales/colour.ts';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Segmented, Toggle } from '../../../app/ui/Segmented.tsx';
import { Tabs } from '../../../app/ui/Tabs.tsx';
import { windowOf } from '../../../app/views/example-window.ts';
import { ExampleList, type ExampleItem } from '../../../app/views/ExampleList.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { GammaSlider } from '../../../app/views/GammaSlider.tsx';
import { count, number, percent, plural, figure } from '../../../app/views/numbers.ts';
import { showToken } from '../../../app/views/tokens.ts';
import { textOf } from '../lib/example-text.ts';
import type { DashboardView } from '../spec.ts';
import { itemOf, keyOf } from './example-items.tsx';
import { ExampleSources } from './ExampleSources.tsx';
import type { DashboardContext } from './panel.tsx';
import { Repeats } from './Repeats.tsx';
import styles from './dashboard.module.css';

/** What is asked of one example, and shown below it. */
interface Asked {
  readonly key: string;
  readonly what: 'repeats' | 'sources';
}
const BELOW = { repeats: Repeats, sources: ExampleSources } as const;

/** Texts on which it is active, by how strongly. */
export function Examples({ context }: { readonly context: DashboardContext }): ReactElement {
  const { dashboard, spec, setView, file, bosId, tryText, sae, feature } = context;
  const { groups, stats, corpus } = dashboard;
  const { view } = spec;
  const scheme = useScheme();
  const [asked, setAsked] = useState<Asked | null>(null);
  const at = Math.min(view.group ?? 0, Math.max(0, groups.length - 1));
  const group = groups[at];
  if (!group || stats.active === 0)
    return (
      <section aria-label="Examples">
        <h2>Where it fires</h2>
        <p className={styles.none}>This feature has no known activations on {plural(corpus.documents, 'document')}.</p>
      </section>
    );
  const items = group.examples.map(itemOf);
  const readsOthers = parseHook(dashboard.hook)?.site === 'z';
  const example = group.examples.find((e) => keyOf(e) === asked?.key);
  const isOpen = (what: Asked['what'], { key }: ExampleItem): boolean => asked?.key === key && asked.what === what;
  const toggle = (what: Asked['what'], item: ExampleItem): void => setAsked(isOpen(what, item) ? null : { key: item.key, what });
  const whereFrom = (item: ExampleItem): ReactElement => (
    <button type="button" aria-expanded={isOpen('sources', item)} onClick={() => toggle('sources', item)}>
      Where from
    </button>
  );
  return (
    <Figure
      title="Where it fires"
      controls={
        <div className={styles.controls}>
          <Segmented
            label="How much of each text"
            value={view.context}
            options={[
              { value: 'stacked', label: 'Stacked' },
              { value: 'snippet', label: 'Snippet' },
              { value: 'full', label: 'Full' },
            ]}
            onChange={(chosen) => setView({ context: chosen })}
          />
          <Toggle label="breaks" checked={view.breaks} onChange={(breaks) => setView({ breaks })} />
          <Toggle label="values" checked={view.values} onChange={(values) => setView({ values })} />
        </div>
      }
      caption={`${bandSentence(group, stats.active)} From ${count(corpus.documents)} documents that the curriculum wrote (seed ${corpus.seed}); the text of each is made again from its number.`}
      data={{
        columns: ['band', 'activation', 'token', 'position', 'document', 'population', 'reads the same', 'text'],
        rows: () =>
          groups.flatMap((g) =>
            g.examples.map((e) => [
              bandName(g),
              e.value,
              e.tokens[e.position]?.text ?? '',
              e.position,
              e.document,
              e.population,
              e.repeats,
              textOf(e.tokens, bosId),
            ]),
          ),
        format: figure,
      }}
      file={`${file}-examples`}
      svg={() =>
        tokensSvg(
          {
            title: `Feature ${feature} of ${sae}, ${bandName(group)}`,
            lines: group.examples.map((example) => lineOf(example, view, stats.max, bosId)),
            legend: `activation on the left; colour from 0 to ${number(stats.max)}, the largest known${view.gamma === 1 ? '' : `, gamma ${number(view.gamma)}`}`,
          },
          scheme,
        )
      }
    >
      <Tabs
        label="Bands of activation"
        items={groups.map((g, i) => ({ id: String(i), label: bandLabel(g) }))}
        value={String(at)}
        onChange={(id) => setView({ group: Number(id) })}
      >
        {items.length === 0 ? (
          <p className={styles.none}>No token of the corpus is in this band.</p>
        ) : (
          <ExampleList
            label={`Examples, ${bandName(group)}`}
            items={items}
            full={stats.max}
            context={view.context}
            breaks={view.breaks}
            values={view.values}
            gamma={view.gamma}
            bosId={bosId}
            {...(readsOthers ? { actions: whereFrom } : {})}
            unfolds={{
              isOpen: (item) => isOpen('repeats', item),
              onToggle: (item) => toggle('repeats', item),
            }}
            below={
              example && asked
                ? { key: asked.key, shown: createElement(BELOW[asked.what], { key: asked.key, context, example }) }
                : null
            }
            onTry={(item) => tryText(textOf(item.tokens, bosId))}
          />
        )}
      </Tabs>
      <div className={styles.legend}>
        <Legend
          kind="unsigned"
          low="0"
          high={number(stats.max)}
          gamma={view.gamma}
          control={<GammaSlider value={view.gamma} onChange={(gamma) => setView({ gamma })} />}
        >
          activation, the dictionary’s units; shades of all but the underlined token are rounded to 1/255 of the largest
        </Legend>
      </div>
    </Figure>
  );
}

function bandLabel(group: ExampleGroup): ReactElement {
  return (
    <>
      {bandName(group)} <span className={styles.bandCount}>{count(group.count)}</span>
    </>
  );
}

function bandName({ kind, low, high }: ExampleGroup): string {
  switch (kind) {
    case 'top':
      return 'strongest';
    case 'interval':
      return `${number(low)} – ${number(high)}`;
    case 'uniform':
      return 'any, at random';
  }
}

function bandSentence({ kind, low, high, count: n, examples }: ExampleGroup, active: number): string {
  const shown = plural(examples.length, 'text');
  switch (kind) {
    case 'top':
      return `The ${shown} on which it is strongest, one token a document.`;
    case 'interval':
      return `${plural(n, 'token')}, ${percent(n / Math.max(1, active))} of those on which it is active, are from ${number(low)} to ${number(high)}; here ${shown}, drawn at random.`;
    case 'uniform':
      return `${shown} drawn at random from all ${count(active)} tokens on which it is active: what it is mostly about.`;
  }
}

function lineOf(
  example: DashboardExample,
  { context, gamma }: Pick<DashboardView, 'context' | 'gamma'>,
  full: number,
  bosId: number | null,
): TokensPicture['lines'][number] {
  const { tokens, position, value } = example;
  const values = tensorData(example.activations);
  // A whole document does not fit a line of a picture.
  const { from, to } = windowOf(tokens.length, position, context === 'full' ? 'snippet' : context, tokens[0]?.id === bosId);
  return {
    value: number(value),
    tokens: tokens.slice(from, to + 1).map((token, i) => ({
      text: token.bytes || /[^\S ]/.test(token.text) ? showToken(token) : token.text,
      share: full > 0 ? withGamma((values[from + i] ?? 0) / full, gamma) : 0,
    })),
  };
}
