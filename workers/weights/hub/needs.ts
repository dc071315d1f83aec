import { familyOf } from '../../../core/families/index.ts';
import type { HubModel, HubNeeds } from '../../../core/files/hub.ts';
import type { ModelConfig } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { readHubJson, type HubFilesOptions } from './open.ts';

/** Bytes for one weight: int8 with a float32 scale for each group of 32, and float32. */
const PACKED = 1.125;
const PLAIN = 4;

/**
 * What a model needs, before its weights are downloaded: of safetensors from config.json, of a GGUF from its header, read by
 * range. Throws `unsupported-file` or `bad-file` where the engine could not run it.
 */
export async function needsOf(model: HubModel, options: HubFilesOptions, signal?: AbortSignal): Promise<HubNeeds> {
  const config = model.others.find(({ path }) => path === 'config.json');
  if (!config) {
    const { ggufNeeds } = await import('./gguf-needs.ts');
    return ggufNeeds(model, options, signal);
  }
  const json = await readHubJson(model.id, config, options, signal);
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new VitrineError('bad-file', 'config.json is not an object');
  const read = json as Readonly<Record<string, unknown>>;
  const parsed = familyOf(read).parseConfig(read);
  const parameters = countParameters(parsed);
  const stored = read['dtype'] ?? read['torch_dtype'];
  return {
    family: parsed.family,
    parameters,
    weights: typeof stored === 'string' ? stored : 'safetensors',
    context: parsed.nCtx,
    memory: { packed: Math.ceil(parameters * PACKED), plain: parameters * PLAIN },
    largest: Math.ceil(parsed.dVocab * parsed.dModel * PACKED),
    config: read,
  };
}

/** Weights of all matrices and norms; a tied embedding counts once. */
export function countParameters(c: ModelConfig): number {
  const { nLayers, nHeads, nKvHeads, dModel: d, dHead, dMlp, dVocab, nCtx } = c;
  const attention = d * dHead * (2 * nHeads + 2 * nKvHeads);
  const mlp = (c.mlp.gated ? 3 : 2) * d * dMlp;
  const biased = c.norm.kind === 'layerNorm';
  const norms = (c.postNorms ? 4 : 2) * d * (biased ? 2 : 1) + (c.qkNorm ? 2 * dHead : 0);
  // LayerNorm families have a bias at every linear map.
  const biases = biased ? dHead * (nHeads + 2 * nKvHeads) + d + dMlp + d : 0;
  const embeddings = dVocab * d * (c.tiedEmbeddings ? 1 : 2) + (c.positional.kind === 'learned' ? nCtx * d : 0);
  return embeddings + nLayers * (attention + mlp + norms + biases) + d * (biased ? 2 : 1);
}
