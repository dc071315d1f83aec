import { plainParts, type ModelConfig } from '../model-config.ts';
import { activation, llamaLike, rope } from './config-fields.ts';
import type { FamilyDefinition } from './index.ts';
import { llamaNames } from './llama.ts';
import { qwenWindows } from './qwen2.ts';

/** Qwen 3: as Llama, with heads of a width of their own, and norms of queries and keys. */
export const qwen3: FamilyDefinition = {
  modelTypes: ['qwen3'],

  parseConfig(json): ModelConfig {
    const shape = llamaLike(json, { tied: false, eps: 1e-6, headDim: 128, nCtx: 32_768 });
    return {
      ...plainParts(shape.nLayers),
      ...shape,
      family: 'qwen3',
      windows: qwenWindows(json, shape.nLayers),
      qkNorm: true,
      positional: { kind: 'rotary', ...rope(json, 10_000), dims: shape.dHead, local: null },
      mlp: { activation: activation(json, 'hidden_act', 'silu'), gated: true },
      attentionDivisor: Math.sqrt(shape.dHead),
    };
  },

  names: (_config, has) => llamaNames(has, { qkNorm: true }),
};
