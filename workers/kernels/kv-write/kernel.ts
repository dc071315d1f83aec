import { hostValues } from '../host-values.ts';
import type { Tensor } from '../tf.ts';
import { dispatch, onWebGpu } from '../webgpu/dispatch.ts';

const shader = `
struct Uniforms { rows: u32, width: u32, capacity: u32, at: u32 }
@group(0) @binding(0) var<storage, read_write> store: array<f32>;
@group(0) @binding(1) var<storage, read> rows: array<f32>;
@group(0) @binding(2) var<uniform> u: Uniforms;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= u.width) { return; }
  let batch = id.y / u.rows;
  store[(batch * u.capacity + u.at + id.y % u.rows) * u.width + id.x] = rows[id.y * u.width + id.x];
}`;

/**
 * Writes rows into a longer tensor in place: store[:, at … at + n − 1] = rows. The tensor must be read with kernels or
 * `readMany` afterwards, since tfjs' own `.data()` may have kept what it held before.
 * @param store [batch, capacity, ...]
 * @param rows  [batch, n, ...]
 */
export function writeRows(store: Tensor, rows: Tensor, at: number): void {
  const [batch = 0, capacity = 0] = store.shape;
  const n = rows.shape[1] ?? 0;
  const width = store.size / (batch * capacity);
  if (rows.shape[0] !== batch || rows.size !== batch * n * width || at + n > capacity)
    throw new RangeError(`[${rows.shape.join(', ')}] does not fit into [${store.shape.join(', ')}] at ${at}`);
  if (rows.size === 0) return;
  if (onWebGpu()) {
    dispatch({
      key: 'kv-write',
      code: () => shader,
      outputs: [store],
      inputs: [rows],
      uniforms: [n, width, capacity, at],
      groups: [Math.ceil(width / 64), batch * n, 1],
    });
    return;
  }
  const from = hostValues(rows);
  const to = hostValues(store);
  for (let b = 0; b < batch; b++) to.set(from.subarray(b * n * width, (b + 1) * n * width), (b * capacity + at) * width);
}
