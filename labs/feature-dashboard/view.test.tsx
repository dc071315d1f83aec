import { renderToStaticMarkup } from 'react-dom/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureDashboard } from '../../core/dashboards/types.ts';
import { tensorData } from '../../core/protocol/wire-tensor.ts';
import { completeSpec, type ExperimentSpec } from '../../core/spec/index.ts';
import { openNodeEngine } from '../../scripts/node-engine/index.ts';
import type { OpenEngine } from '../../scripts/lib/open-engine.ts';
import { number, percent, signed } from '../../app/views/numbers.ts';
import { NAMED_FROM, variableTitle } from '../../app/views/variable-words.ts';
import { textOf } from './lib/example-text.ts';
import { neuronpediaFeature, saeDashboardBatch } from './lib/saedashboard.ts';
import { shownOf } from './lib/shown.ts';
import type { DashboardChunk, DashboardResult } from './result.ts';
import { lab, type DashboardView } from './spec.ts';
import { view } from './view.tsx';
import { panelProps } from '../../app/state/testing/panel.ts';

/** Dashboards as the lab itself computes them, of a little text: one of a feature that is active, one of one that is not. */
let open: OpenEngine;
let result: DashboardResult;
let silent: FeatureDashboard | null = null;
let spec: ExperimentSpec;

const ask = (feature: number, prompts: ExperimentSpec['prompts'] = []): ExperimentSpec => ({
  ...lab.defaults,
  prompts,
  params: { feature, mode: 'computed', documents: 12 },
});

beforeAll(async () => {
  open = await openNodeEngine({ backend: 'wasm' });
  let best: FeatureDashboard | null = null;
  for (let feature = 0; feature < 40 && (best === null || silent === null); feature++) {
    const { dashboard } = (await open.engine.run(ask(feature))).payload as DashboardResult;
    if (!dashboard) throw new Error('a computed run gives a dashboard');
    if (dashboard.stats.active === 0) silent ??= dashboard;
    else if (dashboard.matches.best && dashboard.stats.active > 5) best ??= dashboard;
  }
  if (!best) throw new Error('no feature of the first forty is active on twelve documents');
  const text = best.groups[0]!.examples[0]!.tokens.slice(1).map((token) => token.text);
  spec = ask(best.feature, [{ text: text.join('') }]);
  result = (await open.engine.run(spec)).payload as DashboardResult;
}, 300_000);
afterAll(() => open.close());

interface State {
  readonly shown?: DashboardResult | null;
  readonly chunks?: readonly DashboardChunk[];
  readonly stale?: boolean;
  readonly running?: boolean;
  readonly feature?: number;
}
function draw(change: Partial<DashboardView> = {}, state: State = {}): string {
  const { shown = result, chunks = [], stale = false, running = false, feature } = state;
  const asked = { ...spec, params: { ...spec.params, feature: feature ?? spec.params['feature']! } };
  const full = completeSpec({ ...asked, view: change as object as { [key: string]: never } }, lab);
  return renderToStaticMarkup(
    <view.Panel {...panelProps(full, { result: shown, chunks, stale })} running={running} source={shown && 'live'} />,
  );
}
const dashboard = (): FeatureDashboard => result.dashboard!;
const other = (): number => dashboard().feature + 1;

