import type {
  BinnedCounts,
  DashboardExample,
  ExampleGroup,
  FeatureDashboard,
  LogitEffects,
} from '../../../core/dashboards/types.ts';
import { parseHook } from '../../../core/hooks.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';

/** Numbers as SAEDashboard writes them: five decimals. */
const r5 = (x: number): number => Number(x.toFixed(5));

function centres({ from, to, counts }: BinnedCounts): number[] {
  const n = tensorData(counts).length;
  return Array.from({ length: n }, (_, i) => r5(from + ((i + 0.5) * (to - from)) / n));
}

interface Activation {
  readonly tokens: readonly string[];
  readonly values: readonly number[];
  readonly bin_min: number;
  readonly bin_max: number;
  readonly bin_contains: number;
  readonly qualifying_token_index: number;
}

/** Their top group has −1 for its lower bound and its share; an interval's share is of all tokens. A uniform sample has no place there. */
function activationsOf(groups: readonly ExampleGroup[], tokens: number): Activation[] {
  return groups.flatMap((group) => {
    if (group.kind === 'uniform') return [];
    const top = group.kind === 'top';
    return group.examples.map((example) => ({
      bin_min: top ? -1 : r5(group.low),
      bin_max: r5(group.high),
      bin_contains: top ? -1 : group.count / Math.max(1, tokens),
      ...textOf(example),
      qualifying_token_index: example.position,
    }));
  });
}

const textOf = ({ tokens, activations }: DashboardExample): { readonly tokens: string[]; readonly values: number[] } => ({
  tokens: tokens.map(({ text }) => text),
  values: Array.from(tensorData(activations), r5),
});

interface LogitFields {
  readonly neg_str: readonly string[];
  readonly neg_values: readonly number[];
  readonly pos_str: readonly string[];
  readonly pos_values: readonly number[];
  readonly logits_hist_data_bar_heights: readonly number[];
  readonly logits_hist_data_bar_values: readonly number[];
}

/** `raw` is what SAEDashboard computes: W_dec · W_U without the final norm's gain. Lists of ten. */
function logitFields(all: readonly LogitEffects[]): LogitFields {
  const logits = all.find(({ convention }) => convention === 'raw') ?? all[0];
  const ten = (list: LogitEffects['top']): LogitEffects['top'] => list.slice(0, 10);
  const top = ten(logits?.top ?? []);
  const bottom = ten(logits?.bottom ?? []);
  return {
    neg_str: bottom.map(({ token }) => token.text),
    neg_values: bottom.map(({ value }) => r5(value)),
    pos_str: top.map(({ token }) => token.text),
    pos_values: top.map(({ value }) => r5(value)),
    logits_hist_data_bar_heights: logits ? Array.from(tensorData(logits.histogram.counts)) : [],
    logits_hist_data_bar_values: logits ? centres(logits.histogram) : [],
  };
}

interface WeightFields {
  readonly neuron_alignment_indices: readonly number[];
  readonly neuron_alignment_values: readonly number[];
  readonly neuron_alignment_l1: readonly number[];
  readonly correlated_neurons_indices: readonly number[];
  readonly correlated_neurons_pearson: readonly number[];
  readonly correlated_neurons_l1: readonly number[];
  readonly correlated_features_indices: readonly number[];
  readonly correlated_features_pearson: readonly number[];
  readonly correlated_features_l1: readonly number[];
  readonly decoder_weights_dist: readonly number[];
  readonly vector: readonly number[];
}

/** As they name them: of what is correlated, `…_l1` holds the cosine. */
function weightFields({ weights, correlations }: FeatureDashboard): WeightFields {
  const aligned = weights?.alignment ?? [];
  const neurons = correlations?.neurons ?? [];
  const features = correlations?.features ?? [];
  return {
    neuron_alignment_indices: aligned.map(({ index }) => index),
    neuron_alignment_values: aligned.map(({ cosine }) => r5(cosine)),
    neuron_alignment_l1: aligned.map(({ share }) => r5(share)),
    correlated_neurons_indices: neurons.map(({ index }) => index),
    correlated_neurons_pearson: neurons.map(({ pearson }) => r5(pearson)),
    correlated_neurons_l1: neurons.map(({ cosine }) => r5(cosine)),
    correlated_features_indices: features.map(({ index }) => index),
    correlated_features_pearson: features.map(({ pearson }) => r5(pearson)),
    correlated_features_l1: features.map(({ cosine }) => r5(cosine)),
    decoder_weights_dist: weights?.heads ? Array.from(tensorData(weights.heads), r5) : [],
    // Whole, as whoever steers with it needs it.
    vector: weights ? Array.from(tensorData(weights.vector)) : [],
  };
}

