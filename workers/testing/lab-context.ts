import { VitrineError } from '../../core/protocol/errors.ts';
import { transferables } from '../../core/protocol/wire-tensor.ts';
import type { HookedModel, RunContext, Sae } from '../api.ts';
import { readMany, tf } from '../kernels/index.ts';
import { reductionsFor } from '../runtime/reductions.ts';
import { goldenSae } from './goldens.ts';
import { wordTokenizer } from './word-tokenizer.ts';

/**
 * What a lab is given, on a tiny model with the tiny dictionaries; texts are ids with spaces between.
 * @param max largest known activation of every feature; null: none is known
 */
export function labContext(
  model: HookedModel,
  backend: RunContext['backend'],
  max: number | null = null,
): RunContext & { readonly close: () => void } {
  const saes = new Map<string, Sae>();
  return {
    backend,
    // The golden models have no digest; what is remembered of one must not be taken for the other's.
    model: { ...model, digest: model.id, tokenizer: wordTokenizer(model.config.dVocab) },
    async sae(id) {
      const sae = saes.get(id) ?? (await goldenSae(id.replace('tiny/', '')));
      saes.set(id, sae);
      return max === null ? sae : { ...sae, maxActivation: new Float32Array(sae.dSae).fill(max) };
    },
    file: (path) => Promise.reject(new VitrineError('not-found', path)),
    read: async (tensors) => (await readMany(tensors)).map((d) => d.slice()),
    reduce: reductionsFor(model.config.dVocab),
    tf,
    checkpoint: () => Promise.resolve(),
    progress: () => undefined,
    close: () => saes.forEach((sae) => sae.dispose()),
  };
}

/**
 * Runs a lab to its end: what it gave, and what it streamed before. The result is handed over as the host does it, so that a
 * lab that remembers what it gave away has nothing to answer the next time.
 */
export async function finishLab<Chunk, Result>(
  steps: AsyncGenerator<Chunk, Result>,
): Promise<{ readonly result: Result; readonly chunks: Chunk[] }> {
  const chunks: Chunk[] = [];
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return { result: structuredClone(step.value, { transfer: transferables(step.value) }), chunks };
    chunks.push(structuredClone(step.value));
  }
}
