import { whyNot as whyNotOn, type Asked } from '../../core/device.ts';
import { heldAs, type HubNeeds } from '../../core/files/hub.ts';
import type { Quantization } from '../../core/model-config.ts';
import type { EngineInfo } from '../../workers/client/engine.ts';
import type { ModelEntry } from './catalogue.ts';

export type { Asked } from '../../core/device.ts';

/** What a list of models says of one that was looked at. */
export function memoryIn(needs: Pick<HubNeeds, 'held'>, quantization?: Quantization): Pick<ModelEntry, 'held' | 'requires'> {
  const { bytes } = heldAs(needs, quantization);
  return { held: bytes, requires: { memoryBytes: bytes.webgpu } };
}

/** What weights were, and what they are rounded to. */
export function weightsOf(needs: Pick<HubNeeds, 'held' | 'weights'>, chosen?: Quantization): string {
  const { quantization } = heldAs(needs, chosen);
  return quantization === 'int8' || quantization === 'int4' ? `${needs.weights} as ${quantization}` : needs.weights;
}

/** Those on the engine that runs, or on WebGPU while none does. */
export const bytesFor = (asked: Asked, info: EngineInfo | null): number => asked[info?.backend ?? 'webgpu'];

/** Why this device cannot run a model, see `whyNot` of core. @param info of the engine that runs; null while there is none */
export const whyNot = (asked: Asked, info: EngineInfo | null): string | null =>
  whyNotOn(asked, info?.backend ?? null, (globalThis.navigator as { deviceMemory?: number } | undefined)?.deviceMemory);
