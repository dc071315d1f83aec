import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readSafetensors, safeFloats } from '../../core/files/safetensors.ts';

/** Written by training/goldens/make.py. */
const TESTDATA = join(import.meta.dirname, '../testdata');
/** A file of `workers/testdata`. */
export const goldenBytes = (...path: string[]): Uint8Array => new Uint8Array(readFileSync(join(TESTDATA, ...path)));

export interface Golden<Meta> {
  readonly meta: Meta;
  /** Values of a stored tensor; throws where there is none. */
  values(name: string): Float32Array;
  has(name: string): boolean;
}

export function readGoldenJson<Meta>(name: string): Meta {
  return JSON.parse(new TextDecoder().decode(gunzipSync(goldenBytes(`${name}.json.gz`)))) as Meta;
}

export function readGolden<Meta>(name: string): Golden<Meta> {
  const { tensors } = readSafetensors(goldenBytes(`${name}.safetensors`));
  return {
    meta: readGoldenJson<Meta>(name),
    has: (tensor) => tensors.has(tensor),
    values(tensor) {
      const found = tensors.get(tensor);
      if (!found) throw new Error(`${name}.safetensors has no ${tensor}: run training/goldens/make.py`);
      return safeFloats(found, tensor);
    },
  };
}
