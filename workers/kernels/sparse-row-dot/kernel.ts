import type { Matrix } from '../matrix.ts';
import { activeRows } from '../sparse-decode/kernel.ts';
import type { SparseActsGpu } from '../sparse.ts';
import { tf } from '../tf.ts';
import { rowDotsInWasm } from '../wasm/sparse.ts';
import { dispatch, emptyTensor } from '../webgpu/dispatch.ts';
import { afterWeights, packed, onlyShard, shardInputs, weightFunction, type Packing } from '../webgpu/weights-wgsl.ts';

const shader = (packing: Packing): string => `
struct Uniforms { T: u32, K: u32, cap: u32, extra: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> counts: array<i32>;
@group(0) @binding(2) var<storage, read> indices: array<i32>;
@group(0) @binding(3) var<storage, read> dY: array<f32>;
${weightFunction(packing, 4)}
@group(0) @binding(${afterWeights(packing, 4)}) var<uniform> u: Uniforms;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= u.cap) { return; }
  let at = id.y * u.cap + id.x;
  var acc = 0.0;
  if (id.x < u32(counts[id.y])) {
    let n = u32(indices[at]);
    for (var k = 0u; k < u.K; k++) { acc += dY[id.y * u.K + k] * weight(n, k, u.K); }
  }
  y[at] = acc;
}`;

/**
 * ⟨W_dec[i], dY[t]⟩ of each active feature i of row t: the gradient of whatever dY is the gradient of, with respect to the
 * feature's activation. Times the activation it is attribution patching against zero, per feature.
 * @returns [t, cap], 0 beyond a row's count
 */
export function sparseRowDot(acts: SparseActsGpu, wDec: Matrix, dY: tf.Tensor2D): tf.Tensor2D {
  if (wDec.store.type === 'wasm') return rowDotsInWasm(acts, wDec.store, dY);
  const shard = onlyShard(wDec);
  if (!shard) {
    return tf.tidy(() => {
      const dots = tf.sum(tf.mul(activeRows(acts, wDec), tf.expandDims(dY, 1)), 2) as tf.Tensor2D;
      const slot = tf.reshape(tf.range(0, acts.cap, 1, 'int32'), [1, acts.cap]);
      return tf.where(tf.less(slot, tf.reshape(acts.counts, [acts.t, 1])), dots, tf.zerosLike(dots));
    });
  }
  const { packing } = packed(wDec);
  const y = emptyTensor([acts.t, acts.cap]) as tf.Tensor2D;
  dispatch({
    key: `sparse-row-dot-${packing.name}`,
    code: () => shader(packing),
    outputs: [y],
    inputs: [acts.counts, acts.indices, dY, ...shardInputs(shard)],
    uniforms: [acts.t, wDec.k, acts.cap, 0],
    groups: [Math.ceil(acts.cap / 64), acts.t, 1],
  });
  return y;
}
