import type { BackendName } from '../../core/model-config.ts';
import type { EngineStatus } from '../../workers/client/engine.ts';

const BACKENDS: Readonly<Record<BackendName, string>> = { webgpu: 'WebGPU', wasm: 'WASM', cpu: 'CPU' };
export const backendLabel = (backend: BackendName): string => BACKENDS[backend];

/** Decimal kilobytes to terabytes, as downloads are counted; two digits below ten. */
export function megabytes(bytes: number): string {
  if (bytes < 100_000) return `${Math.max(1, Math.round(bytes / 1_000))} kB`;
  let [size, unit] = [bytes / 1e6, 'MB'];
  for (const larger of ['GB', 'TB']) if (size >= 999.5) [size, unit] = [size / 1_000, larger];
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

/** 1,234,567 → 1.23 M. */
export function count(n: number): string {
  if (n >= 1e9) return `${(n / 1e9).toPrecision(3)} billion`;
  if (n >= 1e6) return `${(n / 1e6).toPrecision(3)} million`;
  return n.toLocaleString('en');
}

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
