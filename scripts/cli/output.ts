import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { detach } from '../../core/files/arrays.ts';
import { writeSafetensors } from '../../core/files/safetensors.ts';
import type { WireError } from '../../core/protocol/errors.ts';
import type { Provenance, SpecHash } from '../../core/protocol/messages.ts';
import { plainResult } from '../../core/protocol/wire-tensor.ts';
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
