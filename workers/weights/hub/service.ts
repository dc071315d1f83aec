import { HUB_CACHE, hubId, type HubFound, type HubModel, type HubNeeds } from '../../../core/files/hub.ts';
import { remoteKey } from '../../../core/files/remote.ts';
import type { ModelTarget } from '../../../core/files/target.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { lookAddress } from './address.ts';
import { bytesOf, choicesOf } from './choices.ts';
import { needsOf } from './needs.ts';
import { fetchHubFile, openHubFile, openHubFiles, type HubFilesOptions } from './open.ts';
import { openRepository } from './repository.ts';

/** Looks a repository up: two short answers of the Hub, no file. Of another address, samples of its files: see `lookAddress`. */
export async function look(target: ModelTarget, options: HubFilesOptions, signal?: AbortSignal): Promise<HubFound> {
  if (target.kind === 'address') return lookAddress(target.address, target.pin, options, signal);
  const { repo, commit, gated, license, files } = await openRepository(target.repo, target.revision, options, signal);
  const offers = choicesOf(repo, files).map(({ format, file, weights, others }) => ({
    format,
    model: { id: hubId({ repo, commit, file }), weights, others },
    bytes: bytesOf([...weights, ...others]),
  }));
  return { name: repo, commit, gated, license, offers };
}

export function needs(model: HubModel, options: HubFilesOptions, signal?: AbortSignal): Promise<HubNeeds> {
  return needsOf(model, options, signal);
}

export interface DownloadOptions extends HubFilesOptions {
  readonly signal?: AbortSignal;
  /** Bytes that are here, of all files together. What was kept before counts at once. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Downloads what is not kept yet of a model, file by file, and checks the digests that the Hub gives, or samples of other files. The small
 * files come first, and a tokenizer that cannot be read ends it there. An abort leaves what is
 * kept, and the next call goes on there. Throws `storage-full` where there is no room to keep it, `no-storage` where the browser keeps nothing, and what the network throws.
 */
export async function download(model: HubModel, options: DownloadOptions): Promise<void> {
  const files = [...model.others, ...model.weights];
  const total = bytesOf(files);
  let done = 0;
  for (const file of files) {
    if (file === model.weights[0]) await beforeWeights(model, options);
    let own = 0;
    const report = (bytes: number): void => {
      // A part that was asked for again, or a host that sends a whole file, does not count twice.
      own = Math.min(file.bytes, own + bytes);
      options.onProgress?.(done + own, total);
    };
    const outcome = await fetchHubFile(model.id, file, { ...options, onBytes: report });
    if (outcome === 'no-storage')
      throw new VitrineError('no-storage', 'the browser keeps no files for this page', {
        hint: 'Use the model without keeping it: it is then downloaded with each visit.',
      });
    if (outcome === 'some')
      throw new VitrineError('storage-full', 'the browser has no room to keep this model', {
        hint: 'Free space below, or use the model without keeping it: it is then downloaded with each visit.',
      });
    done += file.bytes;
    options.onProgress?.(done, total);
  }
}

/** The small files are here: what cannot be read of them is told before the large ones are fetched. */
async function beforeWeights(model: HubModel, { signal, ...options }: DownloadOptions): Promise<void> {
  const files = openHubFiles(model, options);
  const config = await files.config();
  if (!config) return;
  const { checkTokenizer } = await import('./readable.ts');
  await checkTokenizer(files, config, signal);
}

/** Bytes of each model that are kept on this device. */
export async function kept(models: readonly HubModel[], options: HubFilesOptions): Promise<readonly number[]> {
  return Promise.all(
    models.map(async (model) => {
      const bytes = await Promise.all(
        [...model.others, ...model.weights].map((file) => openHubFile(model.id, file, options).keptBytes()),
      );
      return bytes.reduce((a, b) => a + b, 0);
    }),
  );
}

/** Frees what is kept of a model. Files that another model of the same commit has as well stay. */
export async function free(model: HubModel, others: readonly HubModel[], options: HubFilesOptions): Promise<void> {
  const storage = options.caches === undefined ? (globalThis as { caches?: CacheStorage }).caches : options.caches;
  if (!storage) return;
  const cache = await storage.open(HUB_CACHE);
  const keys = (of: HubModel): string[] => [...of.others, ...of.weights].map(({ path }) => `${remoteKey(of.id, path)}/`);
  const shared = new Set(others.filter(({ id }) => id !== model.id).flatMap(keys));
  const own = keys(model).filter((key) => !shared.has(key));
  for (const { url } of await cache.keys()) if (own.some((key) => url.startsWith(key))) await cache.delete(url);
}
