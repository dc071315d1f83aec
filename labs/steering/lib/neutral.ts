import { createRng, generate, type PopulationId } from '../../../core/curriculum/index.ts';
import type { RunContext } from '../../../workers/api.ts';
import type { NeutralLoss } from '../result.ts';
import type { Plan } from './plan.ts';
import { remember } from './remember.ts';

const SEED = 2026;
const EACH: readonly (readonly [PopulationId, number])[] = [
  ['narrative', 4],
  ['ioi', 4],
  ['knowledge', 4],
];
/** Logits that one pass may hold. */
const MAX_LOGITS = 4e6;

export const NEUTRAL_NAME =
  'primer’s curriculum: 4 stories, 4 texts of people giving things, 4 of facts (seed 2026, not trained on)';

/** The neutral texts: always the same. */
export function neutralTexts(): readonly string[] {
  const rng = createRng(SEED, 'neutral text of the steering lab');
  return EACH.flatMap(([population, n]) => Array.from({ length: n }, () => generate(population, rng).text));
}

/** Loss of neutral text without and with the steering, at every token of it wherever the steers act in the prompt. */
export async function neutralLoss(ctx: RunContext, plan: Plan): Promise<NeutralLoss> {
  const { model } = ctx;
  const rows = neutralTexts()
    .map((text) => model.tokenizer.encodePrompt(text).slice(0, model.config.nCtx))
    .filter((row) => row.length > 1);
  const tokens = rows.reduce((n, row) => n + row.length - 1, 0);
  const plain = await remember(['neutral', model.digest, model.quantization, ctx.backend], () => meanLoss(ctx, rows, null));
  return {
    name: NEUTRAL_NAME,
    texts: rows.length,
    tokens,
    default: plain,
    steered: plan.idle ? plain : await meanLoss(ctx, rows, plan),
  };
}

/** Nats per predicted token, over all rows. */
async function meanLoss(ctx: RunContext, rows: readonly (readonly number[])[], plan: Plan | null): Promise<number> {
  const longest = Math.max(...rows.map((row) => row.length));
  const perPass = Math.max(1, Math.floor(MAX_LOGITS / (longest * ctx.model.config.dVocab)));
  let sum = 0;
  let n = 0;
  for (let from = 0; from < rows.length; from += perPass) {
    const batch = rows.slice(from, from + perPass);
    const output = await ctx.model.runWithHooks(batch, {
      logits: 'all',
      ...(plan ? { plan: { interventions: plan.everywhere() } } : {}),
      checkpoint: () => ctx.checkpoint(),
    });
    const losses = await ctx.model.metric(output, batch, { kind: 'loss' });
    output.dispose();
    batch.forEach((row, i) => {
      sum += (losses[i] ?? NaN) * (row.length - 1);
      n += row.length - 1;
    });
  }
  return sum / n;
}
