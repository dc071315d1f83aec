import type { HookName } from '../../../core/hooks.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { RunContext, RunOutput } from '../../../workers/api.ts';
import type { Lens } from '../result.ts';
import { captured } from './capture.ts';

/**
 * The logit lens (nostalgebraist 2020): each residual stream through the final norm, with its own scale, and the unembedding.
 * @param answers the model's final answer at each position
 */
export async function logitLens(
  ctx: RunContext,
  output: RunOutput,
  hooks: readonly HookName[],
  k: number,
  answers: readonly number[],
): Promise<Lens> {
  const positions = answers.length;
  const width = Math.min(k, ctx.model.config.dVocab);
  const ids = new Int32Array(hooks.length * positions * width);
  const logProbs = new Float32Array(ids.length);
  const finalRank = new Int32Array(hooks.length * positions);
  for (const [row, hook] of hooks.entries()) {
    await ctx.checkpoint();
    const logits = ctx.tf.tidy(() =>
      ctx.model.unembed(ctx.tf.reshape(captured(output, hook), [positions, ctx.model.config.dModel])),
    );
    const top = await ctx.reduce.topLogits(logits, width);
    const answer = await ctx.reduce.tokenLogits(logits, answers);
    logits.dispose();
    ids.set(top.ids, row * positions * width);
    logProbs.set(top.logProbs, row * positions * width);
    finalRank.set(answer.ranks, row * positions);
  }
  const shape = [hooks.length, positions, width];
  return {
    hooks,
    ids: wireTensor(ids, shape, ['layer', 'pos', 'rank']),
    logProbs: wireTensor(logProbs, shape, ['layer', 'pos', 'rank']),
    finalRank: wireTensor(finalRank, [hooks.length, positions], ['layer', 'pos']),
  };
}
