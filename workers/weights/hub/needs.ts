import { familyOf } from '../../../core/families/index.ts';
import type { HubModel, HubNeeds } from '../../../core/files/hub.ts';
import type { ModelConfig } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { localFiles, type NamedBlob } from '../local-files.ts';
import { openHubFile, readHubJson, type HubFilesOptions } from './open.ts';

/** Bytes for one weight: int8 with a float32 scale for each group of 32, and float32. */
const PACKED = 1.125;
const PLAIN = 4;

/**
 * What a model needs, before its weights are downloaded: of safetensors from config.json, of a GGUF from its header, read by
 * range. Throws `unsupported-file` or `bad-file` where the engine could not run it.
 */
export async function needsOf(model: HubModel, way: HubFilesOptions, signal?: AbortSignal): Promise<HubNeeds> {
  // Nothing is kept of what is not confirmed.
  const options = { ...way, caches: null };
  const config = model.others.find(({ path }) => path === 'config.json');
  if (!config) {
    const { ggufNeeds } = await import('./gguf-needs.ts');
    return ggufNeeds(
      model.weights.map((file) => openHubFile(model.id, file, options)),
      signal,
    );
  }
  return configNeeds(await readHubJson(model.id, config, options, signal));
}

/** The same of files of this device. */
export async function localNeeds(blobs: readonly NamedBlob[], signal?: AbortSignal): Promise<HubNeeds> {
  const files = localFiles('local:files', blobs);
  const isGguf = files.weights.some(({ name }) => /\.gguf$/i.test(name));
  if (isGguf) {
    const { ggufNeeds } = await import('./gguf-needs.ts');
    return ggufNeeds(files.weights, signal);
  }
  const [config, tokenizer] = [await files.config(), blobs.some(({ name }) => name === 'tokenizer.json')];
  if (config === null || !tokenizer)
    throw new VitrineError('bad-file', `${config === null ? 'config.json' : 'tokenizer.json'} is not among the files`, {
      hint: 'Drop the .safetensors together with the config.json and tokenizer.json of the same model.',
    });
  return configNeeds(config);
}

function configNeeds(json: unknown): HubNeeds {
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
