import { logSumExp } from '../../../core/stats/index.ts';
import { hostValues } from '../host-values.ts';
import { readMany } from '../read.ts';
import { tf } from '../tf.ts';
import { clearTensor, dispatch, emptyTensor, floatBits, onWebGpu } from '../webgpu/dispatch.ts';

/** Natural log Σ exp of each row of [n, m], [n]. On CPU and WASM the sum runs in float64. */
export function logSumExpRows(x: tf.Tensor2D): tf.Tensor1D {
  if (onWebGpu()) return tf.tidy(() => tf.logSumExp(x, -1));
  const [n, m] = x.shape;
  const values = hostValues(x);
  return tf.tensor1d(Float32Array.from({ length: n }, (_, row) => logSumExp(values.subarray(row * m, (row + 1) * m))));
}

const PENALIZE = `
struct Uniforms { count: u32, penalty: u32 }
@group(0) @binding(0) var<storage, read_write> row: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<uniform> u: Uniforms;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= u.count) { return; }
  let penalty = bitcast<f32>(u.penalty);
  let x = row[ids[id.x]];
  row[ids[id.x]] = select(x * penalty, x / penalty, x > 0.0);
}`;

/** Logits [1, m] after CTRL's repetition penalty (arXiv 1909.05858) of some ids: divided by it if positive, else multiplied. */
export function penalized(logits: tf.Tensor2D, ids: Iterable<number>, penalty: number): tf.Tensor2D {
  const different = [...new Set(ids)].filter((id) => id < logits.size);
  const out = tf.add<tf.Tensor2D>(logits, 0);
  if (different.length === 0) return out;
  if (!onWebGpu()) {
    const values = hostValues(out);
    for (const id of different) {
      const x = values[id] ?? 0;
      values[id] = x > 0 ? x / penalty : x * penalty;
    }
    return out;
  }
  const list = tf.tensor1d(different, 'int32');
  dispatch({
    key: 'penalize',
    code: () => PENALIZE,
    outputs: [out],
    inputs: [list],
    uniforms: [different.length, floatBits(penalty)],
    groups: [Math.ceil(different.length / 64), 1, 1],
  });
  list.dispose();
  return out;
}

const ABOVE = `
struct Uniforms { size: u32, limit: u32, cap: u32 }
@group(0) @binding(0) var<storage, read_write> count: array<atomic<u32>>;
@group(0) @binding(1) var<storage, read_write> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;
@group(0) @binding(3) var<storage, read> row: array<f32>;
@group(0) @binding(4) var<uniform> u: Uniforms;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= u.size || row[id.x] < bitcast<f32>(u.limit)) { return; }
  let slot = atomicAdd(&count[0], 1u);
  if (slot < u.cap) { ids[slot] = i32(id.x); values[slot] = row[id.x]; }
}`;

/** All entries of a row [1, m] from `limit` on, largest first, ties by lower index. Only they are read back. */
export async function entriesAbove(
  row: tf.Tensor2D,
  limit: number,
): Promise<{ readonly ids: Int32Array; readonly values: Float32Array }> {
  const [ids, values] = onWebGpu() ? await compactOnGpu(row, limit) : compactOnHost(row, limit);
  const order = Array.from(ids, (_, i) => i).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || (ids[a] ?? 0) - (ids[b] ?? 0));
  return { ids: Int32Array.from(order, (i) => ids[i] ?? 0), values: Float32Array.from(order, (i) => values[i] ?? 0) };
}

/** Counts first, then makes room for as many. The order within is not fixed. */
async function compactOnGpu(row: tf.Tensor2D, limit: number): Promise<[ids: Int32Array, values: Float32Array]> {
  const launch = (cap: number): [tf.Tensor, tf.Tensor, tf.Tensor] => {
    const count = emptyTensor([1], 'int32');
    clearTensor(count);
    const ids = emptyTensor([Math.max(1, cap)], 'int32');
    const values = emptyTensor([Math.max(1, cap)]);
    dispatch({
      key: 'entries-above',
      code: () => ABOVE,
      outputs: [count, ids, values],
      inputs: [row],
      uniforms: [row.size, floatBits(limit), cap],
      groups: [Math.ceil(row.size / 64), 1, 1],
    });
    return [count, ids, values];
  };
  const first = launch(0);
  const [counted] = await readMany(first.slice(0, 1));
  tf.dispose(first);
  const cap = counted?.[0] ?? 0;
  if (cap === 0) return [new Int32Array(0), new Float32Array(0)];
  const second = launch(cap);
  const [ids, values] = await readMany(second.slice(1));
  tf.dispose(second);
  return [Int32Array.from(ids ?? []), Float32Array.from(values ?? [])];
}

function compactOnHost(row: tf.Tensor2D, limit: number): [ids: Int32Array, values: Float32Array] {
  const all = hostValues(row);
  const ids: number[] = [];
  for (let i = 0; i < all.length; i++) if ((all[i] ?? -Infinity) >= limit) ids.push(i);
  return [Int32Array.from(ids), Float32Array.from(ids, (i) => all[i] ?? 0)];
}
