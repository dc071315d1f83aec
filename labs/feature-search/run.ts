import { allPromptIds } from '../../core/prompt-ids.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { wireTensor } from '../../core/protocol/wire-tensor.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import type { RunContext, Sae } from '../../workers/api.ts';
import { rankEffects, tokenEffects, writesResidual } from './lib/effect.ts';
import { compare, type Candidate } from './lib/rank.ts';
import { scoreSite, searched, traces } from './lib/score.ts';
import type { EffectHits, PromptHits, Ranking, SearchChunk, SearchResult, TokenHits } from './result.ts';
import type { SearchParams } from './spec.ts';

type Spec = ExperimentSpec & { readonly params: SearchParams };
type Run = AsyncGenerator<SearchChunk, SearchResult>;

/** Features of many dictionaries, ranked together; what is found in each dictionary is streamed when it is done. */
export async function* run(spec: Spec, ctx: RunContext): Run {
  if ((spec.saes ?? []).length === 0) throw new VitrineError('bad-spec', 'saes: choose at least one dictionary to search');
  return yield* spec.params.by === 'prompt' ? byPrompt(spec, ctx) : byToken(spec, ctx);
}

async function* byPrompt(spec: Spec, ctx: RunContext): Run {
  const { model, tf } = ctx;
  const { params, saes: names = [] } = spec;
  const prompts = await allPromptIds(model.tokenizer, spec.prompts);
  const ids = prompts[0] ?? [];
  const hasBos = ids[0] === model.tokenizer.bosId;
  if (ids.length === 0 || (ids.length === 1 && hasBos)) throw new VitrineError('prompt-empty', 'the first prompt has no tokens');
  const tokens = ids.map((id) => model.tokenizer.token(id));
  const beyond = params.tokens?.find((p) => p >= ids.length);
  if (beyond !== undefined)
    throw new VitrineError('bad-spec', `params.tokens: ${beyond} is outside of the ${ids.length} tokens of the prompt`);
  const positions = searched(params, ids.length, hasBos);
  if (positions.length === 0)
    throw new VitrineError('bad-spec', 'params.tokens: only the beginning of the text is chosen, which does not take part');
  yield { part: 'tokens', tokens };

  const saes = await load(names, ctx);
  const output = await model.runWithHooks([ids], {
    capture: [...new Set(saes.map(({ hookName }) => hookName))],
    logits: 'none',
    plan: { interventions: spec.interventions ?? [], prompts },
    checkpoint: () => ctx.checkpoint(),
  });
  const sites: PromptHits[] = [];
  const found: Candidate[] = [];
  for (const [at, sae] of saes.entries()) {
    await ctx.checkpoint();
    ctx.progress('search', at, saes.length, 'dictionaries');
    const activation = output.cache.get(sae.hookName);
    if (!activation) throw new VitrineError('internal', `${sae.hookName} was not captured`);
    const x = tf.reshape(activation, [ids.length, sae.dIn]);
    const features = await sae.encodeSparse(x);
    x.dispose();
    const { active, dense, hits } = scoreSite(at, features, positions, sae, params);
    const list = hits.map(({ feature }) => feature);
    const scores = Float32Array.from(hits, ({ score }) => score);
    const site: PromptHits = {
      sae: sae.id,
      hook: sae.hookName,
      dSae: sae.dSae,
      active,
      dense,
      ...known(sae, list),
      scores: wireTensor(scores, [list.length], ['feature']),
      values: wireTensor(traces(features, list), [list.length, ids.length], ['feature', 'pos']),
    };
    sites.push(site);
    found.push(...hits);
    yield { part: 'prompt-site', site };
  }
  output.dispose();
  return { by: 'prompt', tokens, sites, ranking: ranking(found, sites.map(featuresOf), params.results) };
}

async function* byToken(spec: Spec, ctx: RunContext): Run {
  const { tokenizer } = ctx.model;
  const { params, saes: names = [] } = spec;
  // Most words of a text have their space in front; without it, the word is looked for as it stands first.
  const id = tokenizer.single(params.token) ?? tokenizer.single(` ${params.token}`);
  if (id === null)
    throw new VitrineError(
      'bad-spec',
      `params.token: ${JSON.stringify(params.token)} is not one token of this model, with or without a space in front`,
    );
  const token = tokenizer.token(id);
  yield { part: 'token', token };

  const saes = await load(names, ctx);
  const sites: TokenHits[] = [];
  const raises: Candidate[] = [];
  const lowers: Candidate[] = [];
  for (const [at, sae] of saes.entries()) {
    await ctx.checkpoint();
    ctx.progress('search', at, saes.length, 'dictionaries');
    const writes = writesResidual(sae.hookName);
    const effects = writes ? await tokenEffects(ctx, sae, id) : new Float32Array(0);
    const ranked = rankEffects(at, effects, sae, params);
    const hits = (list: readonly Candidate[]): EffectHits => ({
      ...known(
        sae,
        list.map(({ feature }) => feature),
      ),
      effects: wireTensor(
        Float32Array.from(list, ({ feature }) => effects[feature] ?? NaN),
        [list.length],
        ['feature'],
      ),
    });
    const site: TokenHits = {
      sae: sae.id,
      hook: sae.hookName,
      dSae: sae.dSae,
      dead: ranked.dead,
      dense: ranked.dense,
      writes,
      raises: hits(ranked.raises),
      lowers: hits(ranked.lowers),
    };
    sites.push(site);
    raises.push(...ranked.raises);
    lowers.push(...ranked.lowers);
    yield { part: 'token-site', site };
  }
  const order = (of: 'raises' | 'lowers', list: Candidate[]): Ranking =>
    ranking(
      list,
      sites.map((site) => featuresOf(site[of])),
      params.results,
    );
  return { by: 'token', token, sites, raises: order('raises', raises), lowers: order('lowers', lowers) };
}

async function load(names: readonly string[], ctx: RunContext): Promise<Sae[]> {
  const saes: Sae[] = [];
  for (const name of new Set(names)) saes.push(await ctx.sae(name));
  return saes;
}

/** Ids, and what the card knows of them. */
function known(sae: Sae, list: readonly number[]): Pick<PromptHits, 'features' | 'maxKnown' | 'density'> {
  const of = (values: Float32Array | null): PromptHits['features'] =>
    wireTensor(
      Float32Array.from(list, (f) => values?.[f] ?? NaN),
      [list.length],
      ['feature'],
    );
  return {
    features: wireTensor(Int32Array.from(list), [list.length], ['feature']),
    maxKnown: of(sae.maxActivation),
    density: of(sae.density),
  };
}

const featuresOf = ({ features }: Pick<PromptHits, 'features'>): Int32Array => new Int32Array(features.data);

/** The best of all dictionaries, each as (dictionary, place in it). */
function ranking(found: Candidate[], features: readonly Int32Array[], results: number): Ranking {
  const best = found.sort(compare).slice(0, results);
  const flat = best.flatMap(({ site, feature }) => [site, features[site]?.indexOf(feature) ?? -1]);
  return wireTensor(Int32Array.from(flat), [best.length, 2], ['rank', 'stat']);
}
