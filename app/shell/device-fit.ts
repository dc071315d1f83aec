import type { EngineInfo } from '../../workers/client/engine.ts';
import type { ModelEntry } from '../state/catalogue.ts';
import { whyNot } from '../state/fit.ts';

/** Bytes of one weight where it is not packed. */
const PLAIN = 4;

/** Bytes that a model holds in memory on the engine that runs, or where weights stay packed while none does. */
export function memoryOf(model: ModelEntry, info: EngineInfo | null): number {
  return info?.backend === 'cpu' ? plainOf(model) : model.requires.memoryBytes;
}

/** Why this device cannot run a model of the list; null where it can. */
export function whyNotModel(model: ModelEntry, info: EngineInfo | null): string | null {
  const { memoryBytes, maxBufferBytes = 0 } = model.requires;
  return whyNot({ packed: memoryBytes, plain: plainOf(model), largest: maxBufferBytes }, info);
}

const plainOf = ({ parameters, requires }: ModelEntry): number =>
  parameters === undefined ? requires.memoryBytes : parameters * PLAIN;
