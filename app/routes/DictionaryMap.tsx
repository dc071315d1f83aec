import { useMemo, useState, type ReactElement } from 'react';
import { histogramSvg, scatterSvg } from '../charts/export/plots.ts';
import { Histogram } from '../charts/Histogram.tsx';
import { Scatter } from '../charts/Scatter.tsx';
import { useScheme } from '../charts/scheme.ts';
import { histogram } from '../../core/stats/index.ts';
import { Segmented } from '../ui/Segmented.tsx';
import { Figure } from '../views/Figure.tsx';
import type { FeatureRow } from '../views/feature-rows.ts';
import { number, percent, plural, figure } from '../views/numbers.ts';
import { NAMED_FROM } from '../views/variable-words.ts';

type Against = 'f1' | 'max';
const AXES: Readonly<Record<Against, string>> = {
  f1: 'F1 of the closest variable',
  max: 'largest activation',
};
const BINS = 36;

export interface DictionaryMapProps {
  readonly rows: readonly FeatureRow[];
  readonly model: string;
  readonly sae: string;
  readonly onPick: (feature: number) => void;
}

/** All features at once: how often each is active against how well a variable matches it, or how strong it gets. */
export function DictionaryMap({ rows, model, sae, onPick }: DictionaryMapProps): ReactElement {
  const [against, setAgainst] = useState<Against | 'density'>('f1');
  const scheme = useScheme();
  const alive = useMemo(() => rows.filter(({ density }) => density > 0), [rows]);
  const named = alive.filter(({ f1 }) => f1 >= NAMED_FROM).length;
  const points = useMemo(
    () =>
      against === 'density'
        ? []
        : alive.map((row) => ({
            key: row.feature,
            x: Math.log10(row.density),
            y: Number.isNaN(row[against]) ? 0 : row[against],
          })),
    [alive, against],
  );
  const spectrum = useMemo(
    () =>
      histogram(
        alive.map(({ density }) => Math.log10(density)),
        BINS,
      ),
    [alive],
  );
  const file = `${model}-${sae}-features`;
  const share = (x: number): string => percent(10 ** x);
  const title = `Features of ${sae}`;
  const legend = `${alive.length} features that are active on some token, of ${rows.length}`;
  return (
    <Figure
      title="All of them at once"
      controls={
        <Segmented
          label="Draw"
          value={against}
          options={[
            { value: 'f1', label: 'against F1' },
            { value: 'max', label: 'against max' },
            { value: 'density', label: 'densities' },
          ]}
          onChange={setAgainst}
        />
      }
      caption={`${plural(named, 'feature is', 'features are')} named by a variable of the curriculum (F1 of ${number(NAMED_FROM)} or more), of ${plural(alive.length, 'feature')} that are ever active. ${against === 'density' ? '' : 'A press on a point opens its dashboard.'}`}
      data={{
        columns: ['feature', 'label', 'closest variable', 'F1', 'density', 'max'],
        rows: () => rows.map((r) => [r.feature, r.label ?? '', r.truth ?? '', r.f1, r.density, r.max]),
        format: figure,
      }}
      file={file}
      svg={() =>
        against === 'density'
          ? histogramSvg(
              {
                title,
                ...spectrum,
                format: share,
                log: false,
                mark: null,
                xLabel: 'active on … of tokens, log scale',
                signed: false,
                legend,
              },
              scheme,
            )
          : scatterSvg(
              {
                title,
                points,
                xLabel: 'active on … of tokens, log scale',
                yLabel: AXES[against],
                format: [share, (y) => number(y)],
                legend,
              },
              scheme,
            )
      }
    >
      {against === 'density' ? (
        <Histogram
          label={`How often each of ${alive.length} features is active`}
          edges={spectrum.edges}
          counts={spectrum.counts}
          format={share}
          counted="features"
          xLabel="active on … of tokens, log scale"
        />
      ) : (
        <Scatter
          label={`${alive.length} features: how often each is active, against ${AXES[against]}`}
          points={points}
          xLabel="active on … of tokens, log scale"
          yLabel={`${AXES[against]} ↑`}
          format={[share, (y) => number(y)]}
          describe={(key) => describe(rows[key])}
          onPick={onPick}
        />
      )}
    </Figure>
  );
}

function describe(row: FeatureRow | undefined): string {
  if (!row) return '';
  const name = row.label ?? row.truth ?? 'no label yet';
  return `${row.feature}: ${name}, F1 ${number(row.f1)}, on ${percent(row.density)}, max ${number(row.max)}`;
}
