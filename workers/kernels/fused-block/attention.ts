import { tf, type Tensor } from '../tf.ts';
import { dispatch, floatBits } from '../webgpu/dispatch.ts';
import type { FusedContext, KvStore } from './types.ts';

const LANES = 64;
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/**
 * One workgroup per query and head, over its keys in chunks of 64: each lane scores one key; the running maximum and sum
 * of the softmax are kept as in FlashAttention (arXiv 2205.14135), so that no row of scores is ever stored.
 */
function shader(dHead: number, softcap: boolean, padded: boolean): string {
  const parts = count(Math.ceil(dHead / LANES));
  return `struct Uniforms { length: u32, heads: u32, kvHeads: u32, capacity: u32, past: u32, window: u32, divisor: u32, cap: u32 }
@group(0) @binding(0) var<storage, read_write> Z: array<f32>;
@group(0) @binding(1) var<storage, read> QKV: array<f32>;
@group(0) @binding(2) var<storage, read> K: array<f32>;
@group(0) @binding(3) var<storage, read> V: array<f32>;
${padded ? '@group(0) @binding(4) var<storage, read> lengths: array<i32>;' : ''}
@group(0) @binding(${padded ? 5 : 4}) var<uniform> u: Uniforms;
const D = ${dHead}u;
var<workgroup> query: array<f32, ${dHead}>;
var<workgroup> weights: array<f32, ${LANES}>;
var<workgroup> partial: array<f32, ${LANES}>;
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.y;
  let batch = row / u.length;
  let at = u.past + row % u.length;
  let head = group.x;
  let kvHead = head / (u.heads / u.kvHeads);
  let end = ${padded ? 'min(at + 1u, u.past + u32(lengths[batch]))' : 'at + 1u'};
  let start = select(0u, at + 1u - min(u.window, at + 1u), u.window > 0u);
  for (var i = lane; i < D; i += ${LANES}u) { query[i] = QKV[(row * (u.heads + 2u * u.kvHeads) + head) * D + i]; }
  var highest = -1e30;
  var sum = 0.0;
  ${parts.map((p) => `var z${p} = 0.0;`).join(' ')}
  for (var first = start; first < end; first += ${LANES}u) {
    workgroupBarrier();
    let key = first + lane;
    var score = -1e30;
    if (key < end) {
      let base = ((batch * u.capacity + key) * u.kvHeads + kvHead) * D;
      score = 0.0;
      for (var i = 0u; i < D; i++) { score += query[i] * K[base + i]; }
      score = score / bitcast<f32>(u.divisor);
      ${softcap ? 'let cap = bitcast<f32>(u.cap); score = cap * tanh(clamp(score / cap, -12.0, 12.0));' : ''}
    }
    partial[lane] = score;
    for (var half_ = ${LANES / 2}u; half_ > 0u; half_ >>= 1u) {
      workgroupBarrier();
      if (lane < half_) { partial[lane] = max(partial[lane], partial[lane + half_]); }
    }
    workgroupBarrier();
    let next = max(highest, partial[0]);
    let shrink = exp(highest - next);
    highest = next;
    weights[lane] = select(0.0, exp(score - next), key < end);
    workgroupBarrier();
    sum *= shrink;
    ${parts.map((p) => `z${p} *= shrink;`).join(' ')}
    let many = min(${LANES}u, end - first);
    for (var i = 0u; i < many; i++) {
      let w = weights[i];
      let base = ((batch * u.capacity + first + i) * u.kvHeads + kvHead) * D;
      sum += w;
      ${parts.map((p) => `z${p} += w * V[base + min(lane + ${p * LANES}u, D - 1u)];`).join(' ')}
    }
  }
  let whole = select(0.0, 1.0 / sum, sum > 0.0);
  let to = (row * u.heads + head) * D + lane;
  ${parts.map((p) => `if (lane + ${p * LANES}u < D) { Z[to + ${p * LANES}u] = z${p} * whole; }`).join(' ')}
}`;
}

/** z [batch · length, nHeads · dHead] of the turned queries in qkv and all keys and values of the store up to each query. */
export function fusedAttention(z: Tensor, qkv: Tensor, store: KvStore, ctx: FusedContext, length: number): void {
  const { config, layer, lengths } = ctx;
  const { nHeads, nKvHeads, dHead, attentionSoftcap: cap } = config;
  const padded = lengths.some((n) => n < length);
  dispatch({
    key: `fused-attention-${dHead}-${cap !== null}-${padded}`,
    code: () => shader(dHead, cap !== null, padded),
    outputs: [z],
    inputs: [qkv, store.k, store.v, ...(padded ? [tf.tensor1d([...lengths], 'int32')] : [])],
    uniforms: [
      length,
      nHeads,
      nKvHeads,
      store.k.shape[1] ?? 0,
      store.filled,
      config.windows[layer] ?? 0,
      floatBits(config.attentionDivisor),
      floatBits(cap ?? 1),
    ],
    groups: [nHeads, z.shape[0] ?? 0, 1],
  });
}
