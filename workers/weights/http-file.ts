import { sha256 as hasher } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { FILES_CACHE } from '../../core/files/kept.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { JsonValue } from '../../core/spec/json.ts';
import { sha256 } from './file-source.ts';
import { strongEtag, type RangeRequest } from './http-request.ts';
import { checkRange, type RandomAccessFile } from './model-files.ts';
import { pieces, STALL_MS } from './stall.ts';

/** Bytes of a chunk: what one range request asks for, and one entry of the cache holds. */
export const CHUNK_BYTES: number = 16 * 2 ** 20;
/** Chunks held in memory: readers go through a file nearly in order. */
const HELD = 4;
/** Bytes that are held at most until they are in the digest of a file that cannot be kept. */
const MAX_WAITING = 512 * 2 ** 20;
/** How often a connection may break without a byte having come in. */
const ATTEMPTS = 3;

export interface HttpFileOptions {
  /** File name, for messages and to tell the format. */
  readonly name: string;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly request: RangeRequest;
  /** SHA-256 in hex of the whole file, where known. Checked as chunks come in, in order; `verify` finishes it. */
  readonly sha256?: string | undefined;
  /** SHA-256 in hex of each chunk of `CHUNK_BYTES`, where known: checked before a byte of it is used. */
  readonly chunks?: readonly string[] | undefined;
  /** What the host calls this version of the file (its strong ETag), where known: another one is another file. */
  readonly etag?: string | undefined;
  /** A check of the whole file beside its digest: what `verify` does where it was not checked before. Throws `digest-mismatch`. */
  readonly check?: ((file: RandomAccessFile, signal?: AbortSignal) => Promise<void>) | undefined;
  /** What to do where the file is another one than was announced. */
  readonly otherwise?: string | undefined;
  /** Absolute address below which chunks are kept in the Cache API (`<key>/0`, …); must change when the content does. null: not kept. */
  readonly key: string | null;
  /** Default: the browser's, where there is one. */
  readonly caches?: CacheStorage | null | undefined;
  readonly cacheName?: string | undefined;
  /** For tests; default `CHUNK_BYTES`. */
  readonly chunkBytes?: number | undefined;
  /** Milliseconds without a byte after which the connection counts as broken. */
  readonly stallMs?: number | undefined;
}

/**
 * A file on a host, read in chunks by range requests. Chunks are kept in the Cache API where it takes them, so that a load
 * that was stopped goes on where it was; a host that answers with the whole file is read once, from its beginning.
 */
export class HttpFile implements RandomAccessFile {
  readonly name: string;
  readonly size: number;
  readonly #options: HttpFileOptions;
  readonly #chunkBytes: number;
  readonly #cache: Promise<Cache | null>;
  /** Least recently used first. */
  readonly #held = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #coming = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();
  readonly #digest = hasher.create();
  /** First chunk that is not in the digest yet. */
  #hashed = 0;
  #verified: boolean;
  #marked: Promise<void> | null = null;
  /** A chunk could not be kept. */
  #unkept = false;
  /** The host knows no ranges and nothing can be kept: what came is held. */
  #holdAll = false;
  #listener: ((bytes: number) => void) | null = null;

  constructor(options: HttpFileOptions) {
    this.name = options.name;
    this.size = options.size;
    this.#options = options;
    this.#chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
    // Digests of all chunks say as much as one of the whole.
    this.#verified = options.sha256 === undefined || options.chunks !== undefined;
    const storage = options.caches === undefined ? (globalThis as { caches?: CacheStorage }).caches : options.caches;
    this.#cache =
      storage && options.key !== null ? storage.open(options.cacheName ?? FILES_CACHE).catch(() => null) : Promise.resolve(null);
  }

  /** @param listener hears how many bytes came in, over the network or from the cache; one at a time */
  onBytes(listener: ((bytes: number) => void) | null): void {
    this.#listener = listener;
  }

