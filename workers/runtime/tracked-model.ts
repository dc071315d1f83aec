import type { HookedModel, RunOutput } from '../api.ts';

interface Disposable {
  dispose(): void;
}

/**
 * A model whose outputs are freed with the run. Captured activations are kept tensors, which outlive the run's scope, so
 * what a lab forgets (or cannot free, because it was cancelled) would stay for good.
 */
export interface TrackedModel {
  readonly model: HookedModel;
  /** Frees every output that is still there. */
  free(): void;
}

export function trackModel(model: HookedModel): TrackedModel {
  const open = new Set<Disposable>();
  const track = <T extends Disposable>(output: T): T => {
    const tracked: T = {
      ...output,
      dispose: () => {
        if (open.delete(tracked)) output.dispose();
      },
    };
    open.add(tracked);
    return tracked;
  };
  return {
    model: {
      ...model,
      runWithHooks: async (tokens, options): Promise<RunOutput> => track(await model.runWithHooks(tokens, options)),
      gradients: async (tokens, metric, hooks, options) => track(await model.gradients(tokens, metric, hooks, options)),
    },
    free: () => {
      for (const output of open) output.dispose();
    },
  };
}
