import type { tf, Tensor } from '../tf.ts';
import { padded } from '../wasm/layout.ts';
import type { WasmKernels } from '../wasm/kernels.ts';
import { view } from '../wasm/store.ts';
import type { FusedWeights, KvStore } from './types.ts';

/** Something in the kernels' memory that goes when its tensor goes. */
interface Copy {
  readonly kernels: WasmKernels;
  readonly of: Tensor;
  readonly at: readonly number[];
}
export interface KvCopy extends Copy {
  /** Positions that are the tensor's. */
  filled: number;
}

const vectors = new Map<tf.DataId, Copy>();
const caches = new Map<tf.DataId, KvCopy>();

/** Frees copies whose tensors are gone, or whose kernels are not these. */
function sweep(copies: Map<tf.DataId, Copy>, kernels: WasmKernels): void {
  for (const [id, copy] of copies) {
    if (copy.kernels === kernels && !copy.of.isDisposed) continue;
    // Memory of other kernels is gone with them.
    if (copy.kernels === kernels) for (const at of copy.at) kernels.heap.release(at);
    copies.delete(id);
  }
}

/** Address of a copy of a bias or gain, padded to eights with zeros; 0 for null. Made once. */
export function vectorAt(kernels: WasmKernels, tensor: tf.Tensor1D | null): number {
  if (!tensor) return 0;
  const known = vectors.get(tensor.dataId);
  if (known && known.kernels === kernels) return known.at[0] ?? 0;
  sweep(vectors, kernels);
  const width = padded(tensor.size);
  const at = kernels.heap.allocate(width * 4);
  const to = kernels.floats(at, width);
  to.fill(0);
  to.set(view(tensor));
  vectors.set(tensor.dataId, { kernels, of: tensor, at: [at] });
  return at;
}

/**
 * The kernels' own copy of a layer's keys and values, in the same layout as the tensors. Rows that were written on other ways
 * since the last call are taken over first.
 */
export function cacheAt(kernels: WasmKernels, { k, v, filled }: KvStore): KvCopy {
  let copy = caches.get(k.dataId);
  if (!copy || copy.kernels !== kernels) {
    sweep(caches, kernels);
    const at = [kernels.heap.allocate(k.size * 4), kernels.heap.allocate(v.size * 4)];
    copy = { kernels, of: k, at, filled: 0 };
    caches.set(k.dataId, copy);
  }
  if (copy.filled !== filled) {
    const [keys = 0, values = 0] = copy.at;
    for (const [tensor, at] of [
      [k, keys],
      [v, values],
    ] as const)
      kernels.floats(at, tensor.size).set(view(tensor));
    copy.filled = filled;
  }
  return copy;
}

/** Writes positions filled … filled + more − 1 of the copy back to the tensors, where every other way reads them. */
export function writeBack(copy: KvCopy, { k, v, filled }: KvStore, more: number): void {
  const [batch = 1, capacity = 0, heads = 0, width = 0] = k.shape;
  const row = heads * width;
  const [keys = 0, values = 0] = copy.at;
  for (const [tensor, at] of [
    [k, keys],
    [v, values],
  ] as const) {
    const to = view(tensor);
    const from = copy.kernels.floats(at, tensor.size);
    for (let b = 0; b < batch; b++) {
      const first = (b * capacity + filled) * row;
      to.set(from.subarray(first, first + more * row), first);
    }
  }
  copy.filled = filled + more;
}

/** Whether all matrices of a block are in the memory of these kernels. */
export function allInWasm({ attn, mlp }: FusedWeights, kernels: WasmKernels): boolean {
  return [attn.q, attn.k, attn.v, attn.o, mlp.in, mlp.out, ...(mlp.gate ? [mlp.gate] : [])].every(
    ({ w }) => w.store.type === 'wasm' && w.store.kernels === kernels,
  );
}
