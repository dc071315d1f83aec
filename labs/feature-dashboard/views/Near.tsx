import type { ReactElement, ReactNode } from 'react';
import { barsSvg } from '../../../app/charts/export/svg.ts';
import { useScheme } from '../../../app/charts/scheme.ts';
import { dictionaries, useDictionary, useKnownDictionaries } from '../../../app/state/dictionary-index.ts';
import { useLabels } from '../../../app/state/labels.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { nameOf } from '../../../app/views/names.ts';
import { count, figure, percent, signed } from '../../../app/views/numbers.ts';
import { siteShort } from '../../../app/views/sites.ts';
import { FeatureLink } from './FeatureLink.tsx';
import type { DashboardContext } from './panel.tsx';
import styles from './dashboard.module.css';

const SHOWN = 10;
/** A dictionary's index, roughly: a dashboard's own budget has no room for those of all others, so they come when asked for. */
const INDEX_BYTES = 20_000;

const bar = (
  how: string,
  feature: number,
  name: string | null,
  value: number,
  format: (x: number) => string,
): { readonly label: string; readonly value: number; readonly text: string } => ({
  label: `${how} · ${feature}${name === null ? '' : ` ${name}`}`,
  value,
  text: format(value),
});

/** Features that point the same way, that are active on the same tokens, and the nearest one of each other dictionary. */
export function Near({ context }: { readonly context: DashboardContext }): ReactElement {
  const { dashboard, file, model, sae, feature } = context;
  const { nearest, coactive, elsewhere } = dashboard;
  const labels = useLabels();
  const scheme = useScheme();
  useDictionary(dashboard.model, sae);
  const known = useKnownDictionaries();
  const named = (feature: number, of: string = sae): string | null =>
    nameOf({ model: dashboard.model, sae: of, feature }, labels, known[`${dashboard.model}/${of}`]).name;
  const unasked = elsewhere.map((n) => n.sae).filter((of) => known[`${dashboard.model}/${of}`] === undefined);
  const hookOf = (id: string): string => model?.saes.find((entry) => entry.id === id)?.hookName ?? id;
  const [first] = nearest;
  const [often] = coactive;
  return (
    <Figure
      title="What it is near"
      caption={
        <>
          Cosine of decoder rows, −1 to +1
          {elsewhere.length > 0 && '; across dictionaries, of what they write into the residual stream'}. Active together: the
          share of tokens with either on which both are. {first && `Nearest: ${first.feature}, ${signed(first.cosine)}. `}
          {often && `Most often with it: ${often.feature}, on ${count(often.both)} tokens.`}
        </>
      }
      data={{
        columns: ['how', 'dictionary', 'feature', 'label', 'cosine', 'both', 'jaccard', 'pmi (nats)'],
        rows: () => [
          ...nearest.map((n) => ['decoder cosine', n.sae, n.feature, named(n.feature, n.sae) ?? '', n.cosine, NaN, NaN, NaN]),
          ...coactive.map((c) => ['co-active', sae, c.feature, named(c.feature) ?? '', NaN, c.both, c.jaccard, c.pmi]),
          ...elsewhere.map((n) => ['across layers', n.sae, n.feature, named(n.feature, n.sae) ?? '', n.cosine, NaN, NaN, NaN]),
        ],
        format: (x) => (Number.isNaN(x) ? '' : figure(x)),
      }}
      file={`${file}-near`}
      svg={() =>
        barsSvg(
          {
            title: `What feature ${feature} of ${sae} is near`,
            bars: [
              ...nearest.slice(0, SHOWN).map((n) => bar('same direction', n.feature, named(n.feature), n.cosine, signed)),
              ...coactive.slice(0, SHOWN).map((c) => bar('active together', c.feature, named(c.feature), c.jaccard, percent)),
              ...elsewhere.map((n) => bar(siteShort(hookOf(n.sae)), n.feature, named(n.feature, n.sae), n.cosine, signed)),
            ],
            full: 1,
            signed: true,
            legend: 'cosine of directions, or the share of tokens with either on which both are active; full bar: 1',
          },
          scheme,
        )
      }
    >
      <Group title="Same direction" empty="No other feature is known to point the same way.">
        {nearest.slice(0, SHOWN).map((n) => (
          <Row key={n.feature} context={context} feature={n.feature} label={named(n.feature)} value={signed(n.cosine)} />
        ))}
      </Group>
      <Group title="Active together" empty="No other feature is often active on the same tokens.">
        {coactive.slice(0, SHOWN).map((c) => (
          <Row
            key={c.feature}
            context={context}
            feature={c.feature}
            label={named(c.feature)}
            value={percent(c.jaccard)}
            tip={`Both on ${count(c.both)} tokens, the other one on ${count(c.active)}; PMI ${signed(c.pmi)} nats`}
          />
        ))}
      </Group>
      {elsewhere.length > 0 && (
        <Group title="In other dictionaries" empty="">
          {elsewhere.map((n) => (
            <Row
              key={n.sae}
              context={context}
              sae={n.sae}
              feature={n.feature}
              label={named(n.feature, n.sae)}
              value={signed(n.cosine)}
              place={siteShort(hookOf(n.sae))}
            />
          ))}
        </Group>
      )}
      {unasked.length > 0 && (
        <p className={styles.note}>
          <Button size="s" variant="quiet" onClick={() => unasked.forEach((of) => void dictionaries.load(dashboard.model, of))}>
            Name those of other dictionaries
          </Button>{' '}
          (about {Math.round((unasked.length * INDEX_BYTES) / 1_000)} kB)
        </p>
      )}
    </Figure>
  );
}

interface GroupProps {
  readonly title: string;
  readonly empty: string;
  readonly children: readonly ReactNode[];
}

function Group({ title, empty, children }: GroupProps): ReactElement {
  return (
    <div className={styles.group}>
      <h3>{title}</h3>
      {children.length === 0 ? <p className={styles.none}>{empty}</p> : <ul className={styles.near}>{children}</ul>}
    </div>
  );
}

interface RowProps {
  readonly context: DashboardContext;
  readonly feature: number;
  readonly sae?: string;
  readonly label: string | null;
  readonly value: string;
  readonly place?: string;
  readonly tip?: string;
}

function Row({ context, feature, sae, label, value, place, tip }: RowProps): ReactElement {
  return (
    <li data-tip={tip}>
      <FeatureLink context={context} feature={feature} {...(sae === undefined ? {} : { sae })}>
        {place !== undefined && <span className={styles.place}>{place}</span>}
        <span className={styles.id}>{feature}</span>
        <span className={label === null ? styles.unnamed : undefined}>{label ?? 'No label yet'}</span>
        <span className={styles.effect}>{value}</span>
      </FeatureLink>
    </li>
  );
}
