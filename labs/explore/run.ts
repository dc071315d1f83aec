import { hookName, type HookName } from '../../core/hooks.ts';
import { allPromptIds } from '../../core/prompt-ids.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { wireTensor } from '../../core/protocol/wire-tensor.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import type { RunContext, RunOutput, Sae } from '../../workers/api.ts';
import { attribute } from './lib/attribution.ts';
import { attentionMaps } from './lib/attention.ts';
import { featureRows } from './lib/features.ts';
import { logitLens } from './lib/lens.ts';
import { reducePieces } from './lib/reduce.ts';
import type { Attribution, ExploreChunk, ExploreResult, FeatureRows, NextTokens, Vocabulary } from './result.ts';
import type { ExploreParams } from './spec.ts';

type Spec = ExperimentSpec & { readonly params: ExploreParams };

/**
 * One forward pass of the first prompt, with everything that `explore` shows of it.
 * All other prompts only serve interventions as sources.
 */
export async function* run(spec: Spec, ctx: RunContext): AsyncGenerator<ExploreChunk, ExploreResult> {
  const { model } = ctx;
  const prompts = await allPromptIds(model.tokenizer, spec.prompts);
  const ids = prompts[0] ?? [];
  if (ids.length === 0 || (ids.length === 1 && ids[0] === model.tokenizer.bosId))
    throw new VitrineError('prompt-empty', 'the first prompt has no tokens');
  const tokens = ids.map((id) => model.tokenizer.token(id));
  yield { part: 'tokens', tokens };

  const saes: Sae[] = [];
  for (const id of spec.saes ?? []) saes.push(await ctx.sae(id));

  const { nLayers } = model.config;
  const lensHooks = [...Array.from({ length: nLayers }, (_, l) => hookName('resid_pre', l)), hookName('resid_post', nLayers - 1)];
  const perLayer = Array.from({ length: nLayers }, (_, l) => [
    hookName('pattern', l),
    hookName('v', l),
    hookName('z', l),
    hookName('attn_out', l),
    hookName('mlp_out', l),
  ]).flat();
  const embeds = [
    hookName('embed'),
    ...(model.config.positional.kind === 'learned' ? [hookName('pos_embed')] : []),
    hookName('final_scale'),
  ];
  const capture = [...new Set<HookName>([...embeds, ...lensHooks, ...perLayer, ...saes.map((s) => s.hookName)])];
  const output = await model.runWithHooks([ids], {
    capture,
    logits: 'pieces',
    plan: { interventions: spec.interventions ?? [], prompts },
    checkpoint: () => ctx.checkpoint(),
  });

  const { next, surprisal } = await nextTokens(ctx, output, ids, spec.params.topTokens);
  yield { part: 'next', next, surprisal, vocabulary: vocabulary(ctx, ids, [next]) };

  const features: FeatureRows[] = [];
  for (const sae of saes) {
    await ctx.checkpoint();
    const rows = await featureRows(ctx, sae, output, ids[0] === model.tokenizer.bosId);
    features.push(rows);
    yield { part: 'features', rows };
  }
  await ctx.checkpoint();
  const lens = await logitLens(ctx, output, lensHooks, spec.params.topTokens, topIds(next));
  yield { part: 'lens', lens, vocabulary: vocabulary(ctx, [], [lens]) };
  await ctx.checkpoint();
  const attention = await attentionMaps(ctx, output);
  yield { part: 'attention', attention };
  await ctx.checkpoint();
  const attribution = await compare(ctx, spec.params, output, ids, next, saes, features);
  yield { part: 'attribution', attribution };
  output.dispose();

  return { tokens, surprisal, next, features, lens, attention, attribution, vocabulary: vocabulary(ctx, ids, [next, lens]) };
}

async function nextTokens(
  ctx: RunContext,
  output: RunOutput,
  ids: readonly number[],
  k: number,
): Promise<{ next: NextTokens; surprisal: NextTokens['logits'] }> {
  const following = ids.map((_, p) => ids[p + 1] ?? 0);
  const { top, given, width } = await reducePieces(ctx, (from, to) => output.logitsOf(from, to), k, following);
  const surprisal = Float32Array.from(ids, (_, p) => (p === 0 ? NaN : -(given.logProbs[p - 1] ?? NaN) / Math.LN2));
  const shape = [ids.length, width];
  const next: NextTokens = {
    ids: wireTensor(top.ids, shape, ['pos', 'rank']),
    logits: wireTensor(top.logits, shape, ['pos', 'rank']),
    logProbs: wireTensor(top.logProbs, shape, ['pos', 'rank']),
  };
  return { next, surprisal: wireTensor(surprisal, [ids.length], ['pos']) };
}

const ids32 = (next: { readonly ids: NextTokens['ids'] }): Int32Array => new Int32Array(next.ids.data);
const topIds = (next: NextTokens): number[] => {
  const width = next.ids.shape[1] ?? 1;
  return Array.from({ length: next.ids.shape[0] ?? 0 }, (_, p) => ids32(next)[p * width] ?? 0);
};

async function compare(
  ctx: RunContext,
  params: ExploreParams,
  output: RunOutput,
  ids: readonly number[],
  next: NextTokens,
  saes: readonly Sae[],
  features: readonly FeatureRows[],
): Promise<Attribution> {
  const position = params.position < 0 ? ids.length + params.position : params.position;
  if (position < 0 || position >= ids.length)
    throw new VitrineError('bad-spec', `params.position: ${params.position} is outside of the ${ids.length} tokens`);
  const width = next.ids.shape[1] ?? 1;
  const ranked = ids32(next).slice(position * width, position * width + 2);
  const token = (text: string | undefined, rank: number): number => {
    const id = text === undefined ? ranked[rank] : ctx.model.tokenizer.single(text);
    if (id === null || id === undefined)
      throw new VitrineError(
        'bad-spec',
        `params.compare: ${JSON.stringify(text)} is not one token of this model; most words need their leading space`,
      );
    return id;
  };
  return attribute(ctx, output, { a: token(params.compare?.a, 0), b: token(params.compare?.b, 1), position }, saes, features);
}

function vocabulary(ctx: RunContext, ids: readonly number[], parts: readonly { readonly ids: NextTokens['ids'] }[]): Vocabulary {
  const all = new Set([...ids, ...parts.flatMap((p) => [...ids32(p)])]);
  return Object.fromEntries([...all].sort((a, b) => a - b).map((id) => [String(id), ctx.model.tokenizer.token(id)]));
}
