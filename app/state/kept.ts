import { DATA_CACHE, FILES_CACHE, keptAddress } from '../../core/files/kept.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { ModelEntry } from './catalogue.ts';

/** A file that can be kept on this device. */
export interface KeepableFile {
  /** Below the site. */
  readonly path: string;
  /** Null where nothing lists its size. */
  readonly bytes: number | null;
  /** Files with a digest are kept under it, checked; others under their address. */
  readonly sha256: string | null;
  /** The page reads it as well, under its address. Default: JSON and Markdown. */
  readonly asData?: boolean;
}

/** All files of a model and its dictionaries. @param folder the manifest's, below the site */
export function filesOfModel(model: ModelEntry): readonly KeepableFile[] {
  // What did not come with this site is kept by those who fetch it, or lies on this machine.
  if (model.source !== undefined) return [];
  const below = (path: string): string => normalised(`${model.folder}${path}`);
  return [
    ...model.files.map(({ path, bytes, sha256 }) => ({ path: below(path), bytes, sha256 })),
    ...model.saes.flatMap(({ path, bytes, sha256, cfg }) => [
      { path: below(path), bytes, sha256 },
      ...(cfg === undefined ? [] : [{ path: below(cfg), bytes: null, sha256: null }]),
    ]),
    { path: `${model.folder}manifest.json`, bytes: null, sha256: null },
  ];
}

/**
 * All dashboards of a model: manifest, indexes, shards. None where the site has none.
 * @param fetchBytes a file below the site; null where there is none
 */
export async function filesOfDashboards(
  model: string,
  fetchBytes: (path: string) => Promise<Uint8Array | null>,
): Promise<readonly KeepableFile[]> {
  // How dashboards are stored is not part of what every page loads.
  const { decodeIndex, manifestPath, parseDashboardsManifest } = await import('../../core/dashboards/files.ts');
  const path = manifestPath(model);
  const found = await fetchBytes(path);
  if (found === null) return [];
  const manifest = parseDashboardsManifest(JSON.parse(new TextDecoder().decode(found)));
  const files: KeepableFile[] = [{ path, bytes: null, sha256: null }];
  if (manifest.tokens) files.push({ ...manifest.tokens, asData: true });
  for (const entry of manifest.saes) {
    files.push({ path: entry.path, bytes: entry.bytes, sha256: entry.sha256, asData: true });
    const bytes = await fetchBytes(entry.path);
    if (bytes) files.push(...decodeIndex(bytes).shards.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })));
  }
  return files;
}

/** `a/b/../c` → `a/c`. */
function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

export interface KeepOptions {
  /** Absolute URL of the site, ending in `/`. */
  readonly site: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Waited for before each download. */
  readonly pause?: () => Promise<void>;
}

/**
 * Downloads what is not there yet, one file after the other, and keeps it. A file that the page also shows as data is kept
 * under its address as well. Throws VitrineError `storage-full`, `network` or `digest-mismatch`; what was kept before stays.
 */
export async function keepFiles(files: readonly KeepableFile[], { site, signal, onProgress, pause }: KeepOptions): Promise<void> {
  const [weights, data] = await Promise.all([caches.open(FILES_CACHE), caches.open(DATA_CACHE)]);
  for (const [done, file] of files.entries()) {
    onProgress?.(done, files.length);
    signal?.throwIfAborted();
    const url = new URL(file.path, site).href;
    const key = file.sha256 === null ? null : keptAddress(site, file.sha256);
    const asData = file.asData ?? (key === null || /\.(?:json|md)$/.test(file.path));
    const missing = (key !== null && !(await weights.match(key))) || (asData && !(await data.match(url)));
    if (!missing) continue;
    await pause?.();
    const bytes = await download(url, file, signal);
    if (key !== null) await put(weights, key, bytes, null);
    if (asData) await put(data, url, bytes, typeOf(file.path));
  }
  onProgress?.(files.length, files.length);
}

function typeOf(path: string): string {
  if (path.endsWith('.json')) return 'application/json';
  return path.endsWith('.md') ? 'text/markdown; charset=utf-8' : 'application/octet-stream';
}

async function download(url: string, { path, sha256 }: KeepableFile, signal?: AbortSignal): Promise<ArrayBuffer> {
  const response = await fetch(url, signal ? { signal } : {}).catch((cause: unknown) => {
    throw new VitrineError('network', `${path} could not be fetched`, { cause });
  });
  if (!response.ok) throw new VitrineError('network', `the server answered ${response.status} for ${path}`);
  const bytes = await response.arrayBuffer();
  if (sha256 !== null && 'subtle' in crypto && (await digest(bytes)) !== sha256)
    throw new VitrineError('digest-mismatch', `${path} is not the file that the manifest lists`);
  return bytes;
}

async function digest(bytes: ArrayBuffer): Promise<string> {
  return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (b) => b.toString(16).padStart(2, '0')).join(
    '',
  );
}

async function put(cache: Cache, key: string, bytes: ArrayBuffer, type: string | null): Promise<void> {
  const headers = { 'content-length': String(bytes.byteLength), ...(type === null ? {} : { 'content-type': type }) };
  await cache.put(key, new Response(bytes, { headers })).catch((cause: unknown) => {
    throw isQuota(cause) ? new VitrineError('storage-full', 'the browser gives this site no more room', { cause }) : cause;
  });
}

const isQuota = (error: unknown): boolean => error instanceof DOMException && error.name === 'QuotaExceededError';

/** Bytes that the browser would still give; without end where it does not say. */
export async function roomLeft(): Promise<number> {
  const { usage: used, quota } = await estimate();
  return quota === undefined ? Infinity : quota - (used ?? 0);
}

/** What the browser counts for this site, and what it would give at most; nothing where it does not say. */
export const estimate = async (): Promise<StorageEstimate> => {
  try {
    return await navigator.storage.estimate();
  } catch {
    return {};
  }
};

/** How many of these files are kept, and what the others weigh where that is listed. */
export async function missingOf(
  files: readonly KeepableFile[],
  site: string,
): Promise<{ readonly kept: number; readonly bytes: number }> {
  // Two lists, not a question for each of hundreds of files.
  const [weights, data] = await Promise.all([FILES_CACHE, DATA_CACHE].map(addressesIn));
  let [kept, bytes] = [0, 0];
  for (const file of files) {
    const found = file.sha256 ? weights?.has(keptAddress(site, file.sha256)) : data?.has(new URL(file.path, site).href);
    if (found === true) kept++;
    else bytes += file.bytes ?? 0;
  }
  return { kept, bytes };
}

async function addressesIn(name: string): Promise<ReadonlySet<string>> {
  const requests = await (await caches.open(name)).keys();
  return new Set(requests.map(({ url }) => url));
}