  async read(from: number, to: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, from, to);
    const size = this.#chunkBytes;
    const out = new Uint8Array(to - from);
    for (let at = from; at < to;) {
      const index = Math.floor(at / size);
      const chunk = await this.#chunk(index, signal);
      const end = Math.min(to, (index + 1) * size);
      out.set(chunk.subarray(at - index * size, end - index * size), at - from);
      at = end;
    }
    return out;
  }

  /**
   * Finishes the check of the whole file's digest; chunks that were not read yet are. Does nothing where none is known.
   * Throws `digest-mismatch`, and forgets what was kept.
   */
  async verify(signal?: AbortSignal): Promise<void> {
    const count = Math.ceil(this.size / this.#chunkBytes);
    while (!(await this.#known()) && this.#hashed < count) {
      const index = this.#hashed;
      const chunk = await this.#chunk(index, signal);
      if (this.#hashed === index) await this.#hash(index, chunk);
    }
    // What waited for the digest need not be held any longer.
    while (!this.#holdAll && this.#held.size > HELD) this.#held.delete([...this.#held.keys()][0] ?? -1);
    await this.#options.check?.(this, signal).catch(async (error: unknown) => {
      if (error instanceof VitrineError && error.code === 'digest-mismatch') await this.forget();
      throw error;
    });
  }

  /** Whether there is a place to keep it, full or not. */
  async canKeep(): Promise<boolean> {
    return (await this.#cache) !== null;
  }

  /** How many bytes of it are kept: what need not be downloaded again. */
  async keptBytes(): Promise<number> {
    const count = Math.ceil(this.size / this.#chunkBytes);
    const cache = await this.#cache;
    let bytes = 0;
    if (!cache) return 0;
    for (let i = 0; i < count; i++) {
      if (await cache.match(this.#address(i)).catch(() => undefined))
        bytes += Math.min(this.#chunkBytes, this.size - i * this.#chunkBytes);
    }
    return bytes;
  }

  /** Deletes what is kept of it. */
  async forget(): Promise<void> {
    const count = Math.ceil(this.size / this.#chunkBytes);
    const cache = await this.#cache;
    this.#held.clear();
    for (const part of ['verified', ...Array(count).keys()]) await cache?.delete(this.#address(part)).catch(() => false);
  }

  async #chunk(index: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const held = this.#held.get(index);
    if (held) {
      this.#hold(index, held);
      return held;
    }
    const coming = this.#coming.get(index) ?? this.#fetch(index, signal);
    this.#coming.set(index, coming);
    try {
      return await coming;
    } finally {
      this.#coming.delete(index);
    }
  }

  async #fetch(index: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    const kept = await this.#keptChunk(index);
    if (kept) {
      this.#listener?.(kept.length);
      await this.#arrived(index, kept);
      return kept;
    }
    const chunk = await this.#download(index, signal);
    await this.#check(index, chunk);
    if (!(await this.#keep(index, chunk))) this.#unkept = true;
    await this.#arrived(index, chunk);
    return chunk;
  }

  /** Asks for a chunk; where the connection breaks, for the rest of it. */
  async #download(index: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const from = index * this.#chunkBytes;
    const to = Math.min(this.size, from + this.#chunkBytes);
    const out = new Uint8Array(to - from);
    let done = 0;
    let failures = 0;
    while (done < out.length) {
      const before = done;
      try {
        const response = await this.#options.request(from + done, to, signal);
        if (response.status === 200) return await this.#whole(response, index, signal);
        this.#checkRange(response, from + done);
        for await (const bytes of this.#pieces(response, signal)) {
          if (done + bytes.length > out.length)
            throw new VitrineError('network', `the server sent more of ${this.name} than was asked for`);
          out.set(bytes, done);
          done += bytes.length;
          this.#listener?.(bytes.length);
        }
        // A body that ends early without an error counts as a broken connection.
        if (done === before) throw new VitrineError('network', `${this.name} broke off after ${from + done} bytes`);
      } catch (error) {
        failures = done > before ? 0 : failures + 1;
        const broken = error instanceof VitrineError && error.code === 'network' && error.detail === undefined;
        if (signal?.aborted || !broken || failures >= ATTEMPTS) throw error;
      }
    }
    return out;
  }

  #pieces(response: Response, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const { etag, stallMs = STALL_MS } = this.#options;
    const now = strongEtag(response);
    if (etag !== undefined && now !== null && now !== etag)
      throw this.#another(`${this.name} was changed on its host`, { etag: now, expected: etag });
    return pieces(response, this.name, { stallMs, signal });
  }

  #another(message: string, detail: JsonValue): VitrineError {
    const hint = this.#options.otherwise;
    return new VitrineError('digest-mismatch', message, { detail, ...(hint === undefined ? {} : { hint }) });
  }

  #checkRange(response: Response, from: number): void {
    const detail = { status: response.status, file: this.name };
    if (response.status === 416) throw this.#another(`${this.name} is shorter than ${this.size} bytes on its host`, detail);
    if (response.status !== 206)
      throw new VitrineError('network', `the server answered ${response.status} for ${this.name}`, { detail });
    const told = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    if (told && (Number(told[1]) !== from || (told[2] !== '*' && Number(told[2]) !== this.size)))
      throw this.#another(`${this.name} is another file on its host: ${told[0]}, not of ${this.size} bytes`, detail);
  }

  /** The host sent the file from its beginning: all of its chunks are taken from the stream. */
  async #whole(response: Response, wanted: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const count = Math.ceil(this.size / this.#chunkBytes);
    const size = (index: number): number => Math.min(this.#chunkBytes, this.size - index * this.#chunkBytes);
    let index = 0;
    let at = 0;
    let chunk = new Uint8Array(size(0));
    let answer: Uint8Array<ArrayBuffer> | null = null;
    if (!(await this.#cache)) this.#holdAll = true;
    for await (const bytes of this.#pieces(response, signal)) {
      this.#listener?.(bytes.length);
      for (let used = 0; used < bytes.length;) {
        if (index >= count) throw this.#another(`${this.name} is longer than ${this.size} bytes`, this.size);
        const part = bytes.subarray(used, used + chunk.length - at);
        chunk.set(part, at);
        at += part.length;
        used += part.length;
        if (at < chunk.length) continue;
        await this.#check(index, chunk);
        if (!(await this.#keep(index, chunk))) this.#holdAll = true;
        await this.#arrived(index, chunk);
        if (index === wanted) answer = chunk;
        index++;
        at = 0;
        chunk = new Uint8Array(index < count ? size(index) : 0);
      }
    }
    if (index < count || !answer)
      throw new VitrineError('truncated', `${this.name} ended after ${index * this.#chunkBytes + at} of ${this.size} bytes`);
    return answer;
  }

  async #arrived(index: number, chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#hold(index, chunk);
    if (await this.#known()) return;
    let next = this.#hashed === index ? chunk : undefined;
    while (next) {
      const at = this.#hashed;
      await this.#hash(at, next);
      next = this.#held.get(at + 1);
    }
  }

  /** Nothing is left to check: no digest is known, or what is kept was checked when it came. */
  async #known(): Promise<boolean> {
    this.#marked ??= this.#kept('verified').then((mark) => void (this.#verified ||= mark !== null));
    await this.#marked;
    return this.#verified;
  }

  async #hash(index: number, chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#digest.update(chunk);
    this.#hashed = index + 1;
    if (this.#hashed < Math.ceil(this.size / this.#chunkBytes)) return;
    this.#verified = true;
    const found = bytesToHex(this.#digest.digest());
    if (found !== this.#options.sha256) {
      await this.forget();
      throw this.#another(`${this.name} is not the file that was announced`, {
        sha256: found,
        expected: this.#options.sha256 ?? null,
      });
    }
    await this.#put('verified', new Uint8Array(0));
  }

  async #check(index: number, chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    const expected = this.#options.chunks?.[index];
    if (expected === undefined || (await sha256(chunk)) === expected) return;
    throw new VitrineError('digest-mismatch', `${this.name}: chunk ${index} is not what the manifest lists`, {
      detail: { chunk: index, expected },
    });
  }

  #hold(index: number, chunk: Uint8Array<ArrayBuffer>): void {
    this.#held.delete(index);
    this.#held.set(index, chunk);
    if (this.#holdAll) return;
    for (const old of this.#held.keys()) {
      if (this.#held.size <= HELD) return;
      if (!this.#waits(old)) this.#held.delete(old);
    }
  }

  /**
   * A chunk that is kept nowhere and not in the digest yet, which takes chunks in order while tensors are read in theirs: it
   * would have to be downloaded again. Of files that are too large to be held, it is.
   */
  #waits(index: number): boolean {
    return this.#unkept && !this.#verified && index >= this.#hashed && this.#held.size * this.#chunkBytes <= MAX_WAITING;
  }

  #address(part: number | string): string {
    return `${this.#options.key ?? ''}/${part}`;
  }

  async #keptChunk(index: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const chunk = await this.#kept(index);
    if (!chunk) return null;
    const whole = chunk.length === Math.min(this.#chunkBytes, this.size - index * this.#chunkBytes);
    const ok =
      whole &&
      (await this.#check(index, chunk).then(
        () => true,
        () => false,
      ));
    if (ok) return chunk;
    await (await this.#cache)?.delete(this.#address(index)).catch(() => false);
    return null;
  }

  async #kept(part: number | string): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      const response = await (await this.#cache)?.match(this.#address(part));
      return response ? new Uint8Array(await response.arrayBuffer()) : null;
    } catch {
      return null;
    }
  }

  #keep(index: number, chunk: Uint8Array<ArrayBuffer>): Promise<boolean> {
    return this.#put(index, chunk);
  }

  /** Full storage and private windows refuse: the file is then downloaded again next time. */
  async #put(part: number | string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    try {
      const cache = await this.#cache;
      if (!cache) return false;
      await cache.put(this.#address(part), new Response(bytes, { headers: { 'content-length': String(bytes.length) } }));
      return true;
    } catch {
      return false;
    }
  }
}
