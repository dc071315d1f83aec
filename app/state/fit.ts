import { memoryBudget } from '../../core/device.ts';
import type { EngineInfo } from '../../workers/client/engine.ts';

/** What a model asks of a device. */
export interface Asked {
  /** Bytes in memory where weights stay packed, and where they are float32. */
  readonly packed: number;
  readonly plain: number;
  /** Bytes of the largest single array. */
  readonly largest: number;
}

/**
 * Why this device cannot run a model, as half a sentence; null where it can, as far as anyone can tell.
 * @param info of the engine that runs; null while there is none: then only what no browser could do is said
 */
export function whyNot(asked: Asked, info: EngineInfo | null): string | null {
  const giB = (globalThis.navigator as { deviceMemory?: number } | undefined)?.deviceMemory;
  const backend = info?.backend ?? 'webgpu';
  const budget = memoryBudget(backend, giB);
  const bytes = backend === 'cpu' ? asked.plain : asked.packed;
  if (bytes > budget) {
    const other = backend !== 'webgpu' && asked.packed <= memoryBudget('webgpu', giB) ? '; with WebGPU it would fit' : '';
    return `it needs ${size(bytes)} of memory, and ${size(budget)} are there for models${other}`;
  }
  const limit = backend === 'webgpu' ? info?.limits['maxStorageBufferBindingSize'] : undefined;
  if (limit !== undefined && asked.largest > limit)
    return `it needs an array of ${size(asked.largest)}, and this graphics device makes ${size(limit)} at most`;
  return null;
}

const size = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toPrecision(3)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
