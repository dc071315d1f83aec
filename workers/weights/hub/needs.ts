import type { HubModel, HubNeeds } from '../../../core/files/hub.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { localFiles, type NamedBlob } from '../local-files.ts';
import type { ModelFiles, RandomAccessFile } from '../model-files.ts';
import { configNeeds, needsOfFiles } from '../needs.ts';
import { openHubFiles, peekHubFile, readHubJson, type HubFilesOptions } from './open.ts';

/** What a model of the Hub needs; see `needsOfFiles`. Of a GGUF, the header is read by range, and its vocabulary tried. */
export async function needsOf(model: HubModel, way: HubFilesOptions, signal?: AbortSignal): Promise<HubNeeds> {
  // Nothing is kept of what is not confirmed.
  const options = { ...way, caches: null };
  const config = model.others.find(({ path }) => path === 'config.json');
  if (config) return configNeeds(await readHubJson(model.id, config, options, signal));
  const weights = model.weights.map((file) => peekHubFile(model.id, file, options));
  return tried({ ...openHubFiles(model, options), weights }, await ggufNeedsOf(weights, signal), signal);
}

const ggufNeedsOf = async (weights: readonly RandomAccessFile[], signal?: AbortSignal): Promise<HubNeeds> =>
  (await import('./gguf-needs.ts')).ggufNeeds(weights, signal);

async function tried(files: ModelFiles, needs: HubNeeds, signal?: AbortSignal): Promise<HubNeeds> {
  const { checkTokenizer } = await import('./readable.ts');
  await checkTokenizer(files, needs.config, signal);
  return needs;
}

/** The same of files of this device. */
export async function localNeeds(blobs: readonly NamedBlob[], signal?: AbortSignal): Promise<HubNeeds> {
  const files = localFiles('local:files', blobs);
  const has = (name: string): boolean => blobs.some((blob) => blob.name === name);
  const missing = ['config.json', 'tokenizer.json'].find((name) => !has(name));
  if (missing !== undefined && files.weights.every(({ name }) => !/\.gguf$/i.test(name)))
    throw new VitrineError('bad-file', `${missing} is not among the files`, {
      hint: 'Drop the .safetensors together with the config.json and tokenizer.json of the same model.',
    });
  return tried(files, await needsOfFiles(files, signal), signal);
}
