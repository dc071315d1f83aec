import type { ReactElement, ReactNode } from 'react';
import type { FeatureWeights } from '../../../core/dashboards/types.ts';
import type { Alignment } from '../../../core/dashboards/weights.ts';
import type { Correlated } from '../../../core/dashboards/correlate.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import { Bars } from '../../../app/charts/Bars.tsx';
import { barsSvg } from '../../../app/charts/export/svg.ts';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { Table } from '../../../app/ui/Table.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { count, figure, percent, signed } from '../../../app/views/numbers.ts';
import { Config } from './Config.tsx';
import { FeatureLink } from './FeatureLink.tsx';
import type { DashboardContext } from './panel.tsx';
import styles from './dashboard.module.css';

/** What the feature is made of: heads, components of the hook, and what goes with it over the corpus. */
export function Weights({ context }: { readonly context: DashboardContext }): ReactElement {
  const { weights } = context.dashboard;
  return (
    <section aria-label="What it is made of" className={styles.stack}>
      <div className={styles.thirds}>
        {weights?.heads && <Heads context={context} weights={weights} heads={Array.from(tensorData(weights.heads))} />}
        {weights ? <Components context={context} weights={weights} /> : <NotRead />}
      </div>
      <Config context={context} />
    </section>
  );
}

const NotRead = (): ReactElement => (
  <div>
    <h2>What it is made of</h2>
    <p className={styles.none}>This is read off the dictionary’s weights, which are not here yet.</p>
  </div>
);

interface WeightsProps {
  readonly context: DashboardContext;
  readonly weights: FeatureWeights;
}

function Heads({ context, heads }: WeightsProps & { readonly heads: readonly number[] }): ReactElement {
  const { file, feature, sae } = context;
  const scheme = useScheme();
  const most = heads.indexOf(Math.max(...heads));
  return (
    <Figure
      title="Which heads it is made of"
      caption={`Share of each head’s block in the length of the decoder row, ‖block‖ / Σ ‖blocks‖ (SAEDashboard’s head attribution). Most: head ${most}, ${percent(heads[most] ?? 0)}; evenly it would be ${percent(1 / heads.length)}.`}
      data={{ columns: ['head', 'share'], rows: () => heads.map((x, h) => [h, x]), format: figure }}
      file={`${file}-heads`}
      svg={() =>
        barsSvg(
          {
            title: `Heads of feature ${feature} of ${sae}`,
            bars: heads.map((x, h) => ({ label: `head ${h}`, value: x, text: percent(x) })),
            full: Math.max(...heads, 1e-9),
            signed: false,
            legend: 'share of the decoder row’s length in each head’s block',
          },
          scheme,
        )
      }
    >
      <Bars
        label="Share of each head"
        bars={heads.map((x, h) => ({ key: String(h), label: `head ${h}`, value: x, text: percent(x) }))}
        full={Math.max(...heads, 1e-9)}
        labels="64px"
      />
    </Figure>
  );
}

function Components({ context, weights }: WeightsProps): ReactElement {
  const { dashboard, file, compute, spec } = context;
  const { correlations } = dashboard;
  const name = componentName(weights);
  const link = ({ index }: Correlated): ReactElement => <FeatureLink context={context} feature={index} />;
  const rows = (): (string | number)[][] => [
    ...weights.alignment.map((a) => ['decoder row', name(a.index), a.cosine, NaN, a.share]),
    ...(correlations?.neurons ?? []).map((c) => ['component over the corpus', name(c.index), c.cosine, c.pearson, NaN]),
    ...(correlations?.features ?? []).map((c) => ['feature over the corpus', String(c.index), c.cosine, c.pearson, NaN]),
  ];
  return (
    <Figure
      title="Neurons and correlations"
      caption={`Cosine of its encoder with its decoder row: ${signed(weights.encoderCosine)}. A component is one of the ${count(tensorData(weights.vector).length)} numbers at the dictionary’s hook (its “neurons”). Pearson: over all ${count(dashboard.corpus.tokens)} tokens of the corpus.`}
      data={{
        columns: ['what', 'which', 'cosine', 'Pearson', 'share of the row’s L1'],
        rows,
        format: (x) => (Number.isNaN(x) ? '' : figure(x)),
      }}
      file={`${file}-neurons`}
    >
      <div className={styles.stack}>
        <Aligned rows={weights.alignment} name={name} />
        {correlations === null ? (
          <p className={styles.note}>
            Correlated neurons and features are measured where a dashboard is computed; this one was stored.{' '}
            <Button size="s" variant="quiet" onClick={() => compute(spec.params.documents)}>
              Compute it in this tab
            </Button>
          </p>
        ) : (
          <>
            <Together caption="Correlated components" rows={correlations.neurons} cell={(c) => name(c.index)} />
            <Together caption="Correlated features" rows={correlations.features} cell={link} />
          </>
        )}
      </div>
    </Figure>
  );
}

function Aligned({
  rows,
  name,
}: {
  readonly rows: readonly Alignment[];
  readonly name: (index: number) => string;
}): ReactElement {
  return (
    <Table
      caption="Components it points along"
      showCaption
      rows={rows}
      rowKey={({ index }) => index}
      columns={[
        { key: 'index', label: 'component', cell: ({ index }) => name(index) },
        { key: 'cosine', label: 'cosine', numeric: true, cell: ({ cosine }) => signed(cosine) },
        { key: 'share', label: 'of its L1', numeric: true, cell: ({ share }) => percent(share) },
      ]}
    />
  );
}

interface TogetherProps {
  readonly caption: string;
  readonly rows: readonly Correlated[];
  readonly cell: (row: Correlated) => ReactNode;
}

function Together({ caption, rows, cell }: TogetherProps): ReactElement {
  return (
    <Table
      caption={caption}
      showCaption
      rows={rows}
      rowKey={({ index }) => index}
      empty="Nothing varies with it."
      columns={[
        { key: 'index', label: 'which', cell },
        { key: 'pearson', label: 'Pearson', numeric: true, cell: ({ pearson }) => signed(pearson) },
        { key: 'cosine', label: 'cosine', numeric: true, cell: ({ cosine }) => signed(cosine) },
      ]}
    />
  );
}

/** A component of the hook in words: with its head where the hook has heads. */
function componentName({ heads, vector }: FeatureWeights): (index: number) => string {
  const n = heads?.shape[0];
  if (n === undefined) return String;
  const width = (vector.shape[0] ?? 0) / n;
  return (index) => `head ${Math.floor(index / width)}, ${index % width}`;
}
