import { hookName, parseHook } from '../../../core/hooks.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { RunContext } from '../../../workers/api.ts';
import type { Grid } from '../result.ts';
import type { GridParams } from '../spec.ts';
import { contrastVector, lengthOf } from './contrast.ts';
import type { Plan } from './plan.ts';
import { strengths } from './sweep.ts';

/**
 * The contrast of one steer, taken anew at each layer (same site), at several strengths: how probable the answer is as the next
 * token of the prompt. One forward pass a cell; the other steers as they stand. Yields after each layer.
 */
export async function* gridOf(
  ctx: RunContext,
  prompt: readonly number[],
  plan: Plan,
  asked: GridParams,
): AsyncGenerator<Grid, Grid> {
  const subject = plan.ready[asked.steer];
  if (subject?.steer.kind !== 'contrast')
    throw new VitrineError('bad-spec', 'params.grid.steer: only a contrast has a direction at every layer');
  const { steer } = subject;
  const site = parseHook(steer.hook);
  if (!site || site.layer === null)
    throw new VitrineError('bad-spec', `params.grid.steer: ${steer.hook} is in no layer, so there is none to compare it with`);
  if (steer.positions === 'generated')
    throw new VitrineError(
      'bad-spec',
      'params.grid.steer: it acts on new tokens only, and the first of them is chosen before; let it act on every token, or from the end of the instruction on',
    );
  const { tokenizer, config } = ctx.model;
  const [answer] = tokenizer.encode(asked.answer);
  if (answer === undefined) throw new VitrineError('bad-spec', 'params.grid.answer: it is no token');
  const columns = strengths(asked);
  const hooks = Array.from({ length: config.nLayers }, (_, layer) => hookName(site.site, layer));
  const all = new Float32Array(hooks.length * columns.length).fill(NaN);
  const norms: number[] = [];
  const total = hooks.length * columns.length;
  ctx.progress('layers', 0, total, 'cells');
  const reference = await probability(ctx, prompt, plan.at(asked.steer, 0), answer);
  const now = (): Grid => ({
    steer: asked.steer,
    answer: tokenizer.token(answer),
    strengths: columns,
    hooks,
    reference,
    probability: wireTensor(all.slice(), [hooks.length, columns.length], ['layer', 'step']),
    norms: [...norms],
  });
  for (const [layer, hook] of hooks.entries()) {
    const vector = await contrastVector(ctx, { ...steer, hook }, asked.steer);
    norms.push(lengthOf(vector));
    const here = plan.with(asked.steer, hook, vector);
    for (const [i, strength] of columns.entries()) {
      await ctx.checkpoint();
      all[layer * columns.length + i] = await probability(ctx, prompt, here.at(asked.steer, strength), answer);
      ctx.progress('layers', layer * columns.length + i + 1, total, 'cells');
    }
    yield now();
  }
  return now();
}

/** P(answer) as the next token of the prompt. */
async function probability(ctx: RunContext, prompt: readonly number[], plan: Plan, answer: number): Promise<number> {
  const output = await ctx.model.runWithHooks([prompt], {
    logits: 'last',
    plan: { interventions: plan.reading(prompt.length) },
    checkpoint: () => ctx.checkpoint(),
  });
  if (!output.logits) throw new VitrineError('internal', 'the forward pass gave no logits');
  const { logProbs } = await ctx.reduce.tokenLogits(output.logits, [answer]);
  output.dispose();
  return Math.exp(logProbs[0] ?? NaN);
}
