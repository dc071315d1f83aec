import { rowMajor, type Matrix } from '../matrix.ts';
import { tf } from '../tf.ts';
import { rowsInWasm } from '../wasm/store.ts';
import { dispatch, emptyTensor, FOLDED } from '../webgpu/dispatch.ts';
import { afterWeights, packed, shardInputs, weightFunction, type Packing } from '../webgpu/weights-wgsl.ts';

const shader = (packing: Packing): string => `
struct Uniforms { K: u32, first: u32, N: u32, total: u32, T: u32 }
@group(0) @binding(0) var<storage, read_write> rows: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
${weightFunction(packing, 2)}
@group(0) @binding(${afterWeights(packing, 2)}) var<uniform> u: Uniforms;
@compute @workgroup_size(64)
fn main(${FOLDED.builtins}, @builtin(local_invocation_index) local: u32) {
  let k = group.x * 64u + local;
  let row = ${FOLDED.y};
  if (k >= u.K || row >= u.T) { return; }
  let n = min(u32(max(ids[row], 0)), u.total - 1u);
  if (n < u.first || n >= u.first + u.N) { return; }
  rows[row * u.K + k] = weight(n - u.first, k, u.K);
}`;

/** Rows of a matrix by index, dequantized: [t, k]. Not differentiable. */
export function gatherRows(matrix: Matrix, ids: tf.Tensor1D): tf.Tensor2D {
  if (matrix.store.type === 'wasm') return rowsInWasm(ids, matrix.store);
  if (matrix.store.type === 'dense') return tf.gather(rowMajor(matrix.store), ids);
  const { packing, shards } = packed(matrix);
  const rows = emptyTensor([ids.shape[0], matrix.k]) as tf.Tensor2D;
  if (ids.shape[0] === 0) return rows;
  for (const shard of shards)
    dispatch({
      key: `dequant-rows-${packing.name}`,
      code: () => shader(packing),
      outputs: [rows],
      inputs: [ids, ...shardInputs(shard)],
      uniforms: [matrix.k, shard.first, shard.n, matrix.n, ids.shape[0]],
      groups: [Math.ceil(matrix.k / 64), ids.shape[0], 1],
      folds: 'y',
    });
  return rows;
}
