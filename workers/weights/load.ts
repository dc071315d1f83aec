import { hookShape, parseHook } from '../../core/hooks.ts';
import type { ModelConfig, Quantization } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { HookedModel, Sae, Tokenizer } from '../api.ts';
import { familyOf, type JsonObject } from '../model/families/index.ts';
import { createHookedModel } from '../model/hooked-model.ts';
import { loadAll, WeightLoader, type WeightSource } from '../model/weights.ts';
import { createSae } from '../saes/sae.ts';
import { withinVocabulary } from '../tokenizer/limit.ts';
import { readJson, type Bundle } from './catalogue.ts';
import { readChecked, type FileSource } from './file-source.ts';
import { isGguf } from './is-gguf.ts';
import type { ModelFiles } from './model-files.ts';
import { configOf } from './needs.ts';
import { SafetensorsSource } from './safetensors-source.ts';
import { tokenizerOf } from './tokenizer-of.ts';

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Bytes of all weights together. */
  readonly onBytes?: (done: number, total: number) => void;
  /** Awaited before each tensor: lets messages in, so that a load can be cancelled on its way. */
  readonly checkpoint?: () => Promise<void>;
}

/**
 * Puts a model on the device, tensor by tensor: a file is never whole in memory unless it is small. Where it fails or is
 * cancelled, all that it had put there is freed. Throws VitrineError; an abort rejects with the signal's reason.
 */
export async function loadModel(
  files: ModelFiles,
  quantization: Quantization,
  sae: (id: string) => Promise<Sae>,
  options: LoadOptions = {},
): Promise<HookedModel> {
  const { signal } = options;
  const progress = track(files, options);
  try {
    const { source, config: json, tokenizer: read } = await openCheckpoint(files, { signal, onRead: progress.read });
    const family = familyOf(json);
    const config = family.parseConfig(json);
    const tokenizer = withinVocabulary(read, config.dVocab, files.id);
    const loader = new WeightLoader(source, quantization, async () => {
      await options.checkpoint?.();
      signal?.throwIfAborted();
    });
    const weights = await loadAll(loader, async () => {
      const loaded = await family.load(loader, config);
      for (const file of files.weights) await file.verify?.(signal);
      return loaded;
    });
    progress.end();
    return createHookedModel({ id: files.id, config, weights, tokenizer, quantization, digest: files.digest, sae });
  } finally {
    progress.close();
  }
}

interface Checkpoint {
  readonly source: WeightSource;
  readonly config: JsonObject;
  readonly tokenizer: Tokenizer;
}
interface ReadingOptions {
  readonly signal: AbortSignal | undefined;
  readonly onRead: (bytes: number) => void;
}

/** Reads headers, configuration and tokenizer; of the weights nothing yet. */
async function openCheckpoint(files: ModelFiles, options: ReadingOptions): Promise<Checkpoint> {
  const [first] = files.weights;
  if (!first) throw new VitrineError('bad-file', `${files.id} has no weights`);
  if (await isGguf(files.weights, options.signal)) {
    const { GgufSource } = await import('./gguf/source.ts');
    const source = await GgufSource.open(files.weights, options);
    return { source, config: source.config, tokenizer: await tokenizerOf(files, source.metadata) };
  }
  const config = await configOf(files);
  // An architecture that is not known is told before weights are read.
  familyOf(config).parseConfig(config);
  return { source: await SafetensorsSource.open(files.weights, options), config, tokenizer: await tokenizerOf(files, null) };
}

/**
 * Progress in bytes: what came in over the network, or what was put on the device, whichever is further. The last step is
 * told when the whole model is there.
 */
function track(
  files: ModelFiles,
  { onBytes }: LoadOptions,
): { readonly read: (bytes: number) => void; readonly end: () => void; readonly close: () => void } {
  const total = files.weights.reduce((sum, file) => sum + file.size, 0);
  let [read, came] = [0, 0];
  const tell = (): void => onBytes?.(Math.min(total, Math.max(read, came)), total);
  for (const file of files.weights)
    file.onBytes?.((bytes) => {
      came += bytes;
      tell();
    });
  return {
    read(bytes) {
      read += bytes;
      tell();
    },
    end: () => onBytes?.(total, total),
    close: () => files.weights.forEach((file) => file.onBytes?.(null)),
  };
}

/** Downloads an SAE of a bundle, checks it against its manifest and the model, and puts it on the device. */
export async function loadSae(
  source: FileSource,
  bundle: Bundle,
  id: string,
  model: ModelConfig,
  quantization: Quantization,
  options: LoadOptions = {},
): Promise<Sae> {
  const entry = bundle.sae(id);
  const path = bundle.file(entry.path);
  const { signal, onBytes } = options;
  const config = await readJson(source, bundle.file(entry.cfg), signal ? { signal } : {});
  const bytes = await readChecked(source, path, entry, {
    ...(signal ? { signal } : {}),
    onBytes: (done) => onBytes?.(done, entry.bytes),
  });
  const tensors = new SafetensorsSource([bytes]);
  const sae = await createSae({ id, config, source: tensors, quantization, digest: entry.sha256 });
  const site = parseHook(sae.hookName);
  const width = site ? hookShape(site.site, model, 1, 1).reduce((a, b) => a * b, 1) : 0;
  const fits = site !== null && (site.layer === null || site.layer < model.nLayers) && width === sae.dIn;
  if (fits && sae.hookName === entry.hookName && sae.dIn === entry.dIn && sae.dSae === entry.dSae) return sae;
  sae.dispose();
  throw new VitrineError('bad-file', `${path}: [${sae.dIn}, ${sae.dSae}] at ${sae.hookName} is not what ${bundle.id} lists`);
}
