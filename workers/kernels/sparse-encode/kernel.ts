import { linear } from '../dequant-matmul/kernel.ts';
import { multiply } from '../dequant-matmul/launch.ts';
import type { Epilogue } from '../dequant-matmul/shader.ts';
import type { Matrix } from '../matrix.ts';
import { readMany } from '../read.ts';
import { compactRows, type SparseActs } from '../sparse.ts';
import { tf } from '../tf.ts';
import { encodeInWasm } from '../wasm/sparse.ts';
import { clearTensor, emptyTensor, onWebGpu } from '../webgpu/dispatch.ts';

const FIRST_CAP = 256;

/** Appends an active feature to its row. The order within a row is not fixed; rows are sorted on the host. */
const APPEND: Epilogue = {
  name: 'append',
  outputs: 3,
  extraInputs: 2,
  declare: (at) => `@group(0) @binding(0) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(1) var<storage, read_write> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;
@group(0) @binding(${at}) var<storage, read> bias: array<f32>;
@group(0) @binding(${at + 1}) var<storage, read> threshold: array<f32>;`,
  write: `let p = acc + bias[column];
    if (p > 0.0 && p > threshold[column]) {
      let slot = atomicAdd(&counts[row], 1u);
      if (slot < u.extra) { indices[row * u.extra + slot] = i32(column); values[row * u.extra + slot] = p; }
    }`,
};

/**
 * f = ReLU(p) · 1[p > threshold], p = x W_enc + b_enc, as lists of active features: matmul, threshold and compaction in
 * one kernel; the dense [t, d_sae] never exists on WebGPU. A row with more features than were made room for is run again
 * with room for all.
 * @param x       [t, d_in]
 * @param wEncT   n = d_sae, k = d_in
 * @param bias    b_enc, [d_sae]
 * @param threshold [d_sae], ≥ 0; zeros give a plain ReLU SAE
 * Source: JumpReLU as in arXiv 2407.14435, strict inequality.
 */
export async function encodeAndRead(
  x: tf.Tensor2D,
  wEncT: Matrix,
  bias: tf.Tensor1D,
  threshold: tf.Tensor1D,
): Promise<SparseActs> {
  if (wEncT.store.type === 'wasm') return encodeInWasm(x, wEncT.store, bias, threshold);
  if (!onWebGpu()) return encodeOnHost(x, wEncT, bias, threshold);
  let cap = Math.min(FIRST_CAP, wEncT.n);
  for (;;) {
    const [counts, indices, values] = launch(x, wEncT, bias, threshold, cap);
    const read = await readMany([counts, indices, values]);
    tf.dispose([counts, indices, values]);
    const [c, i, v] = [Int32Array.from(read[0] ?? []), Int32Array.from(read[1] ?? []), Float32Array.from(read[2] ?? [])];
    const most = c.reduce((a, b) => Math.max(a, b), 0);
    if (most <= cap) return sortRows(c, i, v, cap);
    cap = Math.min(wEncT.n, 2 ** Math.ceil(Math.log2(most)));
  }
}

function launch(
  x: tf.Tensor2D,
  wEncT: Matrix,
  bias: tf.Tensor1D,
  threshold: tf.Tensor1D,
  cap: number,
): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const t = x.shape[0];
  const counts = emptyTensor([t], 'int32');
  const indices = emptyTensor([t, cap], 'int32');
  const values = emptyTensor([t, cap]);
  clearTensor(counts);
  multiply(x, t, wEncT, APPEND, [counts, indices, values], [bias, threshold], cap);
  return [counts, indices, values];
}

/** The matmul in tfjs; threshold and compaction in one pass over what it gives. */
async function encodeOnHost(x: tf.Tensor2D, wEncT: Matrix, bias: tf.Tensor1D, threshold: tf.Tensor1D): Promise<SparseActs> {
  const p = tf.tidy(() => linear(x, wEncT, bias));
  const [dense, limits] = await readMany([p, threshold]);
  p.dispose();
  return compactRows(dense as Float32Array, { rows: x.shape[0], width: wEncT.n, threshold: limits as Float32Array });
}

function sortRows(counts: Int32Array, indices: Int32Array, values: Float32Array, cap: number): SparseActs {
  const rows = [...counts].map((count, row) => {
    const order = Array.from({ length: count }, (_, i) => row * cap + i).sort((a, b) => (indices[a] ?? 0) - (indices[b] ?? 0));
    return { ids: Int32Array.from(order, (i) => indices[i] ?? 0), acts: Float32Array.from(order, (i) => values[i] ?? 0) };
  });
  return { indices: rows.map((r) => r.ids), values: rows.map((r) => r.acts) };
}
