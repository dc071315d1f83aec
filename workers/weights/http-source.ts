import { VitrineError } from '../../core/protocol/errors.ts';
import { FILES_CACHE, keptAddress } from '../../core/files/kept.ts';
import { sha256, type FileDigest, type FileSource, type LargeFile, type ReadOptions } from './file-source.ts';
import { HttpFile } from './http-file.ts';
import { plainRequest } from './http-request.ts';
import { BlobFile, type RandomAccessFile } from './model-files.ts';

export interface HttpSourceOptions {
  readonly fetch?: typeof fetch;
  /** Where copies are kept; null: nowhere. Default: the browser's Cache API, where there is one. */
  readonly caches?: CacheStorage | null;
}

/** Of a file without a digest: catalogues and manifests. */
const MAX_UNLISTED = 64 * 2 ** 20;

/**
 * Files below a URL, streamed. Files with a digest are kept in the Cache API under it and served from there; others
 * (manifests) are asked for anew each time, and served from the last copy when the network does not answer. Where the
 * cache refuses (private windows, full storage) everything works without it.
 */
export class HttpSource implements FileSource {
  readonly #base: string;
  readonly #fetch: typeof fetch;
  readonly #cache: Promise<Cache | null>;
  readonly #storage: CacheStorage | null;

  /** @param base absolute URL, ending in `/` */
  constructor(base: string, options: HttpSourceOptions = {}) {
    this.#base = base;
    this.#fetch = options.fetch ?? ((input, init): Promise<Response> => fetch(input, init));
    const storage = options.caches === undefined ? (globalThis as { caches?: CacheStorage }).caches : options.caches;
    this.#storage = storage ?? null;
    this.#cache = storage ? storage.open(FILES_CACHE).catch(() => null) : Promise.resolve(null);
  }

  async read(path: string, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const url = new URL(path, this.#base).href;
    const key = options.expect ? keptAddress(this.#base, options.expect.sha256) : url;
    if (options.expect) {
      const kept = await this.#kept(key, options.expect);
      if (kept) {
        options.onBytes?.(kept.length, kept.length);
        return kept;
      }
    }
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await this.#download(url, path, options);
    } catch (error) {
      const offline = error instanceof VitrineError && error.code === 'network' && !options.expect && !options.signal?.aborted;
      const kept = offline ? await this.#kept(key) : null;
      if (kept) return kept;
      throw error;
    }
    void this.#keep(key, bytes, options.expect);
    return bytes;
  }

  /** From what the page has kept whole, else by ranges in kept chunks. */
  async open(path: string, expect: LargeFile): Promise<RandomAccessFile> {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const key = keptAddress(this.#base, expect.sha256);
    const whole = await this.#cache.then((cache) => cache?.match(key)).catch(() => undefined);
    // The page checked it before it kept it.
    const blob = await whole?.blob().catch(() => undefined);
    if (blob?.size === expect.bytes) return new BlobFile(blob, name);
    return new HttpFile({
      name,
      size: expect.bytes,
      sha256: expect.sha256,
      chunks: expect.chunks,
      request: plainRequest(new URL(path, this.#base).href, path, { fetch: this.#fetch }),
      key,
      caches: this.#storage,
    });
  }

  async #download(url: string, path: string, { signal, onBytes, expect }: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    const init: RequestInit = { ...(signal ? { signal } : {}), ...(expect ? {} : { cache: 'no-cache' }) };
    const response = await this.#fetch(url, init).catch((cause: unknown) => {
      throw signal?.aborted ? cause : new VitrineError('network', `${path} could not be fetched`, { cause });
    });
    // Hosts of single-page sites answer with their start page where there is no such file.
    const page = response.headers.get('content-type')?.startsWith('text/html') === true && !path.endsWith('.html');
    if (response.status === 404 || response.status === 410 || page)
      throw new VitrineError('not-found', `there is no ${path}`, { detail: { url } });
    if (!response.ok)
      throw new VitrineError('network', `the server answered ${response.status} for ${path}`, {
        detail: { url, status: response.status },
      });
    if (!response.body) return new Uint8Array(await response.arrayBuffer());
    // `content-length` counts compressed bytes, so the manifest's number is the better one.
    const total = expect?.bytes ?? (Number(response.headers.get('content-length')) || null);
    const limit = expect?.bytes ?? MAX_UNLISTED;
    return collect(response.body.getReader(), { path, limit, size: expect?.bytes ?? 65_536, signal }, (done) =>
      onBytes?.(done, total),
    );
  }

  async #kept(key: string, expect?: FileDigest): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      const cache = await this.#cache;
      const response = await cache?.match(key);
      if (!response) return null;
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (!expect || (await sha256(bytes)) === expect.sha256) return bytes;
      await cache?.delete(key);
      return null;
    } catch {
      return null;
    }
  }

  async #keep(key: string, bytes: Uint8Array<ArrayBuffer>, expect?: FileDigest): Promise<void> {
    try {
      const cache = await this.#cache;
      if (!cache || (expect && (await sha256(bytes)) !== expect.sha256)) return;
      await cache.put(key, new Response(bytes, { headers: { 'content-length': String(bytes.length) } }));
    } catch {
      // Full, or a private window: the next visit downloads it again.
    }
  }
}

interface Collect {
  readonly path: string;
  /** First guess of the size. */
  readonly size: number;
  /** Bytes after which it cannot be the right file. */
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
}

/** Reads a stream into one buffer; it grows where the file turns out longer than the first guess. */
async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { path, size, limit, signal }: Collect,
  onBytes: (done: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  let buffer = new Uint8Array(size);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw signal?.aborted ? cause : new VitrineError('network', `${path} broke off after ${length} bytes`, { cause });
    });
    if (done) return length === buffer.length ? buffer : buffer.slice(0, length);
    if (length + value.length > limit) {
      await reader.cancel().catch(() => {});
      throw new VitrineError('digest-mismatch', `${path} is longer than ${limit} bytes`, { detail: { path, limit } });
    }
    if (length + value.length > buffer.length) {
      const larger = new Uint8Array(Math.max(2 * buffer.length, length + value.length));
      larger.set(buffer.subarray(0, length));
      buffer = larger;
    }
    buffer.set(value, length);
    length += value.length;
    onBytes(length);
  }
}