describe('the dashboard of a feature', () => {
  it('says which feature it is, with its neighbours as links that keep the text', () => {
    const html = draw();
    const { feature } = dashboard();
    const text = encodeURIComponent((spec.prompts[0] as { text: string }).text);
    expect(html).toContain(`href="#/feature/primer/${dashboard().sae}/${feature + 1}?text=${text}"`);
    expect(html).toContain(`Next feature: ${feature + 1}`);
    expect(html).toContain(`href="#/features/primer/${dashboard().sae}"`);
  });

  it('is named by the ground truth where that fits, and else by nothing', () => {
    const best = dashboard().matches.best!;
    const name = (f1: number): string => {
      const score = { ...best.score, f1 };
      return draw(
        {},
        { shown: { ...result, dashboard: { ...dashboard(), matches: { ...dashboard().matches, best: { ...best, score } } } } },
      );
    };
    expect(name(NAMED_FROM)).toContain(variableTitle(best.variable).replaceAll('“', '“'));
    expect(name(NAMED_FROM)).toContain('from ground truth');
    expect(name(NAMED_FROM - 0.01)).toContain('<h1>No label yet</h1>');
    expect(draw()).toContain(`F1 ${number(best.score.f1)}`);
    expect(draw()).toContain(`${percent(best.score.precision)} of its tokens (precision)`);
  });

  it('prints the numbers of the answer: density, maximum, effects, nearest features', () => {
    const html = draw();
    const { stats, logits, nearest, coactive } = dashboard();
    expect(html).toContain(`Active on ${percent(stats.density)} of ${stats.tokens.toLocaleString('en')} tokens`);
    expect(html).toContain(`at most ${number(stats.max)}, on average ${number(stats.mean)}`);
    expect(html).toContain(signed(logits![0]!.top[0]!.value));
    expect(html).toContain(signed(logits![0]!.bottom[0]!.value));
    expect(html).toContain(`Nearest: ${nearest[0]!.feature}, ${signed(nearest[0]!.cosine)}`);
    if (coactive[0]) expect(html).toContain(`Most often with it: ${coactive[0].feature}`);
  });

  it('shows the reader’s text with the largest value of it, marked in the histogram', () => {
    const { activations, tokens } = result.texts[0]!;
    const largest = Math.max(...tensorData(activations).slice(1));
    expect(largest).toBeGreaterThan(0);
    const html = draw();
    expect(html).toContain(`: ${number(largest)} of ${number(dashboard().stats.max)} known`);
    expect(html).toContain(`The line: the largest on your text, ${number(largest)}`);
    expect(html).toContain(`${tokens.length} tokens`);
  });

  it('shows examples band by band, as much of each as asked', () => {
    const { groups } = dashboard();
    const html = draw();
    for (const group of groups) expect(html).toContain(group.count.toLocaleString('en'));
    const [first] = groups[0]!.examples;
    expect(html).toContain(`${first!.population} · document ${first!.document.toLocaleString('en')} · token ${first!.position}`);
    const letters = (text: string): number => text.replace(/<[^>]*>/g, '').length;
    expect(letters(draw({ context: 'full' }))).toBeGreaterThan(letters(draw({ context: 'stacked' })));
    expect(draw({ values: true })).toContain('data-value="');
    expect(draw({ group: 99 })).toContain('drawn at random from all');
  });

  it('shows the parts that are asked for, in one order', () => {
    const html = draw({ parts: ['examples', 'writes'] });
    expect(html.indexOf('What it writes')).toBeGreaterThan(0);
    expect(html.indexOf('What it writes')).toBeLessThan(html.indexOf('Where it fires'));
    for (const gone of ['What it is near', 'How often, how strongly', 'Text to test', 'Steer with it'])
      expect(html).not.toContain(gone);
  });

  it('never shows one feature under the number of another', () => {
    const html = draw({}, { feature: other(), stale: true, running: true });
    expect(html).toContain(`<h1>Feature ${other()}</h1>`);
    expect(html).toContain('data-stale=""');
    expect(html).toContain('inert=""');
    expect(html).not.toContain('Best-matching');
    const asked = { model: 'primer', sae: dashboard().sae, feature: other() };
    expect(shownOf(asked, result, [], true)).toMatchObject({ otherFeature: true, text: null });
  });

  it('keeps the dashboard while only the text changes, and takes what streams in', () => {
    const asked = { model: 'primer', sae: dashboard().sae, feature: dashboard().feature };
    expect(shownOf(asked, result, [], true)).toMatchObject({ otherFeature: false, staleText: true });
    const text = { ...result.texts[0]!, tokens: result.texts[0]!.tokens.slice(0, 2) };
    const shown = shownOf(asked, result, [{ part: 'text', text }], true);
    expect(shown.text).toBe(text);
    expect(shown.staleText).toBe(false);
    expect(shown.dashboard).toBe(result.dashboard);
  });

  it('says so, and what to press, while nothing was opened; and keeps the place while it works', () => {
    expect(draw({}, { shown: null })).toContain('This dashboard is not open yet');
    expect(draw({}, { shown: null, running: true })).toContain('The dashboard is on its way');
  });

  it('says that a feature was never active, and draws nothing for it', () => {
    if (!silent) throw new Error('no silent feature among the first forty');
    const html = draw({}, { feature: silent.feature, shown: { texts: [], dashboard: silent } });
    expect(html).toContain('It was active on no token');
    expect(html).toContain('has no known activations on 12 documents');
  });

  it('says where the numbers come from and what is out of date', () => {
    expect(draw()).toContain('Computed in this tab on 12 documents');
    const stored = (stale: readonly ('sae' | 'text')[]): string =>
      draw({}, { shown: { ...result, dashboard: { ...dashboard(), origin: { kind: 'stored', generator: 1, stale } } } });
    expect(stored([])).toContain('Stored with the site');
    expect(stored(['sae', 'text'])).toContain('the dictionary has other weights now; the curriculum writes other documents now');
  });

  it('offers the names of features of other dictionaries, and says what they cost', () => {
    const elsewhere = [{ sae: 'blocks.0.hook_mlp_out', feature: 1, cosine: 0.5 }];
    const html = draw({}, { shown: { ...result, dashboard: { ...dashboard(), elsewhere } } });
    expect(html).toContain('Name those of other dictionaries</button> (about 20 kB)');
  });

  it('shades examples and text by the gamma of the view', () => {
    const shades = (html: string): string[] => [...html.matchAll(/background:(#\w+)/g)].map(([, colour]) => colour!);
    const [even, lifted] = [shades(draw()), shades(draw({ gamma: 0.25 }))];
    expect(lifted).toHaveLength(even.length);
    expect(lifted).not.toEqual(even);
    expect(draw({ gamma: 0.25 })).toContain('faint more, γ 0.25');
  });

  it('tries a text as the model reads it: without the token in front where there is one, whole where there is none', () => {
    const tokens = [0, 5, 6].map((id) => ({ id, text: `${id} ` }));
    expect(textOf(tokens, 0)).toBe('5 6 ');
    expect(textOf(tokens, null)).toBe('0 5 6 ');
    expect(textOf(tokens.slice(1), 0)).toBe('5 6 ');
  });

  it('runs no markup of a text', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const text = { ...result.texts[0]!, tokens: result.texts[0]!.tokens.map((token) => ({ ...token, text: evil })) };
    const html = draw({}, { shown: { ...result, texts: [text] } });
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img');
  });
});

describe('files in foreign forms', () => {
  it('has every field of a SAEDashboard batch, with its conventions', () => {
    const batch = saeDashboardBatch(dashboard()) as { features: Record<string, unknown>[] };
    const [feature] = batch.features;
    for (const key of (
      'feature_index neuron_alignment_indices neuron_alignment_values neuron_alignment_l1 correlated_neurons_indices ' +
      'correlated_neurons_l1 correlated_neurons_pearson correlated_features_indices correlated_features_l1 ' +
      'correlated_features_pearson neg_str neg_values pos_str pos_values frac_nonzero freq_hist_data_bar_values ' +
      'freq_hist_data_bar_heights logits_hist_data_bar_heights logits_hist_data_bar_values n_prompts_total ' +
      'n_tokens_in_prompt dataset decoder_weights_dist activations vector'
    ).split(' '))
      expect(feature, key).toHaveProperty(key);
    const raw = dashboard().logits!.find(({ convention }) => convention === 'raw')!;
    expect(feature!['pos_values']).toEqual(raw.top.slice(0, 10).map(({ value }) => Number(value.toFixed(5))));
    expect(feature!['freq_hist_data_bar_heights']).toHaveLength(50);
    const heights = feature!['freq_hist_data_bar_heights'] as number[];
    expect(heights.reduce((a, b) => a + b, 0)).toBe(dashboard().stats.active);
    const activations = feature!['activations'] as {
      bin_min: number;
      bin_contains: number;
      tokens: string[];
      values: number[];
    }[];
    expect(activations[0]).toMatchObject({ bin_min: -1, bin_contains: -1 });
    for (const { tokens, values } of activations) expect(tokens).toHaveLength(values.length);
    // The shares of the intervals add up to the density, whatever of them is shown.
    const shares = new Map(activations.filter(({ bin_min }) => bin_min >= 0).map((a) => [a.bin_min, a.bin_contains]));
    const intervals = dashboard().groups.filter(({ kind, examples }) => kind === 'interval' && examples.length > 0);
    expect(shares.size).toBe(intervals.length);
    const sum = [...shares.values()].reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(intervals.reduce((n, { count }) => n + count, 0) / dashboard().stats.tokens, 8);
  });

  it('is plain JSON, with what Neuronpedia needs', () => {
    const feature = JSON.parse(JSON.stringify(neuronpediaFeature(dashboard(), 'mine'))) as Record<string, unknown>;
    expect(feature).toMatchObject({
      modelId: 'primer',
      index: String(dashboard().feature),
      explanations: [{ description: 'mine' }],
      topkCosSimIndices: dashboard().nearest.map((n) => n.feature),
    });
    for (const a of feature['activations'] as { values: number[]; maxValue: number; maxValueTokenIndex: number }[])
      expect(a.values[a.maxValueTokenIndex]).toBe(a.maxValue);
  });
});
