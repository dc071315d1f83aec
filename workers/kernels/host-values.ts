import { tf, type Tensor } from './tf.ts';

/** The numbers of a tensor themselves, not a copy, on CPU and WASM: as the CPU backend holds them, or in WASM's heap. */
export function hostValues(tensor: Tensor): Float32Array {
  const backend = tf.backend() as unknown as {
    typedArrayFromHeap?(tensor: Tensor): Float32Array;
    readSync(id: object): Float32Array;
  };
  return backend.typedArrayFromHeap ? backend.typedArrayFromHeap(tensor) : backend.readSync(tensor.dataId);
}
