import { useState, type ReactElement } from 'react';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import { histogramSvg } from '../../../app/charts/export/plots.ts';
import { Histogram } from '../../../app/charts/Histogram.tsx';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Toggle } from '../../../app/ui/Segmented.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { count, number, percent, plural, figure } from '../../../app/views/numbers.ts';
import { edgesOf, powerPercent } from '../lib/bins.ts';
import type { DashboardContext } from './panel.tsx';
import styles from './dashboard.module.css';

/** How many tokens it is active on and how strongly, and how that compares with its dictionary. */
export function HowOften({ context }: { readonly context: DashboardContext }): ReactElement {
  return (
    <div className={styles.stack}>
      <Activations context={context} />
      <Densities context={context} />
    </div>
  );
}

function Activations({ context }: { readonly context: DashboardContext }): ReactElement {
  const { dashboard, here, file, sae, feature } = context;
  const { stats, histogram } = dashboard;
  const [log, setLog] = useState(true);
  const scheme = useScheme();
  const counts = Array.from(tensorData(histogram.counts));
  const edges = edgesOf(histogram);
  const mark = here !== null && here > 0 ? Math.min(here, histogram.to) : null;
  const title = `Activations of feature ${feature} of ${sae}`;
  return (
    <Figure
      title="How often, how strongly"
      controls={<Toggle label="log" checked={log} onChange={setLog} />}
      caption={
        stats.active === 0
          ? `Active on none of ${plural(stats.tokens, 'token')}.`
          : `Active on ${percent(stats.density)} of ${plural(stats.tokens, 'token')} (${count(stats.active)}); at most ${number(stats.max)}, on average ${number(stats.mean)} where active.${mark === null ? '' : ` The line: the largest on your text, ${number(here ?? 0)}${(here ?? 0) > histogram.to ? ', beyond what was seen' : ''}.`}`
      }
      data={{
        columns: ['from', 'to', 'tokens'],
        rows: () => counts.map((n, i) => [edges[i] ?? NaN, edges[i + 1] ?? NaN, n]),
        format: figure,
      }}
      file={`${file}-activations`}
      svg={() =>
        histogramSvg(
          {
            title,
            edges,
            counts,
            format: (x) => number(x),
            log,
            mark,
            xLabel: 'activation',
            signed: false,
            legend: `tokens per bin${log ? ', log scale' : ''}; ${count(stats.active)} of ${count(stats.tokens)} tokens are above 0`,
          },
          scheme,
        )
      }
    >
      {stats.active === 0 ? (
        <p className={styles.none}>There is nothing to draw: it was never active.</p>
      ) : (
        <Histogram
          label={`Histogram of the activations above 0, from 0 to ${number(stats.max)}`}
          edges={edges}
          counts={counts}
          format={(x) => number(x)}
          counted="tokens"
          xLabel="activation"
          tone="unsigned"
          log={log}
          mark={mark}
        />
      )}
    </Figure>
  );
}

function Densities({ context }: { readonly context: DashboardContext }): ReactElement {
  const { dashboard, file, dSae, sae } = context;
  const { densities, stats } = dashboard;
  const scheme = useScheme();
  const counts = Array.from(tensorData(densities.counts));
  const edges = edgesOf(densities);
  const own = stats.density > 0 ? Math.max(densities.from, Math.log10(stats.density)) : null;
  const rarer = rarerShare(counts, densities.bin);
  return (
    <Figure
      title="Among its dictionary"
      caption={
        own === null
          ? `It is one of ${plural(densities.dead, 'feature')} that were never active.`
          : `How often each of ${dSae === null ? 'the' : count(dSae)} features is active; the line is this one${rarer === null ? '' : `, rarer than about ${percent(1 - rarer)} of those that are ever active`}. ${densities.dead === 0 ? 'None was never active.' : `${plural(densities.dead, 'feature was', 'features were')} never active.`}`
      }
      data={{
        columns: ['log10 density from', 'to', 'features'],
        rows: () => counts.map((n, i) => [edges[i] ?? NaN, edges[i + 1] ?? NaN, n]),
        format: figure,
      }}
      file={`${file}-densities`}
      svg={() =>
        histogramSvg(
          {
            title: `Densities of the features of ${sae}`,
            edges,
            counts,
            format: powerPercent,
            log: false,
            mark: own,
            xLabel: 'active on … of tokens, log scale',
            signed: false,
            legend: `features per bin; ${densities.dead} were never active`,
          },
          scheme,
        )
      }
    >
      <Histogram
        label="Histogram of how often the dictionary’s features are active"
        edges={edges}
        counts={counts}
        format={powerPercent}
        counted="features"
        xLabel="active on … of tokens, log scale"
        mark={own}
      />
    </Figure>
  );
}

/** Share of the live features in bins below this one's, its own bin counted half; null where it is dead. */
function rarerShare(counts: readonly number[], bin: number | null): number | null {
  if (bin === null) return null;
  const all = counts.reduce((a, b) => a + b, 0);
  const below = counts.slice(0, bin).reduce((a, b) => a + b, 0) + (counts[bin] ?? 0) / 2;
  return all > 0 ? below / all : null;
}
