import type { HookName } from '../../../core/hooks.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { RunContext, RunOutput, Tensor } from '../../../workers/api.ts';
import type { Lens } from '../result.ts';
import { captured } from './capture.ts';
import { reducePieces } from './reduce.ts';

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
    ctx.progress('logit lens', row, hooks.length, 'layers');
    const { dModel } = ctx.model.config;
    const logits = (from: number, to: number): Tensor =>
      ctx.tf.tidy(() => {
        const residual = ctx.tf.slice(captured(output, hook), [0, from, 0], [1, to - from, dModel]);
        return ctx.model.unembed(ctx.tf.reshape(residual, [to - from, dModel]));
      });
    const { top, given } = await reducePieces(ctx, logits, width, answers);
    ids.set(top.ids, row * positions * width);
    logProbs.set(top.logProbs, row * positions * width);
    finalRank.set(given.ranks, row * positions);
  }
  const shape = [hooks.length, positions, width];
  return {
    hooks,
    ids: wireTensor(ids, shape, ['layer', 'pos', 'rank']),
    logProbs: wireTensor(logProbs, shape, ['layer', 'pos', 'rank']),
    finalRank: wireTensor(finalRank, [hooks.length, positions], ['layer', 'pos']),
  };
}
