import type { BackendName } from '../../../core/model-config.ts';
import { layoutOf } from './blocks.ts';
import type { GgufTensor } from './header.ts';
import type { GgmlName } from './types.ts';

/** Bytes of a group's scale and minimum on WebGPU, which holds those that are f16 in the file as f16. */
const META: Partial<Readonly<Record<GgmlName, number>>> = {
  Q4_0: 2,
  Q4_1: 4,
  Q5_0: 2,
  Q5_1: 4,
  Q8_0: 2,
  Q4_K: 8,
  Q5_K: 8,
  Q6_K: 4,
};

/** Bytes that the tensors of a GGUF file hold in memory as they are: blocks become groups of 4 or 8 bits, F16 and BF16 stay. */
export function heldInMemory(tensors: readonly Pick<GgufTensor, 'shape' | 'type'>[]): Readonly<Record<BackendName, number>> {
  const held = { webgpu: 0, wasm: 0, cpu: 0 };
  for (const { shape, type } of tensors) {
    const weights = shape.reduce((a, b) => a * b, 1);
    const layout = layoutOf(type);
    held.cpu += weights * 4;
    if (!layout) {
      const stays = type.name !== 'F32' && shape.length === 2 && (shape[1] ?? 0) % 32 === 0;
      held.webgpu += weights * (stays ? 2 : 4);
      held.wasm += weights * (stays ? 2 : 4);
      continue;
    }
    const values = (weights * layout.bits) / 8;
    const groups = weights / layout.group;
    held.webgpu += values + groups * (META[type.name] ?? 8);
    // float32 in the memory of the WASM kernels.
    held.wasm += values + groups * (layout.mins ? 8 : 4);
  }
  return held;
}
