import { tf, type Tensor } from '../kernels/index.ts';

interface ScopeState {
  readonly state: { readonly activeScope: { readonly track: readonly Tensor[] } };
}

/**
 * Opens a scope that outlives `await`s: closing it disposes every tensor made since then that is not kept. One at a time:
 * the scheduler runs one job at a time, and what a job awaits makes no tensors elsewhere.
 * @returns closes it
 */
export function openScope(): () => void {
  const engine = tf.engine();
  engine.startScope('run');
  return () => engine.endScope();
}

/** Runs `make`, which keeps tensors; where it throws, all that it made are disposed, kept ones too. */
export function allOrNothing<T>(make: () => T): T {
  const engine = tf.engine();
  engine.startScope('load');
  try {
    return make();
  } catch (error) {
    tf.dispose([...(engine as unknown as ScopeState).state.activeScope.track]);
    throw error;
  } finally {
    engine.endScope();
  }
}
