import type { Quantization } from '../../core/model-config.ts';
import type { Provenance } from '../../core/protocol/messages.ts';
import { heldOf } from '../../core/share/address.ts';

/** How weights were held in memory where links and files that were opened here come from, by the hash of their experiment. */
const known = new Map<string, Quantization>();

/** @param quantization null: a link that says nothing of it */
export function noteHeld(hash: string | undefined, quantization: Quantization | null): void {
  if (hash !== undefined && quantization !== null) known.set(hash, quantization);
}

export const noteLink = (hash: string | undefined, fragment: string): void => noteHeld(hash, heldOf(fragment));

export const heldInLink = (hash: string | undefined): Quantization | undefined =>
  hash === undefined ? undefined : known.get(hash);

/** That a result is of weights that are held in another way than where its link comes from; empty where it is not. */
export function otherwiseHeld({ specHash, model }: Pick<Provenance, 'specHash' | 'model'>): string {
  const before = known.get(specHash);
  if (before === undefined || before === model.quantization) return '';
  return ` Weights are held ${WORDS[model.quantization]} here and were held ${WORDS[before]} where this experiment comes from, so numbers differ.`;
}

const WORDS: Readonly<Record<Quantization, string>> = {
  f32: 'as stored',
  int8: 'in 8 bits',
  int4: 'in 4 bits',
  gguf: 'as stored',
};
