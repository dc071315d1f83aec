import type { BackendName } from '../../core/model-config.ts';
import type { EngineStatus } from '../../workers/client/engine.ts';

const BACKENDS: Readonly<Record<BackendName, string>> = { webgpu: 'WebGPU', wasm: 'WASM', cpu: 'CPU' };
export const backendLabel = (backend: BackendName): string => BACKENDS[backend];

export { count, megabytes } from '../../core/sizes.ts';

export function milliseconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toPrecision(3)} s`;
}

/** One sentence on the engine's state. */
export function engineSentence(status: EngineStatus): string {
  switch (status.state) {
    case 'idle':
      return 'Not started. It starts with the first run.';
    case 'starting':
      return 'Starting.';
    case 'ready':
      return 'Ready.';
    case 'recovering':
      return `Starting again: ${status.reason}.`;
    case 'failed':
      return `It does not run: ${status.error.message}.`;
  }
}
