import type { tf, Tensor } from '../tf.ts';
import { padded } from '../wasm/layout.ts';
import type { WasmKernels } from '../wasm/kernels.ts';
import { view } from '../wasm/store.ts';
import type { FusedWeights, KvStore } from './types.ts';

/** Something in the kernels' memory that goes when its tensor goes. */
interface Copy {
  readonly of: Tensor;
  readonly at: readonly number[];
}
export interface KvCopy extends Copy {
  /** Positions that are the tensor's. */
  filled: number;
}

interface Copies {
  readonly vectors: Map<tf.DataId, Copy>;
  readonly caches: Map<tf.DataId, KvCopy>;
}
/** They go with the kernels. */
const copies = new WeakMap<WasmKernels, Copies>();

function copiesOf(kernels: WasmKernels): Copies {
  let found = copies.get(kernels);
  if (!found) copies.set(kernels, (found = { vectors: new Map(), caches: new Map() }));
  return found;
}

/** Frees copies whose tensors are gone. */
function sweep(kernels: WasmKernels, all: Map<tf.DataId, Copy>): void {
  for (const [id, { of, at }] of all) {
    if (!of.isDisposed) continue;
    for (const address of at) kernels.heap.release(address);
    all.delete(id);
  }
}

/** Frees the copies of what is gone: also done by the way, here for who counts bytes. */
export function sweepCopies(kernels: WasmKernels): void {
  const { vectors, caches } = copiesOf(kernels);
  sweep(kernels, vectors);
  sweep(kernels, caches);
}

/** Address of a copy of a bias or gain, padded to eights with zeros; 0 for null. Made once. */
export function vectorAt(kernels: WasmKernels, tensor: tf.Tensor1D | null): number {
  if (!tensor) return 0;
  const { vectors } = copiesOf(kernels);
  const known = vectors.get(tensor.dataId);
  if (known) return known.at[0] ?? 0;
  sweep(kernels, vectors);
  const width = padded(tensor.size);
  const at = kernels.heap.allocate(width * 4);
  const to = kernels.floats(at, width);
  to.fill(0);
  to.set(view(tensor));
  vectors.set(tensor.dataId, { of: tensor, at: [at] });
  return at;
}

/**
 * The kernels' own copy of a layer's keys and values, in the same layout as the tensors. Rows that were written on other ways
 * since the last call are taken over first.
 */
export function cacheAt(kernels: WasmKernels, { k, v, filled }: KvStore): KvCopy {
  const { caches } = copiesOf(kernels);
  let copy = caches.get(k.dataId);
  if (!copy) {
    sweep(kernels, caches);
    copy = { of: k, at: [kernels.heap.allocate(k.size * 4), kernels.heap.allocate(v.size * 4)], filled: 0 };
    caches.set(k.dataId, copy);
  }
  if (copy.filled !== filled) {
    pairs(copy, k, v).forEach(([tensor, at]) => kernels.floats(at, tensor.size).set(view(tensor)));
    copy.filled = filled;
  }
  return copy;
}

/** Writes positions filled … filled + more − 1 of the copy back to the tensors, where every other way reads them. */
export function writeBack(kernels: WasmKernels, copy: KvCopy, { k, v, filled }: KvStore, more: number): void {
  const [batch = 1, capacity = 0, heads = 0, width = 0] = k.shape;
  const row = heads * width;
  for (const [tensor, at] of pairs(copy, k, v)) {
    const to = view(tensor);
    const from = kernels.floats(at, tensor.size);
    for (let b = 0; b < batch; b++) {
      const first = (b * capacity + filled) * row;
      to.set(from.subarray(first, first + more * row), first);
    }
  }
  copy.filled = filled + more;
}

function pairs({ at: [keys = 0, values = 0] }: KvCopy, k: Tensor, v: Tensor): (readonly [Tensor, number])[] {
  return [
    [k, keys],
    [v, values],
  ];
}

/** Whether all matrices of a block are in the memory of these kernels. */
export function allInWasm({ attn, mlp }: FusedWeights, kernels: WasmKernels): boolean {
  return [attn.q, attn.k, attn.v, attn.o, mlp.in, mlp.out, ...(mlp.gate ? [mlp.gate] : [])].every(
    ({ w }) => w.store.type === 'wasm' && w.store.kernels === kernels,
  );
}
