import type { BackendName } from './model-config.ts';

/**
 * Bytes of weights that are held together at most, by kind of device: WASM's memory cannot shrink and has an end; browsers tell
 * memory coarsely, in GiB and at most 8, and not how much of it graphics may take.
 */
export function memoryBudget(backend: BackendName, deviceGiB = 8): number {
  if (backend !== 'webgpu') return 640 * 2 ** 20;
  return (Math.min(8, deviceGiB) / 4) * 2 ** 30;
}
