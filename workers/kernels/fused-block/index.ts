import type { BackendName } from '../../../core/model-config.ts';
import { tf, type Tensor } from '../tf.ts';
import type { FusedBlock, FusedContext, FusedWeights } from './types.ts';

const known = new Map<BackendName, FusedBlock>();
let allowed = true;

/** Registers what runs whole blocks on a backend; a later one replaces it. */
export function registerFusedBlock(backend: BackendName, block: FusedBlock): void {
  known.set(backend, block);
}

/** Runs a block fused on the backend that is open, or answers null. See `FusedBlock`. */
export function fusedBlock(x: Tensor, weights: FusedWeights, ctx: FusedContext): Tensor | null {
  return allowed ? (known.get(tf.getBackend() as BackendName)?.(x, weights, ctx) ?? null) : null;
}

/** Switches fused blocks off or on again, to compare both paths. */
export function allowFusedBlocks(on: boolean): void {
  allowed = on;
}
