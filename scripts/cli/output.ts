import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors, type SafeInput } from '../../core/files/safetensors.ts';
import type { WireError } from '../../core/protocol/errors.ts';
import type { Provenance, SpecHash } from '../../core/protocol/messages.ts';
import { isWireTensor, plainResult, tensorData, type WireTensor } from '../../core/protocol/wire-tensor.ts';
import type { EngineAnswer } from '../../workers/client/engine.ts';

/** What `run` prints for one experiment, as one line of JSON. */
export type RunLine =
  | {
      readonly ok: true;
      readonly specHash: SpecHash;
      readonly provenance: Provenance;
      readonly result: unknown;
      /** With `--out`: where the arrays are, and the same object as this line. */
      readonly tensors?: string;
      readonly file?: string;
    }
  | { readonly ok: false; readonly error: WireError };

/** An array that was written to the safetensors file under `tensor`. */
export interface TensorReference extends Pick<WireTensor, 'dtype' | 'shape' | 'axes'> {
  readonly tensor: string;
}

/** The line with every array in it. */
export function inlineLine({ specHash, provenance, payload }: EngineAnswer): RunLine {
  return { ok: true, specHash, provenance, result: plainResult(payload) };
}

/** Writes `<specHash>.safetensors` and `<specHash>.json` into the folder; in the line, arrays are references into the former. */
export function fileLine({ specHash, provenance, payload }: EngineAnswer, folder: string): RunLine {
  const tensors = join(folder, `${specHash}.safetensors`);
  const file = join(folder, `${specHash}.json`);
  const { result, arrays } = detach(payload);
  const line: RunLine = { ok: true, specHash, provenance, result, tensors, file };
  mkdirSync(folder, { recursive: true });
  writeFileSync(tensors, writeSafetensors(arrays, { specHash, lab: provenance.lab, model: provenance.model.id }));
  writeFileSync(file, `${JSON.stringify(line)}\n`);
  return line;
}

/** Takes the arrays out of a result; each is named by its path in it, as `entries.0.tensor`. */
export function detach(payload: unknown): { readonly result: unknown; readonly arrays: readonly SafeInput[] } {
  const arrays: SafeInput[] = [];
  const visit = (value: unknown, path: string): unknown => {
    if (isWireTensor(value)) {
      const { dtype, shape, axes } = value;
      arrays.push({ name: path, shape, data: tensorData(value) });
      return { dtype, shape, axes, tensor: path } satisfies TensorReference;
    }
    const below = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
    if (Array.isArray(value)) return value.map((item, i) => visit(item, below(i)));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, below(key))]));
  };
  return { result: visit(payload, ''), arrays };
}
