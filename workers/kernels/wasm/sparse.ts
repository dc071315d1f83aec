import { compactRows, type SparseActs, type SparseActsGpu } from '../sparse.ts';
import { tf } from '../tf.ts';
import { padded } from './layout.ts';
import { OP } from './program.ts';
import { output, productInMemory, scratchFor, view, type InWasm } from './store.ts';

/** Active features of x W_encᵀ + bias above their threshold, read where the product lies; see `encodeAndRead`. */
export function encodeInWasm(x: tf.Tensor2D, wEncT: InWasm, bias: tf.Tensor1D, threshold: tf.Tensor1D): SparseActs {
  const { kernels, n } = wEncT;
  const t = x.shape[0];
  if (t === 0) return { indices: [], values: [] };
  const dense = kernels.floats(productInMemory(x, wEncT), t * padded(n));
  return compactRows(dense, { rows: t, width: n, stride: padded(n), bias: view(bias), threshold: view(threshold) });
}

function uploadInts(matrix: InWasm, tensor: tf.Tensor): number {
  const at = matrix.kernels.temporary(tensor.size * 4);
  matrix.kernels.ints(at, tensor.size).set(view(tensor));
  return at;
}
function uploadFloats(matrix: InWasm, tensor: tf.Tensor): number {
  const at = matrix.kernels.temporary(tensor.size * 4);
  matrix.kernels.floats(at, tensor.size).set(view(tensor));
  return at;
}

/** Σ f_i · W_dec[i] + bias; see `sparseDecode`. */
export function decodeInWasm(acts: SparseActsGpu, wDec: InWasm, bias: tf.Tensor1D): tf.Tensor2D {
  const { kernels, k } = wDec;
  if (acts.t === 0) return tf.zeros([0, k]);
  const program = kernels.begin();
  kernels.needScratch(scratchFor(wDec));
  const y = kernels.temporary(acts.t * k * 4);
  const [counts, indices] = [uploadInts(wDec, acts.counts), uploadInts(wDec, acts.indices)];
  const args = [wDec.at, counts, indices, uploadFloats(wDec, acts.values), acts.cap, uploadFloats(wDec, bias), y, acts.t];
  program.add(OP.decode, acts.t, 1, args);
  kernels.run();
  return output([acts.t, k], (out) => out.set(kernels.floats(y, acts.t * k))) as tf.Tensor2D;
}

/** ⟨W_dec[i], dY[t]⟩ of the active features; see `sparseRowDot`. */
export function rowDotsInWasm(acts: SparseActsGpu, wDec: InWasm, dY: tf.Tensor2D): tf.Tensor2D {
  const { kernels } = wDec;
  const size = acts.t * acts.cap;
  if (size === 0) return tf.zeros([acts.t, acts.cap]);
  const program = kernels.begin();
  kernels.needScratch(scratchFor(wDec));
  const y = kernels.temporary(size * 4);
  const [counts, indices] = [uploadInts(wDec, acts.counts), uploadInts(wDec, acts.indices)];
  program.add(OP.rowDots, acts.t, 1, [wDec.at, counts, indices, acts.cap, uploadFloats(wDec, dY), y, acts.t]);
  kernels.run();
  return output([acts.t, acts.cap], (out) => out.set(kernels.floats(y, size))) as tf.Tensor2D;
}
