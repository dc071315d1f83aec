import type { BackendName } from './model-config.ts';

/**
 * Bytes of weights that are held together at most, by kind of device: WASM's memory cannot shrink and has an end; browsers tell
 * memory coarsely, in GiB and at most 8, and not how much of it graphics may take.
 */
export function memoryBudget(backend: BackendName, deviceGiB = 8): number {
  if (backend !== 'webgpu') return 640 * 2 ** 20;
  return (Math.min(8, deviceGiB) / 4) * 2 ** 30;
}

/** Bytes that a model holds in memory, by what it runs on. */
export type Asked = Readonly<Record<BackendName, number>>;

/**
 * Why a device cannot run a model, as half a sentence; null where it can, as far as anyone can tell. How large a single matrix is
 * does not matter: those beyond the limit of a graphics device are held in several pieces.
 * @param backend null while none is open: then only what no browser could do is said
 */
export function whyNot(asked: Asked, backend: BackendName | null, deviceGiB?: number): string | null {
  const bytes = asked[backend ?? 'webgpu'];
  const budget = memoryBudget(backend ?? 'webgpu', deviceGiB);
  if (bytes <= budget) return null;
  const fits = backend !== null && backend !== 'webgpu' && asked.webgpu <= memoryBudget('webgpu', deviceGiB);
  return `it needs ${size(bytes)} of memory, and ${size(budget)} are there for models${fits ? '; with WebGPU it would fit' : ''}`;
}

const size = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toPrecision(3)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
