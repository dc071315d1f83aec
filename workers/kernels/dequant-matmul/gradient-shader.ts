import { declareWeights, hasMin, isFloat, unit, type Packing } from '../webgpu/weights-wgsl.ts';
import { count, UNIFORMS } from './shader.ts';

/**
 * dX[m, k] = Σₙ dY[m, n] W[n, k] over the rows of one shard: one invocation makes the 4 (8 for int4) neighbours of one word
 * for `rows` rows; reads of W are coalesced along k. Where `extra` is set, the sum is added to what dX holds.
 */
export function matmulGradient(packing: Packing, rows: number): string {
  const R = count(rows);
  const wide = packing.bits === 4;
  const per = wide ? 8 : 4;
  const scaled = !isFloat(packing);
  const scale = unit(packing) === 1 ? 'm.x' : `(m.x * ${unit(packing)}.0)`;
  const min = hasMin(packing) ? ' + m.y' : '';
  const unpack = !scaled
    ? packing.format
      ? 'let x = half4(w);'
      : 'let x = w;'
    : wide
      ? `let x = int4lo(w) * ${scale}${min}; let y = int4hi(w) * ${scale}${min};`
      : `let x = int8x4(w) * ${scale}${min};`;
  return `${UNIFORMS}
@group(0) @binding(0) var<storage, read_write> dX: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> dY: array<f32>;
${declareWeights(packing, 2, scaled ? 'single' : packing.format ? 'pair' : 'vector')}
@group(0) @binding(${scaled ? 4 : 3}) var<uniform> u: Uniforms;
fn put(at: u32, value: vec4<f32>) { if (u.extra == 0u) { dX[at] = value; } else { dX[at] += value; } }
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let words = u.K / ${per}u;
  let kw = id.x;
  let m0 = id.y * ${rows}u;
  if (kw >= words) { return; }
  ${R.map((r) => `var p${r} = vec4<f32>(0.0); ${wide ? `var q${r} = vec4<f32>(0.0);` : ''} let d${r} = min(m0 + ${r}u, u.M - 1u) * u.total + u.first;`).join(' ')}
  for (var n = 0u; n < u.N; n++) {
    let w = W[n * words + kw];
    ${scaled ? `let m = metaOf(n * (u.K / ${packing.group}u) + kw / ${packing.group / per}u);` : ''}
    ${unpack}
    ${R.map((r) => `{ let d = dY[d${r} + n]; p${r} += x * d; ${wide ? `q${r} += y * d;` : ''} }`).join(' ')}
  }
  ${R.map((r) => `if (m0 + ${r}u < u.M) { let o = ((m0 + ${r}u) * u.K) / 4u + kw * ${per / 4}u; put(o, p${r}); ${wide ? `put(o + 1u, q${r});` : ''} }`).join('\n  ')}
}`;
}

/** The same for f32 matrices whose k is not a multiple of 4: one output per invocation. */
export const matmulGradientScalar: string = `${UNIFORMS}
@group(0) @binding(0) var<storage, read_write> dX: array<f32>;
@group(0) @binding(1) var<storage, read> dY: array<f32>;
@group(0) @binding(2) var<storage, read> W: array<f32>;
@group(0) @binding(3) var<uniform> u: Uniforms;
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= u.K) { return; }
  var sum = 0.0;
  for (var n = 0u; n < u.N; n++) { sum += dY[id.y * u.total + u.first + n] * W[n * u.K + id.x]; }
  let at = id.y * u.K + id.x;
  if (u.extra == 0u) { dX[at] = sum; } else { dX[at] += sum; }
}`;
