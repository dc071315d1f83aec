import { instructionEnd, promptIds, turnEnd } from '../../core/prompt-ids.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { ExperimentSpec, Prompt } from '../../core/spec/index.ts';
import type { TokenText } from '../../core/tokens.ts';
import type { Side, Written } from '../../core/written.ts';
import type { RunContext, Sae } from '../../workers/api.ts';
import { conversationOf } from './lib/conversation.ts';
import { gridOf } from './lib/grid.ts';
import { measure } from './lib/measure.ts';
import { neutralLoss } from './lib/neutral.ts';
import { preparePlan } from './lib/plan.ts';
import { promptFacts } from './lib/prompt.ts';
import { remember } from './lib/remember.ts';
import { sweepStrength } from './lib/sweep.ts';
import { writeBoth } from './lib/write.ts';
import type { Grid, SteeringChunk, SteeringResult, Sweep } from './result.ts';
import { samplingOf, type SteeringParams, type Turn } from './spec.ts';

type Spec = ExperimentSpec & { readonly params: SteeringParams };

/** Goes on from the first prompt twice with one seed, by itself and steered, and measures what the steering did. */
export async function* run(spec: Spec, ctx: RunContext): AsyncGenerator<SteeringChunk, SteeringResult> {
  const { model } = ctx;
  const [first] = spec.prompts;
  const { turns } = spec.params;
  const prompts = { default: await idsOf(ctx, first, turns, 'default'), steered: await idsOf(ctx, first, turns, 'steered') };
  const ids = prompts.steered;
  if ((spec.interventions ?? []).length > 0)
    throw new VitrineError('bad-spec', 'interventions: what this lab does to the model is in params.steers');

  const last = first ? conversationOf(first, turns, 'steered') : null;
  const instruction = last ? await instructionEnd(model.tokenizer, last, ids) : 0;
  const plan = await preparePlan(ctx, spec.params.steers, { length: ids.length, instruction });
  const saes: Sae[] = [];
  for (const id of spec.saes ?? []) saes.push(await ctx.sae(id));
  const facts = await promptFacts(
    ctx,
    ids,
    saes,
    plan.ready.map(({ hook }) => hook),
  );
  const tokens = (row: readonly number[]): TokenText[] => row.map((id) => model.tokenizer.token(id));
  const prompt = tokens(ids);
  const own = turns.length > 0 ? tokens(prompts.default) : null;
  yield { part: 'prompt', tokens: prompt, ...(own ? { defaultTokens: own } : {}), features: facts.features };

  const { eosId } = model.tokenizer;
  const turn = first ? await turnEnd(model.tokenizer, first) : null;
  const sampling = { ...samplingOf(spec), stops: [...new Set([eosId, turn].filter((id) => id !== null))] };
  const key = ['default', model.digest, model.quantization, ctx.backend, prompts.default, sampling];
  const known = await remember<{ text: Written | null }>(key, () => Promise.resolve({ text: null }));
  const texts = yield* writeBoth(ctx, prompts, sampling, plan.writing(), known.text);
  known.text = texts.default;

  const streamNorm = (hook: string): number => facts.norms[hook] ?? NaN;
  const reading = [...new Set([...saes, ...plan.ready.flatMap(({ sae }) => (sae ? [sae] : []))])];
  const measured = await measure({ ctx, prompts, plan, texts, saes: reading, streamNorm });
  yield measured;
  const neutral = await neutralLoss(ctx, plan);
  yield { part: 'neutral', neutral };

  let sweep: Sweep | null = null;
  if (spec.params.sweep) {
    const steps = sweepStrength(ctx, ids, sampling, plan, spec.params.sweep);
    for (let step = await steps.next(); ; step = await steps.next()) {
      sweep = step.value;
      if (step.done === true) break;
      yield { part: 'sweep', sweep };
    }
  }
  let grid: Grid | null = null;
  if (spec.params.grid)
    for await (const step of gridOf(ctx, ids, plan, spec.params.grid)) {
      grid = step;
      yield { part: 'grid', grid };
    }
  const { part: _part, ...rest } = measured;
  return { prompt, ...(own ? { defaultPrompt: own } : {}), features: facts.features, ...texts, ...rest, neutral, sweep, grid };
}

/** The tokens that one column goes on from. */
async function idsOf({ model }: RunContext, first: Prompt | undefined, turns: readonly Turn[], side: Side): Promise<number[]> {
  const ids = first ? await promptIds(model.tokenizer, conversationOf(first, turns, side)) : [];
  if (ids.length === 0 || (ids.length === 1 && ids[0] === model.tokenizer.bosId))
    throw new VitrineError('prompt-empty', 'there is nothing to go on from');
  if (ids.length > model.config.nCtx)
    throw new VitrineError('prompt-too-long', `${ids.length} tokens; the model’s context is ${model.config.nCtx}`);
  return ids;
}
