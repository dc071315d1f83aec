import type { HookName } from '../../../core/hooks.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { RunContext, RunOutput, Tensor } from '../../../workers/api.ts';
import type { Plan, ReadySteer } from './plan.ts';

/** A text that is there, read in one forward pass. */
export interface Pass {
  /** Prompt and new tokens, as far as the context reaches. */
  readonly row: readonly number[];
  readonly promptLength: number;
  /** New tokens that the logits predict. */
  readonly predicted: number;
  readonly output: RunOutput;
}

/** Reads prompt and new tokens in one pass, with the steering or (null) without. The caller disposes of `output`. */
export async function readText(
  ctx: RunContext,
  prompt: readonly number[],
  tokens: readonly number[],
  plan: Plan | null,
  hooks: readonly HookName[],
): Promise<Pass> {
  const row = [...prompt, ...tokens].slice(0, ctx.model.config.nCtx);
  const output = await ctx.model.runWithHooks([row], {
    logits: 'pieces',
    capture: [...new Set(hooks)],
    ...(plan ? { plan: { interventions: plan.reading(row.length) } } : {}),
    checkpoint: () => ctx.checkpoint(),
  });
  return { row, promptLength: prompt.length, predicted: tokens.length, output };
}

/** Logits that predict new tokens from … to − 1, [to − from, d_vocab]. */
export function newLogits({ output, promptLength }: Pass, from: number, to: number): Tensor {
  return output.logitsOf(promptLength - 1 + from, promptLength - 1 + to);
}

/** Activations of the new tokens themselves, heads flattened: [n, width]; null where there are none in the context. */
export function newActivations(ctx: RunContext, { output, row, promptLength }: Pass, hook: HookName): Tensor | null {
  const tensor = output.cache.get(hook);
  if (!tensor) throw new VitrineError('internal', `${hook} was not captured`);
  const n = row.length - promptLength;
  if (n <= 0) return null;
  const rest = tensor.shape.slice(2);
  return ctx.tf.tidy(() =>
    ctx.tf.reshape(ctx.tf.slice(tensor, [0, promptLength, ...rest.map(() => 0)], [1, n, ...rest]), [
      n,
      rest.reduce((a, b) => a * b, 1),
    ]),
  );
}

/** How strongly a steer's own direction is there, token by token over the whole row, [pos]. See `SteerFacts.reading`. */
export async function along(ctx: RunContext, { output, row }: Pass, steer: ReadySteer): Promise<Float32Array> {
  const tensor = output.cache.get(steer.hook);
  if (!tensor) throw new VitrineError('internal', `${steer.hook} was not captured`);
  const n = row.length;
  const x = ctx.tf.reshape(tensor, [n, tensor.size / n]);
  try {
    if (steer.sae && steer.steer.kind === 'feature') {
      const { indices, values } = await steer.sae.encodeSparse(x);
      const { feature } = steer.steer;
      return Float32Array.from(indices, (found, p) => values[p]?.[found.indexOf(feature)] ?? 0);
    }
    const squared = steer.norm ** 2;
    if (!steer.vector || squared === 0) return new Float32Array(n).fill(NaN);
    const vector = ctx.tf.tensor2d([...steer.vector], [steer.vector.length, 1]);
    const dots = ctx.tf.matMul(x as never, vector);
    const [data = new Float32Array(0)] = await ctx.read([dots]);
    ctx.tf.dispose([vector, dots]);
    return Float32Array.from(data, (dot) => dot / squared);
  } finally {
    x.dispose();
  }
}

/** The mean of it over the new tokens; null where none of them could be read. */
export function meanNew({ promptLength }: Pick<Pass, 'promptLength'>, values: Float32Array): number | null {
  const rest = values.subarray(promptLength);
  const mean = rest.reduce((sum, value) => sum + value, 0) / rest.length;
  return rest.length === 0 || Number.isNaN(mean) ? null : mean;
}

/** The same in one step. */
export const reading = async (ctx: RunContext, pass: Pass, steer: ReadySteer): Promise<number | null> =>
  meanNew(pass, await along(ctx, pass, steer));
