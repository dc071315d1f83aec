import { parseHook } from '../../../core/hooks.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { RunContext } from '../../../workers/api.ts';
import type { Steer } from '../spec.ts';
import { checkHook } from './place.ts';
import { remember } from './remember.ts';

type Contrast = Extract<Steer, { kind: 'contrast' }>;

/**
 * v = mean over pairs of h(positive) − h(negative) at one token, or averaged over each text's tokens (BOS left out), of unedited
 * runs. Heads are flattened. Source: contrastive activation addition, arXiv 2312.06681.
 */
export async function contrastVector(ctx: RunContext, steer: Contrast, index: number): Promise<readonly number[]> {
  checkHook(steer.hook);
  const { model } = ctx;
  const { hook, pairs, token, equal } = steer;
  const key = ['contrast', model.digest, model.quantization, ctx.backend, hook, pairs, token];
  const { vector, length } = await remember(key, async () => {
    let sum: Float64Array | null = null;
    let length = 0;
    for (const [p, pair] of pairs.entries()) {
      for (const [text, sign] of [
        [pair.positive, 1],
        [pair.negative, -1],
      ] as const) {
        const where = `steer ${index + 1}, pair ${p + 1}, ${sign > 0 ? 'positive' : 'negative'} text`;
        const { mean: h, length: own } = await activation(ctx, steer, text, where);
        length += own / (2 * pairs.length);
        sum ??= new Float64Array(h.length);
        for (let i = 0; i < h.length; i++) sum[i] = (sum[i] ?? 0) + (sign * (h[i] ?? 0)) / pairs.length;
      }
    }
    return { vector: [...Float32Array.from(sum ?? [])], length };
  });
  const norm = lengthOf(vector);
  return equal === true && norm > 0 ? vector.map((x) => Math.fround((x * length) / norm)) : vector;
}

export const lengthOf = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) ** 2;
  return Math.sqrt(sum);
};

/** The activation of one text at the steer's hook: of one token, or the mean over all; and the mean length of what it is read from. */
async function activation(
  ctx: RunContext,
  { hook, token }: Contrast,
  text: string,
  where: string,
): Promise<{ readonly mean: Float64Array; readonly length: number }> {
  const { model } = ctx;
  const ids = model.tokenizer.encodePrompt(text);
  const first = ids[0] === model.tokenizer.bosId ? 1 : 0;
  if (ids.length <= first) throw new VitrineError('prompt-empty', `${where}: it is empty`);
  const layer = parseHook(hook)?.layer ?? null;
  const output = await model.runWithHooks([ids], {
    capture: [hook],
    logits: 'none',
    ...(layer === null ? {} : { stopAtLayer: layer + 1 }),
    checkpoint: () => ctx.checkpoint(),
  });
  const tensor = output.cache.get(hook);
  if (!tensor) throw new VitrineError('internal', `${hook} was not captured`);
  const [values = new Float32Array(0)] = await ctx.read([tensor]);
  output.dispose();
  const width = values.length / ids.length;
  const out = new Float64Array(width);
  const at = token === 'mean' ? null : token < 0 ? ids.length + token : token;
  if (at !== null && (at < 0 || at >= ids.length))
    throw new VitrineError('bad-intervention', `${where}: it has ${ids.length} tokens, so there is no token ${token}`);
  const positions = at === null ? Array.from({ length: ids.length - first }, (_, i) => first + i) : [at];
  let length = 0;
  for (const p of positions) {
    length += lengthOf(values.subarray(p * width, (p + 1) * width)) / positions.length;
    for (let i = 0; i < width; i++) out[i] = (out[i] ?? 0) + (values[p * width + i] ?? 0) / positions.length;
  }
  return { mean: out, length };
}
