import type { Tensor } from '../tf.ts';
import { dispatch, floatBits } from '../webgpu/dispatch.ts';
import { WORKGROUP_SUM } from './norm.ts';
import type { FusedContext, FusedWeights, KvStore } from './types.ts';

/** One workgroup per row and head of QKV: normed (where the model does), rotated (queries and keys), and put in its place. */
function shader(rotary: boolean, qkNorm: boolean): string {
  const inputs = [...(rotary ? ['cosines', 'sines'] : []), ...(qkNorm ? ['gainQ', 'gainK'] : [])];
  return `struct Uniforms { length: u32, heads: u32, kvHeads: u32, dHead: u32, dims: u32, capacity: u32, at: u32, eps: u32 }
@group(0) @binding(0) var<storage, read_write> QKV: array<f32>;
@group(0) @binding(1) var<storage, read_write> K: array<f32>;
@group(0) @binding(2) var<storage, read_write> V: array<f32>;
${inputs.map((name, i) => `@group(0) @binding(${3 + i}) var<storage, read> ${name}: array<f32>;`).join('\n')}
@group(0) @binding(${3 + inputs.length}) var<uniform> u: Uniforms;
${qkNorm ? WORKGROUP_SUM : ''}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.y;
  let base = (row * (u.heads + 2u * u.kvHeads) + group.x) * u.dHead;
  let isQuery = group.x < u.heads;
  let head = select(group.x - u.heads, group.x, isQuery) % max(select(u.kvHeads, u.heads, isQuery), 1u);
  let to = ((row / u.length * u.capacity + u.at + row % u.length) * u.kvHeads + head) * u.dHead;
  if (group.x >= u.heads + u.kvHeads) {
    for (var i = lane; i < u.dHead; i += 64u) { V[to + i] = QKV[base + i]; }
    return;
  }
  var scale = 1.0;
  ${
    qkNorm
      ? `var sum = 0.0;
  for (var i = lane; i < u.dHead; i += 64u) { sum += QKV[base + i] * QKV[base + i]; }
  scale = sqrt(total(lane, sum) / f32(u.dHead) + bitcast<f32>(u.eps));`
      : ''
  }
  let half_ = u.dims / 2u;
  // Each lane turns whole pairs, so that queries can be replaced where they are.
  for (var i = lane; i < u.dHead - half_; i += 64u) {
    let pair = i < half_;
    let first = select(i + half_, i, pair);
    var a = QKV[base + first]${qkNorm ? ' / scale * select(gainK[first], gainQ[first], isQuery)' : ''};
    if (pair) {
      let second = first + half_;
      var b = QKV[base + second]${qkNorm ? ' / scale * select(gainK[second], gainQ[second], isQuery)' : ''};
      ${
        rotary
          ? `let angle = (row % u.length) * u.dims + first;
      let turned = a * cosines[angle] - b * sines[angle];
      b = b * cosines[angle] + a * sines[angle];
      a = turned;`
          : ''
      }
      if (isQuery) { QKV[base + second] = b; } else { K[to + second] = b; }
    }
    if (isQuery) { QKV[base + first] = a; } else { K[to + first] = a; }
  }
}`;
}

/**
 * Norms and turns queries (in place) and keys, and writes keys and values into the store.
 * @param qkv [batch · length, (nHeads + 2 nKvHeads) · dHead]
 */
export function placeHeads(qkv: Tensor, store: KvStore, weights: FusedWeights, ctx: FusedContext, length: number): void {
  const { config, rotary } = ctx;
  const { nHeads, nKvHeads, dHead } = config;
  const { qNorm, kNorm } = weights.attn;
  const rows = qkv.shape[0] ?? 0;
  dispatch({
    key: `fused-heads-${rotary !== null}-${qNorm !== null}`,
    code: () => shader(rotary !== null, qNorm !== null),
    outputs: [qkv, store.k, store.v],
    inputs: [...(rotary ? [rotary.cos, rotary.sin] : []), ...(qNorm && kNorm ? [qNorm.gain, kNorm.gain] : [])],
    uniforms: [
      length,
      nHeads,
      nKvHeads,
      dHead,
      rotary?.dims ?? 0,
      store.k.shape[1] ?? 0,
      store.filled,
      floatBits(config.norm.eps),
    ],
    groups: [nHeads + 2 * nKvHeads, rows, 1],
  });
}
