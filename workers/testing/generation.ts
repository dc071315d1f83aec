import type { GeneratedToken, GenerateOptions, HookedModel, Sampling } from '../api.ts';

/** The most probable token each time. */
export const GREEDY: Sampling = { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 };

/** All tokens of a generation, with their five best alternatives. */
export async function generated(
  model: HookedModel,
  prompt: readonly number[],
  options: Partial<GenerateOptions>,
): Promise<GeneratedToken[]> {
  const out: GeneratedToken[] = [];
  for await (const step of model.generate(prompt, { maxNewTokens: 4, sampling: GREEDY, topLogits: 5, ...options }))
    out.push(step);
  return out;
}

/** Largest difference of log-probabilities in nats, alternatives included; ∞ where tokens differ. */
export function distance(a: readonly GeneratedToken[], b: readonly GeneratedToken[]): number {
  if (a.length !== b.length || a.some((step, i) => step.token !== b[i]!.token)) return Infinity;
  const logProbs = (steps: readonly GeneratedToken[]): number[] =>
    steps.flatMap(({ logProb, top }) => [logProb, ...[...top].sort((x, y) => x.token - y.token).map((t) => t.logProb)]);
  const other = logProbs(b);
  return Math.max(...logProbs(a).map((x, i) => Math.abs(x - other[i]!)));
}
