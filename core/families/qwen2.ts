import { plainParts, type ModelConfig } from '../model-config.ts';
import { activation, flag, llamaLike, rope, size, windows } from './config-fields.ts';
import type { FamilyDefinition, JsonObject } from './index.ts';
import { llamaNames } from './llama.ts';

/** Qwen 2 and 2.5: as Llama, with biases of q, k and v. */
export const qwen2: FamilyDefinition = {
  modelTypes: ['qwen2'],

  parseConfig(json): ModelConfig {
    const shape = llamaLike(json, { tied: false, eps: 1e-6, nCtx: 32_768 });
    return {
      ...plainParts(shape.nLayers),
      ...shape,
      family: 'qwen2',
      windows: qwenWindows(json, shape.nLayers),
      positional: { kind: 'rotary', ...rope(json, 10_000), dims: shape.dHead, local: null },
      mlp: { activation: activation(json, 'hidden_act', 'silu'), gated: true },
      attentionDivisor: Math.sqrt(shape.dHead),
    };
  },

  names: (_config, has) => llamaNames(has, { qkvBias: true, oBias: false }),
};

/** Windows are off unless `use_sliding_window`; then the layers from `max_window_layers` on have one. */
export function qwenWindows(json: JsonObject, nLayers: number): (number | null)[] {
  if (!flag(json, 'use_sliding_window', false)) return Array.from({ length: nLayers }, () => null);
  // 0 is a lawful number of layers without a window, which `size` would refuse.
  const from = json['max_window_layers'] === 0 ? 0 : size(json, 'max_window_layers', 28);
  return windows(json, nLayers, size(json, 'sliding_window', 4_096), (layer) => layer >= from);
}
