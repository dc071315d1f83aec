import { VitrineError } from '../../core/protocol/errors.ts';
import type { BlobLike } from '../../core/protocol/messages.ts';
import type { JsonObject } from '../model/families/index.ts';

/** A file of which any part can be read: in memory, on this device, or on a host that answers range requests. */
export interface RandomAccessFile {
  /** File name, for messages and to tell the format. */
  readonly name: string;
  readonly size: number;
  /** Bytes from … to − 1. The caller may keep and change them. Throws `truncated`, `network`, `digest-mismatch`. */
  read(from: number, to: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** @param listener hears how many bytes came in, as they do; absent where reading takes no time worth telling */
  onBytes?(listener: ((bytes: number) => void) | null): void;
  /** Checks what could not be checked while it was read in parts. Throws `digest-mismatch`. */
  verify?(signal?: AbortSignal): Promise<void>;
}

/**
 * All that a model is made of, wherever it lies: a bundle of this site, a repository of the Hub, files that were dropped.
 * `load.ts` makes a `HookedModel` of it and knows nothing else of where it comes from.
 */
export interface ModelFiles {
  /** Model id, as specs name it. */
  readonly id: string;
  /** One or more safetensors files, or one GGUF file (or its splits, in order). */
  readonly weights: readonly RandomAccessFile[];
  /** config.json; null where the weights tell it themselves (GGUF). */
  config(): Promise<JsonObject | null>;
  /** tokenizer.json; null where the weights hold the vocabulary (GGUF). */
  tokenizer(): Promise<unknown>;
  /** tokenizer_config.json, with the chat template where there is one, also of a file of its own (`withChatTemplates`). */
  tokenizerConfig(): Promise<JsonObject | null>;
  /** What identifies the weights in provenance: SHA-256 in hex where known, else e.g. `<repository>@<commit>`. */
  readonly digest: string;
}

/** Bytes in memory as a file. */
export class MemoryFile implements RandomAccessFile {
  readonly name: string;
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.size = bytes.length;
    this.#bytes = bytes;
  }

  async read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, from, to);
    return this.#bytes.slice(from, to);
  }
}

/** A file of this device, as the browser hands it over: read in parts, never whole. */
export class BlobFile implements RandomAccessFile {
  readonly name: string;
  readonly size: number;
  readonly #blob: BlobLike;

  constructor(blob: BlobLike, name: string) {
    this.#blob = blob;
    this.name = name;
    this.size = blob.size;
  }

  async read(from: number, to: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    checkRange(this, from, to);
    try {
      return new Uint8Array(await this.#blob.slice(from, to).arrayBuffer());
    } catch (cause) {
      // The browser forgets a file that was moved, changed or is on a disk that is gone.
      throw new VitrineError('not-found', `${this.name} can no longer be read: drop it again`, { cause });
    }
  }
}

/** Throws `truncated` where a file does not hold what is asked for. */
export function checkRange({ name, size }: Pick<RandomAccessFile, 'name' | 'size'>, from: number, to: number): void {
  if (!(from >= 0 && to >= from && to <= size))
    throw new VitrineError('truncated', `${name} has ${size} bytes; bytes ${from} to ${to} were asked for`, {
      detail: { size, from, to },
    });
}
