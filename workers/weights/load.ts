import { hookShape, parseHook } from '../../core/hooks.ts';
import type { ModelConfig, Quantization } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { HookedModel, Sae } from '../api.ts';
import { familyOf } from '../model/families/index.ts';
import { createHookedModel } from '../model/hooked-model.ts';
import { loadAll, WeightLoader } from '../model/weights.ts';
import { createSae } from '../saes/sae.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';
import { parseJson, readJson, type Bundle } from './catalogue.ts';
import { readChecked, sha256, type FileSource } from './file-source.ts';
import type { BundleFile } from './manifest.ts';
import { SafetensorsSource } from './safetensors-source.ts';

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Bytes of all files together. */
  readonly onBytes?: (done: number, total: number) => void;
}

/** Downloads a model's files, checks their digests, and puts the weights on the device. */
export async function loadModel(
  source: FileSource,
  bundle: Bundle,
  quantization: Quantization,
  sae: (id: string) => Promise<Sae>,
  options: LoadOptions = {},
): Promise<HookedModel> {
  const { manifest } = bundle;
  // The architecture is known before a byte of weights is there.
  const family = familyOf(manifest.config);
  const config = family.parseConfig(manifest.config);
  const role = (name: string): readonly BundleFile[] => manifest.files.filter((f) => f.role === name);
  const one = (name: string): BundleFile => {
    const [file] = role(name);
    if (!file) throw new VitrineError('bad-file', `the manifest of ${bundle.id} lists no ${name}`);
    return file;
  };
  const listed = { tokenizer: one('tokenizer'), config: one('tokenizer-config'), first: one('weights') };
  const wanted = [listed.tokenizer, listed.config, ...role('weights')];
  const files = await readAll(source, bundle, wanted, options);
  const json = (file: BundleFile): unknown => parseJson(bytesOf(files, file), bundle.file(file.path));

  const tokenizer = createTokenizer(json(listed.tokenizer), json(listed.config));
  if (tokenizer.size > config.dVocab)
    throw new VitrineError('bad-file', `${bundle.id}: ${tokenizer.size} tokens in a vocabulary of ${config.dVocab}`);
  const tensors = new SafetensorsSource(role('weights').map((file) => bytesOf(files, file)));
  const weights = await loadAll(new WeightLoader(tensors, quantization), (loader) => family.load(loader, config));
  const digest = await digestOf(role('weights'));
  return createHookedModel({ id: bundle.id, config, weights, tokenizer, quantization, digest, sae });
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

async function readAll(
  source: FileSource,
  bundle: Bundle,
  wanted: readonly BundleFile[],
  { signal, onBytes }: LoadOptions,
): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  const total = wanted.reduce((sum, file) => sum + file.bytes, 0);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  let before = 0;
  for (const file of wanted) {
    const bytes = await readChecked(source, bundle.file(file.path), file, {
      ...(signal ? { signal } : {}),
      onBytes: (done) => onBytes?.(Math.min(total, before + done), total),
    });
    files.set(file.path, bytes);
    before += file.bytes;
  }
  return files;
}

function bytesOf(files: ReadonlyMap<string, Uint8Array>, { path }: BundleFile): Uint8Array {
  const bytes = files.get(path);
  if (!bytes) throw new VitrineError('internal', `${path} was not read`);
  return bytes;
}

/** That of the weight file; of several ones, the digest of their digests in the manifest's order. */
async function digestOf(files: readonly BundleFile[]): Promise<string> {
  const [first, ...rest] = files;
  if (first && rest.length === 0) return first.sha256;
  return sha256(new TextEncoder().encode(files.map((f) => f.sha256).join('\n')));
}
