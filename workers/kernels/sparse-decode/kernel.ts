import { gatherRows } from '../dequant-rows/kernel.ts';
import type { Matrix } from '../matrix.ts';
import type { SparseActsGpu } from '../sparse.ts';
import { tf } from '../tf.ts';
import { decodeInWasm } from '../wasm/sparse.ts';
import { dispatch, emptyTensor } from '../webgpu/dispatch.ts';
import { afterWeights, packed, onlyShard, shardInputs, weightFunction, type Packing } from '../webgpu/weights-wgsl.ts';

const shader = (packing: Packing): string => `
struct Uniforms { T: u32, K: u32, cap: u32, extra: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> counts: array<i32>;
@group(0) @binding(2) var<storage, read> indices: array<i32>;
@group(0) @binding(3) var<storage, read> values: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
${weightFunction(packing, 5)}
@group(0) @binding(${afterWeights(packing, 5)}) var<uniform> u: Uniforms;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= u.K) { return; }
  var acc = 0.0;
  let row = id.y * u.cap;
  for (var i = 0u; i < u32(counts[id.y]); i++) { acc += values[row + i] * weight(u32(indices[row + i]), id.x, u.K); }
  y[id.y * u.K + id.x] = acc + bias[id.x];
}`;

/**
 * y = Σ f_i · W_dec[i] + bias over the active features only. Also gives dX of an encoder: Σ df_i · W_enc[:, i].
 * @param wDec n = d_sae, k = d_in
 * @returns [t, d_in]
 */
export function sparseDecode(acts: SparseActsGpu, wDec: Matrix, bias: tf.Tensor1D): tf.Tensor2D {
  if (wDec.store.type === 'wasm') return decodeInWasm(acts, wDec.store, bias);
  const shard = onlyShard(wDec);
  if (!shard) return tf.tidy(() => tf.add(tf.sum(tf.mul(activeRows(acts, wDec), tf.expandDims(masked(acts), 2)), 1), bias));
  const { packing } = packed(wDec);
  const y = emptyTensor([acts.t, wDec.k]) as tf.Tensor2D;
  dispatch({
    key: `sparse-decode-${packing.name}`,
    code: () => shader(packing),
    outputs: [y],
    inputs: [acts.counts, acts.indices, acts.values, bias, ...shardInputs(shard)],
    uniforms: [acts.t, wDec.k, acts.cap, 0],
    groups: [Math.ceil(wDec.k / 64), acts.t, 1],
  });
  return y;
}

/** Rows of the active features, [t, cap, k]; entries beyond a row's count are some row or other. */
export function activeRows(acts: SparseActsGpu, matrix: Matrix): tf.Tensor3D {
  return tf.reshape(gatherRows(matrix, tf.reshape(acts.indices, [-1]) as tf.Tensor1D), [acts.t, acts.cap, matrix.k]);
}

/** Values with the undefined tail of each row set to zero, [t, cap]. */
export function masked(acts: SparseActsGpu): tf.Tensor2D {
  const slot = tf.reshape(tf.range(0, acts.cap, 1, 'int32'), [1, acts.cap]);
  return tf.where(tf.less(slot, tf.reshape(acts.counts, [acts.t, 1])), acts.values, tf.zerosLike(acts.values));
}
