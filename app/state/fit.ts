import { memoryBudget } from '../../core/device.ts';
import { heldAs, type HubNeeds } from '../../core/files/hub.ts';
import type { BackendName, Quantization } from '../../core/model-config.ts';
import type { EngineInfo } from '../../workers/client/engine.ts';
import type { ModelEntry } from './catalogue.ts';

/** Bytes that a model holds in memory, by what it runs on. */
export type Asked = Readonly<Record<BackendName, number>>;

/** What a list of models says of one that was looked at. */
export function memoryIn(needs: Pick<HubNeeds, 'held'>, quantization?: Quantization): Pick<ModelEntry, 'held' | 'requires'> {
  const { bytes } = heldAs(needs, quantization);
  return { held: bytes, requires: { memoryBytes: bytes.webgpu } };
}

/** Those on the engine that runs, or on WebGPU while none does. */
export const bytesFor = (asked: Asked, info: EngineInfo | null): number => asked[info?.backend ?? 'webgpu'];

/**
 * Why this device cannot run a model, as half a sentence; null where it can, as far as anyone can tell. How large a single matrix is
 * does not matter: those beyond the limit of a graphics device are held in several pieces.
 * @param info of the engine that runs; null while there is none: then only what no browser could do is said
 */
export function whyNot(asked: Asked, info: EngineInfo | null): string | null {
  const giB = (globalThis.navigator as { deviceMemory?: number } | undefined)?.deviceMemory;
  const backend = info?.backend ?? 'webgpu';
  const budget = memoryBudget(backend, giB);
  const bytes = bytesFor(asked, info);
  if (bytes > budget) {
    const other = backend !== 'webgpu' && asked.webgpu <= memoryBudget('webgpu', giB) ? '; with WebGPU it would fit' : '';
    return `it needs ${size(bytes)} of memory, and ${size(budget)} are there for models${other}`;
  }
  return null;
}

const size = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toPrecision(3)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
