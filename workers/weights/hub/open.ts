import { isChatTemplate } from '../../../core/files/checkpoint.ts';
import { parseAddressId } from '../../../core/files/address.ts';
import { HUB_CACHE, type HubFile, type HubModel } from '../../../core/files/hub.ts';
import { remoteKey, remoteUrl } from '../../../core/files/remote.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { withChatTemplates } from '../chat-templates.ts';
import { HttpFile } from '../http-file.ts';
import { ranged, type RangeRequest } from '../http-request.ts';
import type { ModelFiles, RandomAccessFile } from '../model-files.ts';
import { PeekFile } from '../peek-file.ts';
import { addressFetch } from './address-network.ts';
import { gitDigest } from './git-digest.ts';
import { hubFetch, type HubNetwork } from './network.ts';
import { CHANGED, checkPin } from './pin.ts';

/** Bytes of a chunk. Smaller than of the site's own files: what a pause loses is at most this. */
export const HUB_CHUNK: number = 4 * 2 ** 20;
/** Of config.json and the tokenizer, which are read whole. */
const MAX_JSON = 64 * 2 ** 20;

export interface HubFilesOptions extends HubNetwork {
  /** Default: the browser's, where there is one. */
  readonly caches?: CacheStorage | null;
}

/** One file of a confirmed model: from what is kept of it, and the rest from its host. */
export function openHubFile(id: string, file: HubFile, options: HubFilesOptions): HttpFile {
  const { path: name, pin } = file;
  return new HttpFile({
    name,
    size: file.bytes,
    request: requestOf(id, file, options),
    sha256: file.sha256 ?? undefined,
    etag: file.etag,
    ...(pin === undefined ? {} : { check: (open, signal) => checkPin(open, pin, signal), otherwise: CHANGED }),
    key: remoteKey(id, name),
    caches: options.caches,
    cacheName: HUB_CACHE,
    chunkBytes: HUB_CHUNK,
    stallMs: options.stallMs,
  });
}

function requestOf(id: string, file: HubFile, options: HubFilesOptions): RangeRequest {
  const url = remoteUrl(id, file.path, options.host);
  if (url === null) throw new VitrineError('unknown-model', `"${id}" is no model of the Hub or of an address`);
  return ranged(parseAddressId(id) ? addressFetch(options) : hubFetch(options), url);
}

/** The same before it is confirmed: only what is asked for is read, and nothing is kept. */
export function peekHubFile(id: string, file: HubFile, options: HubFilesOptions): RandomAccessFile {
  if (file.pin === undefined) return openHubFile(id, file, { ...options, caches: null });
  return new PeekFile({ name: file.path, size: file.bytes, request: requestOf(id, file, options), stallMs: options.stallMs });
}

/** The files of a confirmed model, as the engine reads them. Nothing is fetched before it reads. */
export function openHubFiles(model: HubModel, options: HubFilesOptions): ModelFiles {
  const json = async (name: string): Promise<unknown> => {
    const file = model.others.find(({ path }) => path === name);
    return file ? readHubJson(model.id, file, options) : null;
  };
  const digests = model.weights.map(({ sha256 }) => sha256);
  return {
    id: model.id,
    weights: model.weights.map((file) => openHubFile(model.id, file, options)),
    config: async () => object(await json('config.json'), 'config.json'),
    tokenizer: () => json('tokenizer.json'),
    tokenizerConfig: async () =>
      withChatTemplates(
        object(await json('tokenizer_config.json'), 'tokenizer_config.json'),
        model.others.filter(({ path }) => isChatTemplate(path)),
        (file) => readHubFile(model.id, file, options),
      ),
    digest: digests.length === 1 && digests[0] ? digests[0] : model.id.replace(/^\w+:/, ''),
  };
}

/** A small file, whole, checked against what is known of it. */
export async function readHubJson(id: string, file: HubFile, options: HubFilesOptions, signal?: AbortSignal): Promise<unknown> {
  const bytes = await readHubFile(id, file, options, signal);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new VitrineError('bad-file', `${file.path} is not JSON`, { cause });
  }
}

async function readHubFile(
  id: string,
  file: HubFile,
  options: HubFilesOptions,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (file.bytes > MAX_JSON) throw new VitrineError('bad-file', `${file.path} has ${file.bytes} bytes, too many for what it is`);
  const open = openHubFile(id, file, options);
  const bytes = await open.read(0, file.bytes, signal);
  await open.verify(signal);
  await checkGit(open, file, bytes);
  return bytes;
}

/** Files that Git itself holds have Git's digest. Throws `digest-mismatch`, and forgets what was kept. */
async function checkGit(open: HttpFile, file: HubFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  if (file.git === null || gitDigest(bytes) === file.git) return;
  await open.forget();
  throw new VitrineError('digest-mismatch', `${file.path} is not the file that the Hub lists`);
}

/** Reads all of a file: what is not kept yet is downloaded, and the whole is checked. @returns what of it could be kept */
export async function fetchHubFile(
  id: string,
  file: HubFile,
  options: HubFilesOptions & { readonly signal?: AbortSignal; readonly onBytes: (bytes: number) => void },
): Promise<'all' | 'some' | 'no-storage'> {
  const { signal, onBytes } = options;
  const open = openHubFile(id, file, options);
  const outcome = async (): Promise<'all' | 'some' | 'no-storage'> =>
    (await open.keptBytes()) >= file.bytes ? 'all' : (await open.canKeep()) ? 'some' : 'no-storage';
  open.onBytes(onBytes);
  if (file.git !== null && file.bytes <= MAX_JSON) {
    const bytes = await open.read(0, file.bytes, signal);
    await checkGit(open, file, bytes);
  } else {
    for (let from = 0; from < file.bytes; from += HUB_CHUNK) {
      await touch(open, from, Math.min(file.bytes, from + HUB_CHUNK), signal);
      // Weights that cannot be kept would be downloaded for nothing, and once more with the first run.
      if (from === 0 && file.bytes > HUB_CHUNK && (await open.keptBytes()) === 0) return outcome();
    }
    await open.verify(signal);
  }
  return outcome();
}

const touch = async (file: RandomAccessFile, from: number, to: number, signal?: AbortSignal): Promise<void> =>
  void (await file.read(from, to, signal));

function object(value: unknown, name: string): Readonly<Record<string, unknown>> | null {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw new VitrineError('bad-file', `${name} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}
