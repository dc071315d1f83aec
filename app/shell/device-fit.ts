import type { EngineInfo } from '../../workers/client/engine.ts';
import type { ModelEntry } from '../state/catalogue.ts';
import { bytesFor, whyNot, type Asked } from '../state/fit.ts';

/** Bytes of one weight where it is not packed. */
const PLAIN = 4;

/** Bytes that a model holds in memory on the engine that runs, or on WebGPU while none does. */
export function memoryOf(model: ModelEntry, info: EngineInfo | null): number {
  return bytesFor(asked(model), info);
}

/** Why this device cannot run a model of the list; null where it can. */
export function whyNotModel(model: ModelEntry, info: EngineInfo | null): string | null {
  return whyNot(asked(model), info);
}

function asked({ held, parameters, requires: { memoryBytes } }: ModelEntry): Asked {
  return held ?? { webgpu: memoryBytes, wasm: memoryBytes, cpu: parameters === undefined ? memoryBytes : parameters * PLAIN };
}
