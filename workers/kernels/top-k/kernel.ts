import { tf } from '../tf.ts';
import { dispatch, emptyTensor, onWebGpu } from '../webgpu/dispatch.ts';

const LANES = 64;

/**
 * k rounds per row: every lane scans its stride for the largest entry that comes after the last one chosen in the order
 * (value falling, index rising), then one lane picks among the lanes. Exact, deterministic, ties by lower index.
 */
const shader = `
struct Uniforms { T: u32, N: u32, k: u32, extra: u32 }
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> indices: array<i32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<uniform> u: Uniforms;
var<workgroup> bestValue: array<f32, ${LANES}>;
var<workgroup> bestIndex: array<u32, ${LANES}>;
var<workgroup> lastValue: f32;
var<workgroup> lastIndex: u32;
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.x * u.N;
  for (var round = 0u; round < u.k; round++) {
    var value = -3.4028234e38;
    var index = 0xffffffffu;
    for (var i = lane; i < u.N; i += ${LANES}u) {
      let candidate = x[row + i];
      let open = round == 0u || candidate < lastValue || (candidate == lastValue && i > lastIndex);
      if (open && (candidate > value || index == 0xffffffffu)) { value = candidate; index = i; }
    }
    bestValue[lane] = value;
    bestIndex[lane] = index;
    workgroupBarrier();
    if (lane == 0u) {
      for (var j = 1u; j < ${LANES}u; j++) {
        let better = bestIndex[j] != 0xffffffffu && (index == 0xffffffffu || bestValue[j] > value || (bestValue[j] == value && bestIndex[j] < index));
        if (better) { value = bestValue[j]; index = bestIndex[j]; }
      }
      values[group.x * u.k + round] = value;
      indices[group.x * u.k + round] = i32(index);
      lastValue = value;
      lastIndex = index;
    }
    workgroupBarrier();
  }
}`;

/**
 * The k largest entries of each row, largest first, ties by lower index, on every backend alike.
 * @param x [t, n], finite
 * @returns values and indices, [t, k]
 */
export function topKRows(x: tf.Tensor2D, k: number): { values: tf.Tensor2D; indices: tf.Tensor2D } {
  const [t, n] = x.shape;
  if (k < 1 || k > n) throw new RangeError(`k = ${k} of ${n}`);
  if (!onWebGpu()) {
    const { values, indices } = tf.topk(x, k, true);
    return { values, indices };
  }
  const values = emptyTensor([t, k]) as tf.Tensor2D;
  const indices = emptyTensor([t, k], 'int32') as tf.Tensor2D;
  dispatch({
    key: 'top-k',
    code: () => shader,
    outputs: [values, indices],
    inputs: [x],
    uniforms: [t, n, k, 0],
    groups: [t, 1, 1],
  });
  return { values, indices };
}
