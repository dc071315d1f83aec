import type { ModelConfig } from '../../../core/model-config.ts';
import type { Tensor } from '../tf.ts';
import { dispatch, floatBits } from '../webgpu/dispatch.ts';
import type { FusedNorm } from './types.ts';

const LANES = 64;

/** Sum of `values` over a workgroup of 64, as a tree: the same bits each time. */
export const WORKGROUP_SUM: string = `var<workgroup> partial: array<f32, ${LANES}>;
fn total(lane: u32, value: f32) -> f32 {
  workgroupBarrier();
  partial[lane] = value;
  for (var half_ = ${LANES / 2}u; half_ > 0u; half_ >>= 1u) {
    workgroupBarrier();
    if (lane < half_) { partial[lane] += partial[lane + half_]; }
  }
  workgroupBarrier();
  return partial[0];
}`;

function shader(kind: ModelConfig['norm']['kind'], bias: boolean, plus: boolean): string {
  return `struct Uniforms { D: u32, eps: u32 }
@group(0) @binding(0) var<storage, read_write> Y: array<f32>;
@group(0) @binding(1) var<storage, read> X: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
${bias ? '@group(0) @binding(3) var<storage, read> bias: array<f32>;' : ''}
${plus ? `@group(0) @binding(${bias ? 4 : 3}) var<storage, read> plus: array<f32>;` : ''}
@group(0) @binding(${3 + Number(bias) + Number(plus)}) var<uniform> u: Uniforms;
${WORKGROUP_SUM}
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.x * u.D;
  var sum = 0.0;
  ${
    kind === 'layerNorm'
      ? `for (var i = lane; i < u.D; i += ${LANES}u) { sum += X[row + i]; }
  let centre = total(lane, sum) / f32(u.D);
  sum = 0.0;`
      : 'let centre = 0.0;'
  }
  for (var i = lane; i < u.D; i += ${LANES}u) { let x = X[row + i] - centre; sum += x * x; }
  let scale = sqrt(total(lane, sum) / f32(u.D) + bitcast<f32>(u.eps));
  for (var i = lane; i < u.D; i += ${LANES}u) {
    Y[row + i] = (X[row + i] - centre) / scale * gain[i]${bias ? ' + bias[i]' : ''}${plus ? ' + plus[row + i]' : ''};
  }
}`;
}

/** y = norm(x) · gain (+ bias) (+ plus), of m rows. */
export function fusedNorm(
  y: Tensor,
  x: Tensor,
  m: number,
  { gain, bias }: FusedNorm,
  { norm }: ModelConfig,
  plus?: Tensor,
): void {
  dispatch({
    key: `fused-norm-${norm.kind}-${bias !== null}-${plus !== undefined}`,
    code: () => shader(norm.kind, bias !== null, plus !== undefined),
    outputs: [y],
    inputs: [x, gain, ...(bias ? [bias] : []), ...(plus ? [plus] : [])],
    uniforms: [gain.size, floatBits(norm.eps)],
    groups: [m, 1, 1],
  });
}
