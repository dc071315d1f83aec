import { useState, type ReactElement } from 'react';
import { featureLink } from '../../../core/share/feature-address.ts';
import { steerLink } from '../../../core/share/steer-link.ts';
import { Legend } from '../../../app/charts/Legend.tsx';
import { withGamma } from '../../../app/charts/scales/colour.ts';
import { useFeatureAtHand } from '../../../app/state/at-hand.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { Segmented } from '../../../app/ui/Segmented.tsx';
import { FeatureTable, type FeatureItem } from '../../../app/views/FeatureTable.tsx';
import { Figure, type FigureData } from '../../../app/views/Figure.tsx';
import { GammaSlider } from '../../../app/views/GammaSlider.tsx';
import type { FeatureName } from '../../../app/views/names.ts';
import { number, percent, plural } from '../../../app/views/numbers.ts';
import { Waiting } from '../../../app/views/Waiting.tsx';
import { quoteToken } from '../../../app/views/tokens.ts';
import { siteName, siteShort } from '../../../app/views/sites.ts';
import { fullScale, parseFeatureKey, peak, strongest, type FeatureTrace } from '../lib/rows.ts';
import type { PanelContext } from './panel.tsx';
import { NextSummary } from './NextSummary.tsx';
import styles from './explore.module.css';

const FIRST = 12;
const PER_TOKEN = 3;

/** The features that are active on the selected tokens, and in short what the model expects next. */
export function Features({ context }: { readonly context: PanelContext }): ReactElement {
  const { parts, spec, ask, model } = context;
  if ((spec.saes ?? []).length === 0)
    return (
      <div className={styles.columns}>
        <div className={styles.empty}>
          <p>No dictionary is chosen, so there are no features to show.</p>
          {/* A sentence above the lab says where a model comes without any. */}
          {model?.saes.length !== 0 && (
            <p className={styles.more}>
              <Button
                onClick={() =>
                  ask((s) => ({ ...s, saes: model?.saes.slice(-1).map(({ id }) => id) ?? ['blocks.2.hook_resid_post'] }))
                }
              >
                Read with one
              </Button>
            </p>
          )}
        </div>
        <NextSummary context={context} />
      </div>
    );
  return (
    <div className={styles.columns}>
      <div className={styles.stack}>
        {parts.features.length > 0 ? (
          <FeatureFigure context={context} />
        ) : (
          <Waiting label="Features are on their way" rows={12} />
        )}
      </div>
      <NextSummary context={context} />
    </div>
  );
}

function FeatureFigure({ context }: { readonly context: PanelContext }): ReactElement {
  const { parts, traces, range, spec, setView, tokens, file, bosId, names } = context;
  const { view } = spec;
  const [shown, setShown] = useState(FIRST);
  const from = range.from === 0 && range.to > 0 && tokens[0]?.id === bosId ? 1 : range.from;
  const here = { from, to: range.to };
  const ranked = strongest(traces.values(), here, view.normalise);
  const [top] = ranked;
  useFeatureAtHand(top ? { model: spec.model, sae: top.sae, feature: top.feature } : null);
  const viewMax = Math.max(0, ...[...traces.values()].map((trace) => peak(trace, from === 0 ? 0 : 1, tokens.length - 1)));
  const siteOf = new Map(parts.features.map((rows) => [rows.sae, rows.hook]));
  const oneSite = parts.features.length === 1;

  const nameOf = ({ sae, feature }: FeatureTrace): FeatureName => names({ model: spec.model, sae, feature });
  const item = (trace: FeatureTrace, at = here): FeatureItem => {
    const full = fullScale(trace, view.normalise, viewMax);
    return {
      key: trace.key,
      sae: trace.sae,
      feature: trace.feature,
      layer: trace.layer,
      site: siteShort(siteOf.get(trace.sae) ?? trace.sae),
      name: nameOf(trace),
      activation: peak(trace, at.from, at.to),
      shares: Float32Array.from(trace.values, (x) => withGamma(x / full, view.gamma)),
      maxKnown: trace.maxKnown,
      pinned: view.pinned.includes(trace.key),
    };
  };
  const [first] = spec.prompts;
  const text = first && 'text' in first ? first.text : '';
  const href = ({ sae, feature }: FeatureItem): string => featureLink({ model: spec.model, sae, feature }, text);
  const steer = ({ sae, feature }: FeatureItem): string =>
    steerLink({ model: spec.model, sae, feature, strength: 2, ...(text === '' ? {} : { prompt: text }) });
  const pin = (key: string): void =>
    setView({ pinned: view.pinned.includes(key) ? view.pinned.filter((k) => k !== key) : [...view.pinned, key].slice(-50) });
  const pinnedTraces = view.pinned
    .map((key) => traces.get(key) ?? silent(key, parts.features, tokens.length))
    .filter((t) => t !== null);
  // Said from the start where names may come, so that nothing moves when they do.
  const matched = [...pinnedTraces, ...ranked].some((trace) => ['truth', 'waiting'].includes(nameOf(trace).from));
  const groups = view.groupBy === 'layer' ? layerGroups(ranked.slice(0, shown), siteOf) : tokenGroups(context, here);
  const where = tokens.length === 0 ? '' : wordsOf(context, here);

  const data: FigureData = {
    columns: [
      'dictionary',
      'feature',
      'label',
      `activation on ${where}`,
      'max known',
      ...tokens.map((token, p) => `${p} ${token.text}`),
    ],
    rows: () => ranked.map((t) => [t.sae, t.feature, nameOf(t).name ?? '', peak(t, here.from, here.to), t.maxKnown, ...t.values]),
    format: (x) => number(x),
  };
  return (
    <Figure
      title={view.groupBy === 'layer' ? `Strongest on ${where}` : 'Strongest on each token'}
      controls={
        <Segmented
          label="Group by"
          value={view.groupBy}
          options={[
            { value: 'layer', label: 'by layer' },
            { value: 'token', label: 'by token' },
          ]}
          onChange={(groupBy) => setView({ groupBy })}
        />
      }
      caption={finding(context, ranked, here)}
      data={data}
      file={`${file}-features`}
    >
      {pinnedTraces.length > 0 && (
        <div className={`${styles.group} ${styles.pinned}`}>
          <h3>pinned</h3>
          <FeatureTable
            label="Pinned features"
            items={pinnedTraces.map((trace) => item(trace))}
            marked={here}
            onPin={pin}
            href={href}
            steer={steer}
          />
        </div>
      )}
      {groups.map(({ name, traces: list, marked }) => (
        <div key={name} className={styles.group}>
          {!(oneSite && view.groupBy === 'layer') && <h3>{name}</h3>}
          <FeatureTable
            label={`Features, ${name}`}
            items={list.map((trace) => item(trace, marked))}
            marked={marked ?? here}
            onPin={pin}
            href={href}
            steer={steer}
            hideSite={oneSite || view.groupBy === 'layer'}
          />
        </div>
      ))}
      {matched && (
        <p className={styles.note}>
          A name with an F1 is the variable of the curriculum that matches best, not a reader’s label.
        </p>
      )}
      {ranked.length === 0 && <p className={styles.empty}>No feature is active on {where}.</p>}
      {view.groupBy === 'layer' && ranked.length > shown && (
        <Button size="s" variant="quiet" className={styles.more} onClick={() => setShown(shown + 24)}>
          Show more ({ranked.length - shown})
        </Button>
      )}
      <div className={styles.legend}>
        <Legend
          kind="unsigned"
          low="0"
          high={view.normalise === 'view' ? number(viewMax) : 'largest known'}
          gamma={view.gamma}
          control={
            <>
              <Segmented
                label="Full colour is"
                value={view.normalise}
                options={[
                  { value: 'known-max', label: 'own max' },
                  { value: 'view', label: 'max in view' },
                ]}
                onChange={(normalise) => setView({ normalise })}
              />
              <GammaSlider value={view.gamma} onChange={(gamma) => setView({ gamma })} />
            </>
          }
        >
          activation, own units
        </Legend>
      </div>
    </Figure>
  );
}

