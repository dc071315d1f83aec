import { tf } from '../kernels/index.ts';

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
