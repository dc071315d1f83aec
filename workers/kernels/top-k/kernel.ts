import { tf } from '../tf.ts';
import { dispatch, emptyTensor, onWebGpu } from '../webgpu/dispatch.ts';

const LANES = 64;
/** Rows longer than this are reduced chunk by chunk first, so that all of the device works on them. */
const CHUNK = 4096;

/**
 * k rounds per chunk of a row: every lane scans its stride for the largest entry that comes after the last one chosen in
 * the order (value falling, index rising), then one lane picks among the lanes. Exact, deterministic, ties by lower index.
 * Where entries run out, the index is −1.
 * @param named the entries' indices are in a second tensor, −1 for none
 */
const shader = (named: boolean): string => `
struct Uniforms { N: u32, k: u32, chunk: u32, chunks: u32, within: u32 }
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> indices: array<i32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
${named ? '@group(0) @binding(3) var<storage, read> names: array<i32>;' : ''}
@group(0) @binding(${named ? 4 : 3}) var<uniform> u: Uniforms;
const NONE = 0xffffffffu;
var<workgroup> bestValue: array<f32, ${LANES}>;
var<workgroup> bestIndex: array<u32, ${LANES}>;
var<workgroup> lastValue: f32;
var<workgroup> lastIndex: u32;
fn before(v: f32, i: u32, w: f32, j: u32) -> bool { return i != NONE && (j == NONE || v > w || (v == w && i < j)); }
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * u.N;
  let start = group.x * u.chunk;
  let end = min(start + u.chunk, u.within);
  let to = (group.y * u.chunks + group.x) * u.k;
  for (var round = 0u; round < u.k; round++) {
    var value = -3.4028234e38;
    var index = NONE;
    for (var i = start + lane; i < end; i += ${LANES}u) {
      let candidate = x[row + i];
      let name = ${named ? 'u32(names[row + i])' : 'i'};
      let open = round == 0u || before(lastValue, lastIndex, candidate, name);
      if (open && before(candidate, name, value, index)) { value = candidate; index = name; }
    }
    bestValue[lane] = value;
    bestIndex[lane] = index;
    workgroupBarrier();
    if (lane == 0u) {
      for (var j = 1u; j < ${LANES}u; j++) {
        if (before(bestValue[j], bestIndex[j], value, index)) { value = bestValue[j]; index = bestIndex[j]; }
      }
      values[to + round] = value;
      indices[to + round] = bitcast<i32>(index);
      // After the last entry none is open any more.
      lastValue = select(value, -3.4028234e38, index == NONE);
      lastIndex = index;
    }
    workgroupBarrier();
  }
}`;

/**
 * The k largest entries of each row, largest first, ties by lower index, on every backend alike.
 * @param x [t, n], finite
 * @param within only the first so many entries of a row are looked at; default: all
 * @returns values and indices, [t, k]
 */
export function topKRows(x: tf.Tensor2D, k: number, within: number = x.shape[1]): { values: tf.Tensor2D; indices: tf.Tensor2D } {
  const n = Math.min(within, x.shape[1]);
  if (k < 1 || k > n) throw new RangeError(`k = ${k} of ${n}`);
  if (!onWebGpu()) {
    const { values, indices } = tf.tidy(() => tf.topk(n === x.shape[1] ? x : tf.slice(x, [0, 0], [-1, n]), k, true));
    return { values, indices };
  }
  if (n <= 2 * CHUNK || k > CHUNK / 4) return launch(x, null, k, n, n);
  const parts = launch(x, null, k, CHUNK, n);
  const width = parts.values.shape[1];
  const best = launch(parts.values, parts.indices, k, width, width);
  tf.dispose([parts.values, parts.indices]);
  return best;
}

function launch(
  x: tf.Tensor2D,
  names: tf.Tensor2D | null,
  k: number,
  chunk: number,
  within: number,
): { values: tf.Tensor2D; indices: tf.Tensor2D } {
  const [t, n] = x.shape;
  const chunks = Math.ceil(within / chunk);
  const values = emptyTensor([t, chunks * k]) as tf.Tensor2D;
  const indices = emptyTensor([t, chunks * k], 'int32') as tf.Tensor2D;
  dispatch({
    key: names ? 'top-k-named' : 'top-k',
    code: () => shader(names !== null),
    outputs: [values, indices],
    inputs: names ? [x, names] : [x],
    uniforms: [n, k, chunk, chunks, within],
    groups: [chunks, t, 1],
  });
  return { values, indices };
}
