import { useState, type ReactElement } from 'react';
import { parseHook, siteLabel } from '../../core/hooks.ts';
import { labFragment } from '../../core/share/address.ts';
import { minimalSpec } from '../../core/spec/index.ts';
import { architectureName } from '../views/sites.ts';
import { experiments } from '../shell/app.ts';
import { HOME_LAB } from '../state/address.ts';
import type { ModelEntry, SaeEntry } from '../state/catalogue.ts';
import { Segmented } from '../ui/Segmented.tsx';
import page from './ModelPage.module.css';

type MetricId = 'l0' | 'fvu' | 'ceRecovered' | 'ceIncrease' | 'dead';

interface Metric {
  readonly label: string;
  readonly about: string;
  readonly text: (value: number) => string;
}

const digits =
  (n: number): ((value: number) => string) =>
  (value) =>
    String(Number(value.toPrecision(n)));
const percent = (value: number): string => `${(value * 100).toFixed(value > 0 && value < 0.1 ? 2 : 1).replace('-', '−')} %`;
const METRICS: Readonly<Record<MetricId, Metric>> = {
  l0: { label: 'L0', about: 'Features active per token, mean.', text: digits(3) },
  fvu: { label: 'FVU', about: 'Share of the activations’ variance that the dictionary does not explain.', text: percent },
  ceRecovered: {
    label: 'Loss recovered',
    about:
      'With the reconstruction in place of the activations: share of the way from zero ablation back to the model’s own loss.',
    text: percent,
  },
  ceIncrease: {
    label: 'Loss added',
    about: 'Nats that the loss grows when the reconstruction stands in place of the activations.',
    text: (value) => `+${digits(2)(value)}`,
  },
  dead: { label: 'Dead', about: 'Share of features that were never active on the text of the card.', text: percent },
};
const IDS = Object.keys(METRICS) as MetricId[];

export interface SaeMapProps {
  readonly model: ModelEntry;
  /** Where a cell leads; `explore` with that dictionary where left out. */
  readonly href?: (sae: string) => string;
  /** What a press does: “lists its features”. */
  readonly says?: string;
}

/** A model's dictionaries, layers × sites; each cell shows the chosen metric and opens the dictionary. */
export function SaeMap({ model, href, says = 'opens the dictionary in Explore' }: SaeMapProps): ReactElement {
  const [metric, setMetric] = useState<MetricId>('ceRecovered');
  const placed = model.saes.flatMap((sae) => {
    const hook = parseHook(sae.hookName);
    return hook ? [{ sae, site: hook.site, layer: hook.layer ?? 0 }] : [];
  });
  const sites = [...new Set(placed.map(({ site }) => site))];
  const layers = [...new Set(placed.map(({ layer }) => layer))].sort((a, b) => b - a);
  const values = model.saes.map((sae) => sae[metric]).filter((value): value is number => typeof value === 'number');
  const range = [Math.min(...values), Math.max(...values)] as const;
  const { about, text } = METRICS[metric];
  return (
    <>
      <div className={page.head}>
        <Segmented
          label="Shown in each cell"
          value={metric}
          options={IDS.map((id) => ({ value: id, label: METRICS[id].label }))}
          onChange={setMetric}
        />
      </div>
      {/* A wide map scrolls inside its own frame, by keyboard too. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className={page.frame} aria-label="Dictionaries by layer and site" tabIndex={0}>
        <table className={page.map}>
          <caption className="visually-hidden">Dictionaries by layer and site: {METRICS[metric].label}</caption>
          <thead>
            <tr>
              <th scope="col">Layer</th>
              {sites.map((site) => (
                <th key={site} scope="col">
                  {siteLabel(site)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {layers.map((layer) => (
              <tr key={layer}>
                <th scope="row">{layer}</th>
                {sites.map((site) => (
                  <td key={site}>
                    <Cell
                      sae={placed.find((p) => p.site === site && p.layer === layer)?.sae}
                      href={href ?? ((sae) => exploreLink(model.id, sae))}
                      metric={metric}
                      range={range}
                      text={text}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className={page.legend}>
        {about}
        {values.length > 0 && ` Shade from ${text(range[0])} (faint) to ${text(range[1])}.`} A press {says}.
      </p>
    </>
  );
}

interface CellProps {
  readonly sae: SaeEntry | undefined;
  readonly href: (sae: string) => string;
  readonly metric: MetricId;
  readonly range: readonly [number, number];
  readonly text: (value: number) => string;
}

function Cell({ sae, href, metric, range, text }: CellProps): ReactElement {
  const value = sae?.[metric];
  if (!sae) return <span className={`${page.cell} ${page.none}`}>–</span>;
  const known = typeof value === 'number';
  const share = known && range[1] > range[0] ? (value - range[0]) / (range[1] - range[0]) : 0;
  return (
    <a
      href={href(sae.id)}
      className={page.cell}
      data-tip={`${sae.id}: ${sae.dSae} features, ${architectureName(sae.architecture)}`}
      style={{ background: known ? `color-mix(in srgb, var(--u3) ${Math.round(share * 100)}%, var(--u1))` : 'var(--sunken)' }}
    >
      {known ? text(value) : 'not measured'}
    </a>
  );
}

function exploreLink(model: string, sae: string): string {
  const lab = experiments.definition(HOME_LAB);
  return lab ? labFragment(minimalSpec({ ...lab.defaults, model, saes: [sae] }, lab)) : '#/';
}
