import type { JsonObject } from '../model/families/index.ts';

/** A file of which any part can be read: in memory, on this device, or on a host that answers range requests. */
export interface RandomAccessFile {
  /** File name, for messages and to tell the format. */
  readonly name: string;
  readonly size: number;
  /** Bytes from … to − 1. The caller may keep and change them. Throws `truncated`, `network`, `digest-mismatch`. */
  read(from: number, to: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
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
  /** tokenizer_config.json, with the chat template where there is one. */
  tokenizerConfig(): Promise<JsonObject | null>;
  /** What identifies the weights in provenance: SHA-256 in hex where known, else e.g. `<repository>@<commit>`. */
  readonly digest: string;
}
