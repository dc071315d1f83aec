import { promptIds } from '../../core/prompt-ids.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { tensorData, wireTensor } from '../../core/protocol/wire-tensor.ts';
import type { FeatureDashboard } from '../../core/dashboards/types.ts';
import type { ExperimentSpec, Prompt } from '../../core/spec/index.ts';
import type { RunContext, Sae } from '../../workers/api.ts';
import { captured } from './lib/capture.ts';
import { computeFeature } from './lib/compute.ts';
import { lastLayer } from './lib/encode.ts';
import { expandRecord } from './lib/expand.ts';
import { logitEffects } from './lib/logits.ts';
import { findSame } from './lib/repeats.ts';
import { strongestToken } from './lib/shown.ts';
import { sourceHooks, sourcesOf } from './lib/sources.ts';
import { storedFeature } from './lib/stored.ts';
import { featureWeights } from './lib/weights.ts';
import type { DashboardChunk, DashboardResult, RepeatedText, Repeats, TextActivations } from './result.ts';
import type { DashboardParams, RepeatsRequest } from './spec.ts';

/** One feature of the dictionary `saes[0]`: on the prompts, and its dashboard. */
export async function* run(
  spec: ExperimentSpec & { readonly params: DashboardParams },
  ctx: RunContext,
): AsyncGenerator<DashboardChunk, DashboardResult> {
  const { feature, mode, documents, at, repeatsOf } = spec.params;
  const [id] = spec.saes ?? [];
  if (id === undefined) throw new VitrineError('bad-spec', 'saes: a dashboard needs the dictionary that its feature is of');
  const sae = await ctx.sae(id);
  if (feature >= sae.dSae)
    throw new VitrineError('bad-spec', `params.feature: ${id} has the features 0 to ${sae.dSae - 1}, not ${feature}`);
  if (repeatsOf !== null) return { texts: [], dashboard: null, repeats: await repeatsOn(ctx, sae, feature, repeatsOf) };
  if (mode === 'text' && spec.prompts.length === 0)
    throw new VitrineError('prompt-empty', 'there is no text to try the feature on');

  const texts: TextActivations[] = [];
  for (const [i, prompt] of spec.prompts.entries()) {
    await ctx.checkpoint();
    const text = await activationsOn(ctx, sae, { feature, at }, prompt, i);
    texts.push(text);
    yield { part: 'text', text };
  }
  if (mode === 'text') return { texts, dashboard: null };
  const dashboard = await dashboardOf(ctx, sae, feature, mode, documents);
  yield { part: 'dashboard', dashboard };
  return { texts, dashboard };
}

async function dashboardOf(
  ctx: RunContext,
  sae: Sae,
  feature: number,
  mode: 'auto' | 'computed',
  documents: number,
): Promise<FeatureDashboard> {
  const { model } = ctx;
  const logits = await logitEffects(ctx, sae, feature);
  const weights = await featureWeights(ctx, sae, feature);
  let unreachable = false;
  const stored =
    mode === 'auto'
      ? await storedFeature(ctx, sae, feature).catch((error: unknown) => {
          // Without a network what is stored cannot be had, but all that it takes to compute it is here.
          if (!(error instanceof VitrineError) || error.code !== 'network') throw error;
          unreachable = true;
          return null;
        })
      : null;
  if (stored) {
    const { index, record, stale } = stored;
    const { seed, shares, documents: made, tokens } = index.corpus;
    return expandRecord({
      model,
      sae,
      record,
      active: index.active,
      corpus: { seed, documents: made, tokens },
      recipe: { seed, shares },
      origin: { kind: 'stored', generator: index.generator, stale },
      logits,
      weights,
    });
  }
  const computed = await computeFeature(ctx, sae, feature, documents);
  const why = mode === 'computed' ? 'asked' : unreachable ? 'unreachable' : 'none-stored';
  const origin = { kind: 'computed', why } as const;
  return expandRecord({ model, sae, ...computed, origin, logits, weights });
}

/** Texts that are read at most, the first ones of the corpus. */
const MOST_REPEATS = 100;

async function repeatsOn(ctx: RunContext, sae: Sae, feature: number, asked: RepeatsRequest): Promise<Repeats> {
  const found = await findSame(ctx, asked);
  const texts: RepeatedText[] = [];
  for (const [i, { document, population, ids, position }] of found.slice(0, MOST_REPEATS).entries()) {
    await ctx.checkpoint();
    const { tokens, activations } = await activationsOn(ctx, sae, { feature, at: position }, { tokens: ids }, i);
    const value = tensorData(activations)[position] ?? 0;
    if (value > 0) texts.push({ document, population, position, value, tokens, activations });
  }
  texts.sort((a, b) => b.value - a.value);
  const silent = Math.min(found.length, MOST_REPEATS) - texts.length;
  return { texts, found: found.length - silent };
}

async function activationsOn(
  ctx: RunContext,
  sae: Sae,
  { feature, at }: Pick<DashboardParams, 'feature' | 'at'>,
  prompt: Prompt,
  i: number,
): Promise<TextActivations> {
  const { model, tf } = ctx;
  const { bosId } = model.tokenizer;
  const ids = await promptIds(model.tokenizer, prompt);
  if (at !== null && at >= ids.length)
    throw new VitrineError('bad-spec', `params.at: the text has ${ids.length} tokens, 0 to ${ids.length - 1}; there is no ${at}`);
  const output = await model.runWithHooks([ids], {
    capture: [sae.hookName, ...sourceHooks(sae)],
    logits: 'none',
    stopAtLayer: lastLayer([sae]) + 1,
    checkpoint: () => ctx.checkpoint(),
  });
  const x = tf.reshape(captured(output, sae.hookName), [ids.length, sae.dIn]);
  const sparse = await sae.encodeSparse(x);
  x.dispose();
  const activations = Float32Array.from(sparse.indices, (features, p) => {
    const at = features.indexOf(feature);
    return at < 0 ? 0 : (sparse.values[p]?.[at] ?? 0);
  });
  const text = {
    prompt: i,
    tokens: ids.map((token) => model.tokenizer.token(token)),
    activations: wireTensor(activations, [ids.length], ['pos']),
  };
  const where = at ?? strongestToken(text, bosId)?.position ?? null;
  const sources = where === null ? null : await sourcesOf(ctx, sae, feature, output, ids.length, where);
  output.dispose();
  return { ...text, sources };
}