interface Group {
  readonly name: string;
  readonly traces: readonly FeatureTrace[];
  readonly marked?: { readonly from: number; readonly to: number };
}

function layerGroups(ranked: readonly FeatureTrace[], siteOf: ReadonlyMap<string, string>): Group[] {
  const groups = new Map<string, FeatureTrace[]>();
  for (const trace of ranked) groups.set(trace.sae, [...(groups.get(trace.sae) ?? []), trace]);
  // The last layer first: closest to the answer.
  const order = [...siteOf.keys()].reverse();
  return [...groups]
    .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
    .map(([sae, traces]) => ({ name: siteName(siteOf.get(sae) ?? sae), traces }));
}

/** The strongest of each token: of those selected where several are, else of all. */
function tokenGroups(
  { tokens, traces, spec, bosId }: PanelContext,
  here: { readonly from: number; readonly to: number },
): Group[] {
  const all = here.from === here.to;
  const found: Group[] = [];
  for (let p = all ? (tokens[0]?.id === bosId ? 1 : 0) : here.from; p <= (all ? tokens.length - 1 : here.to); p++) {
    const marked = { from: p, to: p };
    found.push({
      name: `${p} ${quoteToken(tokens[p])}`,
      traces: strongest(traces.values(), marked, spec.view.normalise).slice(0, PER_TOKEN),
      marked,
    });
  }
  return found;
}

/** A pinned feature that is active nowhere on this prompt. */
function silent(key: string, dictionaries: PanelContext['parts']['features'], positions: number): FeatureTrace | null {
  const address = parseFeatureKey(key);
  if (!address || !dictionaries.some(({ sae }) => sae === address.sae)) return null;
  return { key, ...address, layer: null, values: new Float32Array(positions), maxKnown: 0 };
}

const wordsOf = ({ tokens }: PanelContext, { from, to }: { readonly from: number; readonly to: number }): string =>
  from === to ? quoteToken(tokens[from]) : `${quoteToken(tokens[from])} … ${quoteToken(tokens[to])}`;

function finding(
  context: PanelContext,
  ranked: readonly FeatureTrace[],
  here: { readonly from: number; readonly to: number },
): string {
  const [first] = ranked;
  const fvu = context.parts.features.map(({ fvu }) => fvu).filter((x) => x !== null);
  const left =
    fvu.length === 0
      ? context.parts.features.length === 0
        ? ''
        : ' Unexplained variance (FVU): —, as nothing varies over one token.'
      : ` ${fvu.length === 1 ? 'The dictionary leaves' : 'The dictionaries leave'} ${fvu.length === 1 ? '' : `${percent(Math.min(...fvu))} to `}${percent(Math.max(...fvu))} of the variance on this prompt unexplained (FVU).`;
  if (!first) return `No feature is active on ${wordsOf(context, here)}.${left}`;
  const activation = peak(first, here.from, here.to);
  const many = context.parts.features.length > 1;
  const hook = context.parts.features.find(({ sae }) => sae === first.sae)?.hook ?? first.sae;
  const share = first.maxKnown > 0 ? `, ${percent(activation / first.maxKnown)} of the largest known` : '';
  return `${plural(ranked.length, 'feature is', 'features are')} active on ${wordsOf(context, here)}; the strongest is feature ${first.feature}${many ? ` of ${siteShort(hook)}` : ''} at ${number(activation)}${share}.${left}`;
}
