import type { HookName } from '../../../core/hooks.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { RunContext, Sae } from '../../../workers/api.ts';
import type { PromptFeatures } from '../result.ts';
import { remember } from './remember.ts';

/** Features listed per dictionary. */
const LISTED = 24;

export interface PromptFacts {
  readonly features: readonly PromptFeatures[];
  /** Mean length of the activation at each hook over the prompt's tokens, BOS left out where there are others. */
  readonly norms: Readonly<Record<string, number>>;
}

/** What the unedited model has of the prompt: its strongest features per dictionary, and how long its activations are. */
export function promptFacts(
  ctx: RunContext,
  ids: readonly number[],
  saes: readonly Sae[],
  hooks: readonly HookName[],
): Promise<PromptFacts> {
  const { model } = ctx;
  const all = [...new Set([...hooks, ...saes.map(({ hookName }) => hookName)])];
  return remember(['prompt', model.digest, model.quantization, ctx.backend, ids, saes.map((s) => s.digest), all], async () => {
    const output = await model.runWithHooks([ids], { capture: all, logits: 'none', checkpoint: () => ctx.checkpoint() });
    const first = ids.length > 1 && ids[0] === model.tokenizer.bosId ? 1 : 0;
    const captured = (hook: HookName): NonNullable<ReturnType<typeof output.cache.get>> => {
      const tensor = output.cache.get(hook);
      if (!tensor) throw new VitrineError('internal', `${hook} was not captured`);
      return tensor;
    };
    const norms: Record<string, number> = {};
    for (const hook of all) norms[hook] = meanLength((await ctx.read([captured(hook)]))[0] ?? [], ids.length, first);
    const features: PromptFeatures[] = [];
    for (const sae of saes) {
      const x = ctx.tf.reshape(captured(sae.hookName), [ids.length, sae.dIn]);
      features.push(strongest(sae, await sae.encodeSparse(x), first));
      x.dispose();
    }
    output.dispose();
    return { features, norms };
  });
}

function strongest(sae: Sae, sparse: Awaited<ReturnType<Sae['encodeSparse']>>, first: number): PromptFeatures {
  const peaks = new Map<number, { activation: number; position: number }>();
  sparse.indices.forEach((row, position) => {
    if (position < first) return;
    row.forEach((feature, i) => {
      const activation = sparse.values[position]?.[i] ?? 0;
      if (activation > (peaks.get(feature)?.activation ?? 0)) peaks.set(feature, { activation, position });
    });
  });
  const max = (feature: number): number => sae.maxActivation?.[feature] ?? 0;
  const share = (feature: number, activation: number): number => (max(feature) > 0 ? activation / max(feature) : 0);
  const top = [...peaks]
    .map(([feature, { activation, position }]) => ({ feature, activation, max: max(feature), position }))
    .sort((a, b) => share(b.feature, b.activation) - share(a.feature, a.activation) || a.feature - b.feature)
    .slice(0, LISTED);
  return { sae: sae.id, hook: sae.hookName, dSae: sae.dSae, top };
}

function meanLength(values: ArrayLike<number>, positions: number, first: number): number {
  const width = values.length / positions;
  let sum = 0;
  for (let p = first; p < positions; p++) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += (values[p * width + i] ?? 0) ** 2;
    sum += Math.sqrt(squares);
  }
  return sum / (positions - first);
}
