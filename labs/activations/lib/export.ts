import { writeNpz } from '../../../core/files/npz.ts';
import { writeSafetensors } from '../../../core/files/safetensors.ts';
import { tensorData, type WireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { ActivationsResult } from '../result.ts';

interface Named {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Every tensor under the name that files use: the hook, with `prompt<i>/` in front where there are several prompts. */
export function namedTensors({ entries, prompts, logits }: ActivationsResult): Named[] {
  const prefix = (prompt: number): string => (prompts.length > 1 ? `prompt${prompt}/` : '');
  const named = (name: string, tensor: WireTensor): Named => ({
    name,
    shape: tensor.shape,
    data: Float32Array.from(tensorData(tensor)),
  });
  return [
    ...entries.map(({ hook, prompt, tensor }) => named(`${prefix(prompt)}${hook}`, tensor)),
    ...logits.map((tensor, prompt) => named(`${prefix(prompt)}logits`, tensor)),
  ];
}

/** A safetensors file of all activations; token ids and provenance ride in its metadata. */
export function toSafetensors(result: ActivationsResult, metadata: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const tokens = JSON.stringify(result.prompts.map((prompt) => prompt.map(({ id }) => id)));
  return writeSafetensors(namedTensors(result), { ...metadata, tokens });
}

/** An npz archive with the same names, and the token ids of each prompt as `tokens`. */
export function toNpz(result: ActivationsResult): Uint8Array {
  const several = result.prompts.length > 1;
  const tokens = result.prompts.map((prompt, i) => ({
    name: `${several ? `prompt${i}/` : ''}tokens`,
    shape: [prompt.length],
    data: Int32Array.from(prompt, ({ id }) => id),
  }));
  return writeNpz([...tokens, ...namedTensors(result)]);
}
