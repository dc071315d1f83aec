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
    ...(plan ? { plan: { interventions: plan.reading(prompt.length, row.length) } } : {}),
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

/** Mean over the new tokens of how strongly a steer's own direction is there. See `SteerFacts.reading`. */
export async function reading(ctx: RunContext, pass: Pass, steer: ReadySteer): Promise<number | null> {
  const x = newActivations(ctx, pass, steer.hook);
  if (!x) return null;
  try {
    const n = x.shape[0] ?? 1;
    if (steer.sae && steer.steer.kind === 'feature') {
      const { indices, values } = await steer.sae.encodeSparse(x);
      const { feature } = steer.steer;
      let sum = 0;
      indices.forEach((row, p) => (sum += values[p]?.[row.indexOf(feature)] ?? 0));
      return sum / n;
    }
    const squared = steer.norm ** 2;
    if (!steer.vector || squared === 0) return null;
    const dots = ctx.tf.tidy(() =>
      ctx.tf.mean(ctx.tf.matMul(x as never, ctx.tf.tensor2d([...(steer.vector ?? [])], [steer.vector?.length ?? 0, 1]))),
    );
    const [mean] = await ctx.read([dots]);
    dots.dispose();
    return (mean?.[0] ?? NaN) / squared;
  } finally {
    x.dispose();
  }
}
