import type { ReactElement } from 'react';
import type { TokenEffect } from '../../../core/dashboards/types.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import { barsSvg } from '../../../app/charts/export/svg.ts';
import { Histogram } from '../../../app/charts/Histogram.tsx';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Segmented } from '../../../app/ui/Segmented.tsx';
import { tipSteps } from '../../../app/ui/Tips.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { count, signed } from '../../../app/views/numbers.ts';
import { quoteToken, showToken } from '../../../app/views/tokens.ts';
import { edgesOf } from '../lib/bins.ts';
import type { DashboardContext } from './panel.tsx';
import styles from './dashboard.module.css';

const SHOWN = 10;

/** Which next tokens the feature raises and lowers, read directly through the unembedding. */
export function Writes({ context }: { readonly context: DashboardContext }): ReactElement | null {
  const { dashboard, spec, setView, file } = context;
  const scheme = useScheme();
  if (dashboard.logits === null) return <NotRead />;
  const logits = dashboard.logits.find(({ convention }) => convention === spec.view.logits) ?? dashboard.logits[0];
  if (!logits) return null;
  const { top, bottom, histogram } = logits;
  const full = Math.max(...[...top, ...bottom].map(({ value }) => Math.abs(value)), 1e-9);
  const counts = Array.from(tensorData(histogram.counts));
  const vocabulary = counts.reduce((a, b) => a + b, 0);
  const strongest = dashboard.stats.max * (top[0]?.value ?? 0);
  return (
    <Figure
      title="What it writes"
      controls={
        <Segmented
          label="Read"
          value={logits.convention}
          options={[
            { value: 'gain', label: 'as the model reads' },
            { value: 'raw', label: 'raw' },
          ]}
          onChange={(convention) => setView({ logits: convention })}
        />
      }
      caption={
        <>
          One unit of it adds so many logits to the next token, straight through the unembedding; what later layers make of it is
          not part of this.{' '}
          {logits.convention === 'gain'
            ? 'Centred and times the final norm’s gain, its scale taken as 1.'
            : 'Without the final norm’s gain, as SAEDashboard computes it.'}{' '}
          {top[0] && `At its largest activation ${quoteToken(top[0].token)} gets ${signed(strongest)}.`}
        </>
      }
      data={{
        columns: ['token', 'logits per unit'],
        rows: () => [...top, ...[...bottom].reverse()].map(({ token, value }) => [token.text, value]),
        format: (x) => signed(x),
      }}
      file={`${file}-logits-${logits.convention}`}
      svg={() =>
        barsSvg(
          {
            title: `What feature ${context.feature} of ${context.sae} writes`,
            bars: [...top.slice(0, SHOWN), ...[...bottom].reverse().slice(-SHOWN)].map(({ token, value }) => ({
              label: showToken(token),
              value,
              text: signed(value),
            })),
            full,
            signed: true,
            legend: `logits per unit of activation, convention “${logits.convention}”; + raises the token`,
          },
          scheme,
        )
      }
    >
      <div className={styles.sides}>
        <Effects label="Most raised" effects={top.slice(0, SHOWN)} full={full} sign="positive" />
        <Effects label="Most lowered" effects={bottom.slice(0, SHOWN)} full={full} sign="negative" />
      </div>
      {counts.length > 0 && (
        <div className={styles.under}>
          <Histogram
            label={`Logit effects on all ${count(vocabulary)} tokens of the vocabulary, from ${signed(histogram.from)} to ${signed(histogram.to)}`}
            edges={edgesOf(histogram)}
            counts={counts}
            format={(x) => signed(x)}
            counted="tokens"
            xLabel="logits per unit"
            tone="signed"
            log
          />
        </div>
      )}
    </Figure>
  );
}

const NotRead = (): ReactElement => (
  <section aria-label="What it writes" className={styles.room}>
    <h2>What it writes</h2>
    <p className={styles.none}>
      This is read off the model’s weights, which are not here yet. Everything else on this page was stored with the site.
    </p>
  </section>
);

interface EffectsProps {
  readonly label: string;
  readonly effects: readonly TokenEffect[];
  readonly full: number;
  readonly sign: 'positive' | 'negative';
}

function Effects({ label, effects, full, sign }: EffectsProps): ReactElement {
  return (
    <ol className={styles.effects} aria-label={label} data-sign={sign} {...tipSteps}>
      {effects.map(({ token, value }) => (
        <li key={token.id} data-tip={`${quoteToken(token)} ${signed(value)} logits a unit`} tabIndex={-1}>
          <i style={{ width: `${(Math.abs(value) / full) * 100}%` }} aria-hidden="true" />
          <span className={styles.word}>{showToken(token)}</span>
          <span className={styles.effect}>{signed(value)}</span>
        </li>
      ))}
      {effects.length === 0 && <li>none</li>}
    </ol>
  );
}
