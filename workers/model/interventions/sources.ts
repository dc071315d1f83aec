import type { HookName } from '../../../core/hooks.ts';
import type { Intervention } from '../../../core/interventions.ts';
import { hookName } from '../../../core/hooks.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { TokenBatch } from '../../api.ts';
import { tf, type Tensor } from '../../kernels/index.ts';

/** Activations of unedited runs that interventions refer to. */
export interface Sources {
  /** Activation of a prompt of the plan, batch axis 1, its own length. */
  prompt(index: number, hook: HookName): Tensor;
  /** Activation of the rows of the run itself, before any edit: [batch, pos …]. */
  own(hook: HookName): Tensor;
  dispose(): void;
}

export type Capture = (
  tokens: TokenBatch,
  hooks: readonly HookName[],
) => Promise<{ readonly cache: ReadonlyMap<HookName, Tensor>; dispose(): void }>;

interface Need {
  readonly prompt: number | 'own';
  readonly hook: HookName;
}

/** Which unedited activations an intervention reads. */
function needs(i: Intervention, prompts: TokenBatch): Need[] {
  switch (i.kind) {
    case 'patch':
      return [{ prompt: i.prompt, hook: i.hook }];
    case 'mean':
      return (i.prompts ?? prompts.map((_, p) => p)).map((prompt) => ({ prompt, hook: i.hook }));
    case 'add':
      return i.vector.from === 'contrast'
        ? [i.vector.positive, i.vector.negative].map((prompt) => ({ prompt, hook: i.hook }))
        : [];
    case 'freezePattern':
      return i.layers.map((layer) => ({ prompt: i.prompt ?? 'own', hook: hookName('pattern', layer) }));
    case 'zero':
    case 'scale':
    case 'saeFeature':
    case 'blockAttention':
      return [];
  }
}

/** One unedited run per prompt that is needed, each alone so that padding never enters a number. */
export async function gatherSources(
  interventions: readonly Intervention[],
  prompts: TokenBatch,
  rows: TokenBatch,
  capture: Capture,
): Promise<Sources> {
  const wanted = new Map<number | 'own', Set<HookName>>();
  for (const { prompt, hook } of interventions.flatMap((i) => needs(i, prompts))) {
    const hooks = wanted.get(prompt);
    if (hooks) hooks.add(hook);
    else wanted.set(prompt, new Set([hook]));
  }
  const found = new Map<number | 'own', Awaited<ReturnType<Capture>>>();
  for (const [prompt, hooks] of wanted) {
    const tokens = prompt === 'own' ? rows : prompts[prompt] ? [prompts[prompt]] : null;
    if (!tokens) throw new VitrineError('bad-intervention', `there is no prompt ${Number(prompt) + 1} to take activations from`);
    found.set(prompt, await capture(tokens, [...hooks]));
  }
  const get = (prompt: number | 'own', hook: HookName): Tensor => {
    const tensor = found.get(prompt)?.cache.get(hook);
    if (!tensor) throw new VitrineError('internal', `${hook} of prompt ${String(prompt)} was not captured`);
    return tensor;
  };
  return {
    prompt: (index, hook) => get(index, hook),
    own: (hook) => get('own', hook),
    dispose: () => {
      found.forEach((run) => run.dispose());
      found.clear();
    },
  };
}

/**
 * `batch`: mean over prompts at each position, over the prompts that reach it: [1, longest, …].
 * `batch+positions`: one mean for every position, [1, 1, …].
 */
export function promptMean(tensors: readonly Tensor[], over: 'batch' | 'batch+positions', skipFirst: boolean): Tensor {
  if (over === 'batch+positions') {
    const from = skipFirst ? 1 : 0;
    const rows = tensors.map((t) => {
      const length = t.shape[1] ?? 0;
      return length > from ? tf.slice(t, [0, from], [1, length - from]) : t;
    });
    return tf.mean(tf.concat(rows, 1), 1, true);
  }
  const longest = tensors.reduce((max, t) => Math.max(max, t.shape[1] ?? 0), 0);
  const padded = tensors.map((t) =>
    tf.pad(
      t,
      t.shape.map((n, i): [number, number] => (i === 1 ? [0, longest - n] : [0, 0])),
    ),
  );
  const reach = Float32Array.from({ length: longest }, (_, p) => tensors.filter((t) => (t.shape[1] ?? 0) > p).length);
  const counts = tf.tensor(reach, padded[0]?.shape.map((_, i) => (i === 1 ? longest : 1)) ?? [longest]);
  return tf.div(tf.addN(padded), counts);
}
