import { familyOf } from '../../../core/families/index.ts';
import type { HubNeeds } from '../../../core/files/hub.ts';
import { ggufConfig } from '../gguf/config.ts';
import { readGgufHeader, type GgufTensor } from '../gguf/header.ts';
import { heldInMemory } from '../gguf/memory.ts';
import type { RandomAccessFile } from '../model-files.ts';

/** What the header of a GGUF file (or those of its splits) says. Nothing else of the file is read. */
export async function ggufNeeds(files: readonly RandomAccessFile[], signal?: AbortSignal): Promise<HubNeeds> {
  const headers = await Promise.all(files.map((file) => readGgufHeader(file, signal)));
  const tensors = new Map<string, GgufTensor>(headers.flatMap((header) => [...header.tensors]));
  const metadata = headers[0]?.metadata ?? {};
  // Factors of the rotation change no size, and are read with the weights.
  const json = ggufConfig({ metadata, tensors }, null);
  const config = familyOf(json).parseConfig(json);
  const all = [...tensors.values()];
  const parameters = sum(all.map(({ shape }) => shape.reduce((a, b) => a * b, 1)));
  return {
    family: config.family,
    parameters,
    weights: typesOf(all),
    context: config.nCtx,
    held: [{ quantization: 'gguf', bytes: heldInMemory(all) }],
    config: json,
  };
}

/** `Q4_1`, or `Q5_0, Q4_K, Q8_0 …`: by how much of the file they are; what is F32 beside them are norms. */
function typesOf(tensors: readonly GgufTensor[]): string {
  const bytes = new Map<string, number>();
  for (const { type, from, to } of tensors) bytes.set(type.name, (bytes.get(type.name) ?? 0) + to - from);
  const names = [...bytes].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const packed = names.filter((name) => name !== 'F32');
  return (packed.length > 0 ? packed : names).join(', ');
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
