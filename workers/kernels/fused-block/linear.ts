import type { ActivationName } from '../../../core/model-config.ts';
import { multiply } from '../dequant-matmul/launch.ts';
import type { Epilogue } from '../dequant-matmul/shader.ts';
import type { Tensor } from '../tf.ts';
import type { FusedLinear } from './types.ts';
import { ACTIVATION } from './wgsl-activations.ts';

export interface LinearOptions {
  readonly activation?: ActivationName;
  /** Multiplied with what the activation gives, [m, n]. */
  readonly times?: Tensor;
  /** Added at the end, [m, n]. */
  readonly plus?: Tensor;
  /** Where y goes within wider rows: floats per row, and the first column. */
  readonly stride?: number;
  readonly at?: number;
}

/** y[row, at + column] = activation(x Wᵀ + b) · times + plus, in one dispatch (one for each shard of W). x [m, k]. */
export function fusedLinear(y: Tensor, x: Tensor, m: number, { w, b }: FusedLinear, options: LinearOptions = {}): void {
  const { activation, times, plus, stride = w.n, at = 0 } = options;
  const names = [...(b ? ['bias'] : []), ...(times ? ['times'] : []), ...(plus ? ['plus'] : [])];
  const epilogue: Epilogue = {
    name: ['linear', activation ?? 'none', ...names].join('+'),
    outputs: 1,
    extraInputs: names.length,
    declare: (first) => `@group(0) @binding(0) var<storage, read_write> Y: array<f32>;
${names.map((name, i) => `@group(0) @binding(${first + i}) var<storage, read> ${name}: array<f32>;`).join('\n')}
${activation ? ACTIVATION[activation] : 'fn act(x: f32) -> f32 { return x; }'}`,
    write: `let at = row * u.total + column;
    Y[row * u.extra + u.more + column] = act(acc${b ? ' + bias[column]' : ''})${times ? ' * times[at]' : ''}${plus ? ' + plus[at]' : ''};`,
  };
  const inputs = [...(b ? [b] : []), ...(times ? [times] : []), ...(plus ? [plus] : [])];
  multiply(x, m, w, epilogue, [y], inputs, stride, at);
}
