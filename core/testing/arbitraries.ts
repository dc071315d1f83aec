import fc from 'fast-check';
import { CHAT_ROLES } from '../chat.ts';
import { allHooks, type HookName } from '../hooks.ts';
import type { Intervention, Positions } from '../interventions.ts';
import type { Metric } from '../metrics.ts';
import { plainParts, type ModelConfig } from '../model-config.ts';
import type { ExperimentSpec, JsonValue } from '../spec/index.ts';

/** Configurations of every kind that decides which hooks exist. */
export const modelConfig: fc.Arbitrary<ModelConfig> = fc
  .record({
    nLayers: fc.integer({ min: 1, max: 12 }),
    nHeads: fc.constantFrom(2, 4, 8),
    groups: fc.constantFrom(1, 2),
    dHead: fc.constantFrom(8, 32),
    rotary: fc.boolean(),
    gated: fc.boolean(),
  })
  .map(({ nLayers, nHeads, groups, dHead, rotary, gated }) => ({
    ...plainParts(nLayers),
    family: rotary ? 'llama' : 'gpt2',
    nLayers,
    nHeads,
    nKvHeads: nHeads / groups,
    dModel: nHeads * dHead,
    dHead,
    dMlp: 4 * nHeads * dHead,
    dVocab: 61,
    nCtx: 64,
    norm: { kind: rotary ? 'rmsNorm' : 'layerNorm', eps: 1e-5 },
    positional: rotary ? { kind: 'rotary', base: 10_000, dims: dHead, scaling: null, local: null } : { kind: 'learned' },
    mlp: { activation: gated ? 'silu' : 'gelu_new', gated },
    attentionDivisor: Math.sqrt(dHead),
    tiedEmbeddings: true,
    bosTokenId: 0,
    eosTokenId: 0,
  }));

const smallIndex = fc.nat({ max: 4096 });
const positions: fc.Arbitrary<Positions> = fc.oneof(
  fc.constantFrom('all' as const, 'prompt' as const, 'generated' as const),
  fc.array(fc.integer({ min: -64, max: 64 }), { maxLength: 6 }),
);
const hook: fc.Arbitrary<HookName> = modelConfig.chain((config) => fc.constantFrom(...allHooks(config, { onRequest: true })));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x));
const optional = <T>(arb: fc.Arbitrary<T>, key: string): fc.Arbitrary<object> =>
  fc.option(arb, { nil: undefined }).map((value) => (value === undefined ? {} : { [key]: value }));
const place: fc.Arbitrary<{ hook: HookName }> = fc
  .tuple(hook, optional(positions, 'positions'), optional(fc.array(smallIndex, { maxLength: 4 }), 'heads'))
  .map(([name, p, heads]) => ({ hook: name, ...p, ...heads }));
const sae = fc.constantFrom('blocks.2.hook_resid_post', 'primer/x-1', 'A');

/** Every kind of intervention. */
export const intervention: fc.Arbitrary<Intervention> = fc.oneof(
  place.map((p): Intervention => ({ kind: 'zero', ...p })),
  fc
    .tuple(place, fc.constantFrom('batch' as const, 'batch+positions' as const))
    .map(([p, over]): Intervention => ({ kind: 'mean', ...p, over })),
  fc.tuple(place, fc.nat({ max: 63 })).map(([p, prompt]): Intervention => ({ kind: 'patch', ...p, prompt })),
  fc
    .tuple(
      place,
      finite,
      fc.oneof(
        fc.array(finite, { maxLength: 4 }).map((values) => ({ from: 'values' as const, values })),
        fc.tuple(sae, smallIndex).map(([id, feature]) => ({ from: 'decoder' as const, sae: id, feature })),
        fc.constant({ from: 'contrast' as const, positive: 0, negative: 1, position: -1 }),
      ),
    )
    .map(([p, coefficient, vector]): Intervention => ({ kind: 'add', ...p, vector, coefficient })),
  fc.tuple(place, finite).map(([p, factor]): Intervention => ({ kind: 'scale', ...p, factor })),
  fc
    .tuple(sae, smallIndex, fc.constantFrom('set' as const, 'scale' as const, 'add' as const), finite)
    .map(([id, feature, mode, value]): Intervention => ({ kind: 'saeFeature', sae: id, feature, mode, value })),
  fc
    .tuple(fc.array(fc.nat({ max: 11 }), { minLength: 1, maxLength: 4 }), positions, positions)
    .map(([layers, query, key]): Intervention => ({ kind: 'blockAttention', layers, query, key })),
  fc
    .array(fc.nat({ max: 11 }), { minLength: 1, maxLength: 4 })
    .map((layers): Intervention => ({ kind: 'freezePattern', layers })),
);

/** Every kind of metric. */
export const metric: fc.Arbitrary<Metric> = fc.oneof(
  smallIndex.map((token): Metric => ({ kind: 'logit', token })),
  fc.tuple(smallIndex, smallIndex).map(([correct, wrong]): Metric => ({ kind: 'logitDiff', correct, wrong, position: -1 })),
  fc.array(smallIndex, { maxLength: 5 }).map((upper): Metric => ({ kind: 'probDiff', upper, lower: [1] })),
  smallIndex.map((token): Metric => ({ kind: 'logProb', token, position: 3 })),
  fc.nat({ max: 63 }).map((reference): Metric => ({ kind: 'kl', reference })),
  fc.constant<Metric>({ kind: 'loss' }),
);

/** Any text at all, lone surrogates left out: JSON in UTF-8 cannot carry those. */
const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const jsonObject = fc
  .dictionary(
    fc.string({ maxLength: 20 }).filter((key) => key !== '__proto__'),
    fc.jsonValue({ maxDepth: 3 }),
    { maxKeys: 5 },
  )
  .map((x) => JSON.parse(JSON.stringify(x)) as Record<string, JsonValue>)
  .filter((x) => JSON.stringify(x).length < 5_000);

/** Valid experiment envelopes of any content. */
export const experiment: fc.Arbitrary<ExperimentSpec> = fc
  .record(
    {
      v: fc.constant(1 as const),
      lab: fc.constantFrom('explore', 'activations'),
      labV: fc.constant(1),
      model: fc.constantFrom('primer', 'smollm2-135m', 'org/name.v1'),
      prompts: fc.array(
        fc.oneof(
          text.map((t) => ({ text: t })),
          fc.array(smallIndex, { maxLength: 8 }).map((tokens) => ({ tokens })),
          fc
            .array(fc.record({ role: fc.constantFrom(...CHAT_ROLES), content: text }), { minLength: 1, maxLength: 3 })
            .map((messages) => ({ messages })),
        ),
        { maxLength: 4 },
      ),
      params: jsonObject,
      saes: fc.array(sae, { maxLength: 3 }),
      interventions: fc.array(intervention, { maxLength: 4 }),
      metric,
      sampling: fc.record({ seed: fc.nat({ max: 0xffff_ffff }), temperature: fc.double({ min: 0, max: 10, noNaN: true }) }),
      view: jsonObject,
    },
    { requiredKeys: ['v', 'lab', 'labV', 'model', 'prompts', 'params'] },
  )
  .map((x) => JSON.parse(JSON.stringify(x)) as ExperimentSpec);

/** Keys of an experiment, and one that it does not have. */
export const SPEC_KEYS = [
  'v',
  'lab',
  'labV',
  'model',
  'saes',
  'prompts',
  'interventions',
  'metric',
  'params',
  'sampling',
  'view',
  'extra',
] as const;
