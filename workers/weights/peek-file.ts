import { VitrineError } from '../../core/protocol/errors.ts';
import type { RangeRequest } from './http-request.ts';
import { checkRange, type RandomAccessFile } from './model-files.ts';
import { pieces } from './stall.ts';

export interface PeekOptions {
  readonly name: string;
  readonly size: number;
  readonly request: RangeRequest;
  readonly stallMs?: number | undefined;
}

/**
 * A file on a host of which only what is asked for is read, before anything of it is to be downloaded. A host that answers
 * with the whole file is stopped after the part. The beginning that was read is held: headers are asked for in growing parts.
 */
export class PeekFile implements RandomAccessFile {
  readonly name: string;
  readonly size: number;
  readonly #options: PeekOptions;
  #head = new Uint8Array(0);

  constructor(options: PeekOptions) {
    this.name = options.name;
    this.size = options.size;
    this.#options = options;
  }

  async read(from: number, to: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, from, to);
    if (to <= this.#head.length) return this.#head.slice(from, to);
    const out = new Uint8Array(to - from);
    const known = from < this.#head.length ? this.#head.subarray(from) : new Uint8Array(0);
    out.set(known);
    const { request, stallMs } = this.#options;
    const begin = from + known.length;
    const response = await request(begin, to, signal);
    const { bytes, length } = await readPart(response, this.name, {
      skip: response.status === 206 ? 0 : begin,
      length: to - begin,
      stallMs,
      signal,
    });
    if (length < to - begin)
      throw new VitrineError('truncated', `${this.name} ended after ${begin + length} of ${this.size} bytes`);
    out.set(bytes, known.length);
    if (from === 0) this.#head = out.slice();
    return out;
  }
}

export interface PartOptions {
  /** Bytes before the part, where the host sends the file from its beginning. */
  readonly skip: number;
  readonly length: number;
  readonly stallMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A part of what a host sends, which is stopped after it. @returns `length` bytes that came, which may be fewer */
export async function readPart(
  response: Response,
  name: string,
  { skip, length, stallMs, signal }: PartOptions,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly length: number }> {
  const out = new Uint8Array(length);
  let at = -skip;
  for await (const bytes of pieces(response, name, { stallMs, signal })) {
    const part = bytes.subarray(Math.max(0, -at), length - at);
    out.set(part, Math.max(0, at));
    at += bytes.length;
    if (at >= length) break;
  }
  return { bytes: out, length: Math.max(0, Math.min(length, at)) };
}