const layerOf = (hook: string): number => parseHook(hook)?.layer ?? 0;
const datasetOf = ({ corpus }: FeatureDashboard): string =>
  `vitrine curriculum, seed ${corpus.seed}, ${corpus.documents} documents`;

/** The feature's direction, as Neuronpedia's `/api/vector/get` names its parts. */
export const vectorFile = ({ model, sae, feature, hook, weights, stats }: FeatureDashboard): object => ({
  modelId: model,
  source: sae,
  index: String(feature),
  hookName: hook,
  maxActApprox: r5(stats.max),
  vector: weights ? Array.from(tensorData(weights.vector)) : [],
});

/**
 * One feature as a SAEDashboard batch file (`batch-0.json`, snake case). What a dashboard does not hold (correlations, in a
 * stored one) is an empty list, as their readers expect. `n_tokens_in_prompt` is the mean, as our documents differ in length.
 */
export function saeDashboardBatch(dashboard: FeatureDashboard): object {
  const { stats, histogram, corpus } = dashboard;
  return {
    model_id: dashboard.model,
    layer: layerOf(dashboard.hook),
    sae_set: dashboard.sae,
    sae_id_suffix: '',
    features: [
      {
        feature_index: dashboard.feature,
        ...weightFields(dashboard),
        ...logitFields(dashboard.logits ?? []),
        frac_nonzero: stats.density,
        freq_hist_data_bar_values: centres(histogram),
        freq_hist_data_bar_heights: Array.from(tensorData(histogram.counts)),
        n_prompts_total: corpus.documents,
        n_tokens_in_prompt: Math.round(corpus.tokens / Math.max(1, corpus.documents)),
        dataset: datasetOf(dashboard),
        activations: activationsOf(dashboard.groups, stats.tokens),
      },
    ],
  };
}

/** One feature as Neuronpedia's API answers for it (`/api/feature/…`, camel case where theirs is). */
export function neuronpediaFeature(dashboard: FeatureDashboard, label: string | null): object {
  const { stats, histogram, nearest } = dashboard;
  const layer = `${layerOf(dashboard.hook)}-${dashboard.sae}`;
  return {
    modelId: dashboard.model,
    layer,
    index: String(dashboard.feature),
    sourceSetName: dashboard.sae,
    hookName: dashboard.hook,
    maxActApprox: r5(stats.max),
    frac_nonzero: stats.density,
    hasVector: dashboard.weights !== null,
    vectorLabel: null,
    topkCosSimIndices: nearest.map(({ feature }) => feature),
    topkCosSimValues: nearest.map(({ cosine }) => r5(cosine)),
    ...weightFields(dashboard),
    ...logitFields(dashboard.logits ?? []),
    freq_hist_data_bar_heights: Array.from(tensorData(histogram.counts)),
    freq_hist_data_bar_values: centres(histogram),
    activations: activationsOf(dashboard.groups, stats.tokens).map((activation, i) => {
      const { tokens, values } = activation;
      const maxValue = Math.max(0, ...values);
      return {
        id: `${dashboard.model}-${layer}-${dashboard.feature}-${i}`,
        modelId: dashboard.model,
        layer,
        index: String(dashboard.feature),
        tokens,
        values,
        maxValue,
        maxValueTokenIndex: values.indexOf(maxValue),
        minValue: Math.min(0, ...values),
        dataIndex: null,
        dataSource: datasetOf(dashboard),
        binMin: activation.bin_min,
        binMax: activation.bin_max,
        binContains: activation.bin_contains,
        qualifyingTokenIndex: activation.qualifying_token_index,
      };
    }),
    explanations:
      label === null
        ? []
        : [{ description: label, modelId: dashboard.model, layer, index: String(dashboard.feature), typeName: 'human' }],
  };
}
