import type { ActivationName } from '../../../core/model-config.ts';

/**
 * The nonlinearities as WGSL, `fn act(x)`. Arguments of tanh and exp are bounded where the result no longer changes in
 * float32: large ones give NaN on some devices. erf: Abramowitz and Stegun 7.1.26, as in tfjs, |error| ≤ 1.5e-7.
 */
export const ACTIVATION: Readonly<Record<ActivationName, string>> = {
  gelu_new: `fn act(x: f32) -> f32 {
  return 0.5 * x * (1.0 + tanh(clamp(${Math.sqrt(2 / Math.PI)} * (x + 0.044715 * x * x * x), -12.0, 12.0)));
}`,
  gelu: `fn erf(x: f32) -> f32 {
  let a = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return sign(x) * (1.0 - p * exp(-min(a * a, 80.0)));
}
fn act(x: f32) -> f32 { return 0.5 * x * (1.0 + erf(x * ${Math.SQRT1_2})); }`,
  silu: 'fn act(x: f32) -> f32 { return x / (1.0 + exp(-max(x, -80.0))); }',
  relu: 'fn act(x: f32) -> f32 { return max(x, 0.0); }',
};
