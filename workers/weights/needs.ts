import { familyOf, type JsonObject } from '../../core/families/index.ts';
import type { HeldAs, HubNeeds } from '../../core/files/hub.ts';
import type { BackendName, ModelConfig, Quantization } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { isGguf } from './is-gguf.ts';
import type { ModelFiles } from './model-files.ts';

/** With a float32 scale for each group of 32, and in GGUF's 4-bit blocks a minimum. */
const BYTES_PER_WEIGHT: Readonly<Record<Quantization, number>> = { f32: 4, int8: 1.125, int4: 0.625, gguf: 0.75 };

/** What weights hold in memory; of a GGUF file roughly, where its header was not read. The CPU backend holds all as float32. */
export function heldBytes(parameters: number, kind: Quantization, backend: BackendName): number {
  return Math.ceil(parameters * BYTES_PER_WEIGHT[backend === 'cpu' ? 'f32' : kind]);
}

/** How many weights so many bytes of a kind are. */
export const weightsIn = (bytes: number, kind: Quantization): number => bytes / BYTES_PER_WEIGHT[kind];

/**
 * What a model needs, before its weights are read: of safetensors from config.json, of a GGUF from its header. The page tells it
 * before a download and the engine goes by it, so it is the same for both. Throws `unsupported-file` or `bad-file` where the
 * engine could not run it.
 */
export async function needsOfFiles(files: ModelFiles, signal?: AbortSignal): Promise<HubNeeds> {
  if (await isGguf(files.weights, signal)) {
    const { ggufNeeds } = await import('./hub/gguf-needs.ts');
    return ggufNeeds(files.weights, signal);
  }
  return configNeeds(await configOf(files));
}

/** config.json of a model in safetensors files; throws `bad-file` where there is none. */
export async function configOf(files: ModelFiles): Promise<JsonObject> {
  const config = await files.config();
  if (config) return config;
  throw new VitrineError('bad-file', `${files.id} has no config.json`, {
    hint: 'Weights in safetensors files come with a config.json and a tokenizer.json: give them together.',
  });
}

export function configNeeds(json: unknown): HubNeeds {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new VitrineError('bad-file', 'config.json is not an object');
  const read = json as Readonly<Record<string, unknown>>;
  const parsed = familyOf(read).parseConfig(read);
  const parameters = countParameters(parsed);
  const stored = read['dtype'] ?? read['torch_dtype'];
  const held = (quantization: Quantization): HeldAs => ({
    quantization,
    bytes: {
      webgpu: heldBytes(parameters, quantization, 'webgpu'),
      wasm: heldBytes(parameters, quantization, 'wasm'),
      cpu: heldBytes(parameters, quantization, 'cpu'),
    },
  });
  // Numbers of 16 bits are held in 16 bits where they are not rounded.
  const each = stored === 'bfloat16' || stored === 'float16' ? 2 : 4;
  const exactly: HeldAs = {
    quantization: 'f32',
    bytes: { webgpu: parameters * each, wasm: parameters * each, cpu: parameters * 4 },
  };
  return {
    family: parsed.family,
    parameters,
    weights: typeof stored === 'string' ? stored : 'safetensors',
    context: parsed.nCtx,
    held: [held('int8'), held('int4'), exactly],
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
