import { VitrineError } from '../../../core/protocol/errors.ts';
import type { RandomAccessFile } from '../model-files.ts';
import { GGML_TYPES, ggmlName, type GgmlType } from './types.ts';

export type GgufValue = number | boolean | string | readonly GgufValue[];
/** Without a prototype: keys come from the file. */
export type GgufMetadata = Readonly<Record<string, GgufValue | undefined>>;

export interface GgufTensor {
  readonly name: string;
  readonly type: GgmlType;
  /** As torch has it, [out, in]: ggml's dimensions in reverse. */
  readonly shape: readonly number[];
  /** Bytes of the file. */
  readonly from: number;
  readonly to: number;
}
export interface GgufHeader {
  readonly version: number;
  readonly metadata: GgufMetadata;
  /** In the order of the file's list. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const FIRST_READ = 2 ** 20;
/** Vocabularies with merges are some 10 MB. */
const MAX_HEADER = 256 * 2 ** 20;
const MAX_KEYS = 65_536;
const MAX_TENSORS = 1_000_000;
const MAX_NESTING = 4;

/**
 * Reads a GGUF file's metadata and list of tensors, and nothing of their data. Strict: `truncated` where the file ends too
 * early, `bad-file` where it contradicts itself, `unsupported-file` for versions and types of weights that cannot be read.
 * Source: docs/gguf.md of github.com/ggml-org/ggml, versions 2 and 3.
 */
export async function readGgufHeader(file: RandomAccessFile, signal?: AbortSignal): Promise<GgufHeader> {
  for (let length = FIRST_READ; ; length *= 4) {
    const end = Math.min(length, file.size, MAX_HEADER);
    const header = parseGgufHeader(await file.read(0, end, signal), file.size, file.name);
    if (header) return header;
    if (end >= file.size)
      throw new VitrineError('truncated', `${file.name} ends within its header`, { detail: { bytes: file.size } });
    if (end >= MAX_HEADER) throw bad(file.name, `its header is longer than ${MAX_HEADER} bytes`);
  }
}

/** @returns null where the header is longer than `bytes` */
export function parseGgufHeader(bytes: Uint8Array, fileSize: number, name: string): GgufHeader | null {
  try {
    return parse(new Reader(bytes, fileSize, name));
  } catch (error) {
    if (error === MORE) return null;
    throw error;
  }
}

/** Thrown where the bytes at hand end. */
const MORE = new Error('more bytes are needed');
const bad = (name: string, what: string): VitrineError => new VitrineError('bad-file', `${name}: ${what}`);

function parse(reader: Reader): GgufHeader {
  const { file } = reader;
  if (reader.u32() !== 0x46554747) throw bad(file, 'it does not begin as GGUF files do');
  const version = reader.u32();
  if (version !== 2 && version !== 3)
    throw new VitrineError(
      'unsupported-file',
      (version & 0xffff) === 0 && version !== 0
        ? `${file} is a GGUF file for big-endian machines`
        : `${file} is GGUF of version ${version}; versions 2 and 3 can be read`,
      { hint: 'Convert the model again with a present llama.cpp, or get a newer file of it.' },
    );
  const tensorCount = reader.count('tensors', MAX_TENSORS);
  const keys = reader.count('metadata', MAX_KEYS);
  const metadata = Object.create(null) as Record<string, GgufValue>;
  for (let i = 0; i < keys; i++) {
    const key = reader.string();
    if (key in metadata) throw bad(file, `"${key}" is there twice`);
    metadata[key] = reader.value(reader.u32(), 0);
  }
  const listed: Omit<GgufTensor, 'from' | 'to'>[] = [];
  const offsets: number[] = [];
  for (let i = 0; i < tensorCount; i++) {
    listed.push(reader.tensor());
    offsets.push(reader.u64());
  }
  const alignment = metadata['general.alignment'] ?? 32;
  if (typeof alignment !== 'number' || !Number.isInteger(alignment) || alignment < 1 || alignment > 2 ** 20)
    throw bad(file, `its alignment is ${String(alignment)}`);
  const start = Math.ceil(reader.at / alignment) * alignment;
  return { version, metadata, tensors: place(listed, offsets, start, alignment, reader) };
}

/** Checks that tensors are aligned, inside the file and apart from each other. */
function place(
  listed: readonly Omit<GgufTensor, 'from' | 'to'>[],
  offsets: readonly number[],
  start: number,
  alignment: number,
  { file, fileSize }: Reader,
): Map<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>();
  listed.forEach((tensor, i) => {
    const { name, shape, type } = tensor;
    const offset = offsets[i] ?? 0;
    const from = start + offset;
    const to = from + (shape.reduce((a, b) => a * b, 1) / type.size) * type.bytes;
    if (offset % alignment !== 0) throw bad(file, `"${name}" does not begin at a multiple of ${alignment}`);
    if (to > fileSize)
      throw new VitrineError('truncated', `${file}: "${name}" ends at byte ${to} of a file of ${fileSize}`, {
        detail: { tensor: name, to, fileSize },
      });
    if (tensors.has(name)) throw bad(file, `the tensor "${name}" is there twice`);
    tensors.set(name, { ...tensor, from, to });
  });
  let end = start;
  for (const { name, from, to } of [...tensors.values()].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from < end) throw bad(file, `"${name}" overlaps another tensor`);
    end = to;
  }
  return tensors;
}

/** Bytes of one number of metadata, by GGUF's type number; 8 is text, 9 an array. */
const WIDTHS: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };

class Reader {
  readonly file: string;
  readonly fileSize: number;
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  // U+FEFF is text like any other: vocabularies have tokens that begin with it.
  readonly #text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(bytes: Uint8Array, fileSize: number, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.fileSize = fileSize;
    this.file = file;
  }

  /** Moves on by `length` bytes. @returns where they begin */
  #take(length: number): number {
    const at = this.at;
    if (at + length > this.fileSize)
      throw new VitrineError('truncated', `${this.file} ends at byte ${this.fileSize}, within its header`);
    if (at + length > this.#bytes.length) throw MORE;
    this.at = at + length;
    return at;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): number {
    const at = this.#take(8);
    const value = this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
    if (!Number.isSafeInteger(value)) throw bad(this.file, `the number at byte ${at} is absurd`);
    return value;
  }

  count(what: string, max: number): number {
    const count = this.u64();
    if (count > max) throw bad(this.file, `it says to hold ${count} ${what}`);
    return count;
  }

  string(): string {
    const length = this.u64();
    if (length > this.fileSize) throw bad(this.file, `a text at byte ${this.at} is longer than the file`);
    const at = this.#take(length);
    try {
      return this.#text.decode(this.#bytes.subarray(at, at + length));
    } catch (cause) {
      throw new VitrineError('bad-file', `${this.file}: the text at byte ${at} is not UTF-8`, { cause });
    }
  }

  value(type: number, depth: number): GgufValue {
    if (type === 8) return this.string();
    if (type !== 9) return this.#number(type);
    if (depth >= MAX_NESTING) throw bad(this.file, 'its metadata are nested too deep');
    const inner = this.u32();
    const length = this.u64();
    const least = WIDTHS[inner] ?? (inner === 8 ? 8 : 12);
    if (length * least > this.fileSize - this.at) throw bad(this.file, `an array at byte ${this.at} is longer than the file`);
    const values: GgufValue[] = [];
    for (let i = 0; i < length; i++) values.push(this.value(inner, depth + 1));
    return values;
  }

  #number(type: number): GgufValue {
    const width = WIDTHS[type];
    if (width === undefined) throw bad(this.file, `metadata of the unknown type ${type} at byte ${this.at}`);
    const at = this.#take(width);
    const view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(at);
      case 1:
        return view.getInt8(at);
      case 2:
        return view.getUint16(at, true);
      case 3:
        return view.getInt16(at, true);
      case 4:
        return view.getUint32(at, true);
      case 5:
        return view.getInt32(at, true);
      case 6:
        return view.getFloat32(at, true);
      case 7:
        return view.getUint8(at) !== 0;
      case 10:
        return Number(view.getBigUint64(at, true));
      case 11:
        return Number(view.getBigInt64(at, true));
      default:
        return view.getFloat64(at, true);
    }
  }

  tensor(): Omit<GgufTensor, 'from' | 'to'> {
    const name = this.string();
    const dimensions = this.u32();
    if (dimensions < 1 || dimensions > 4) throw bad(this.file, `"${name}" has ${dimensions} dimensions`);
    const shape: number[] = [];
    for (let i = 0; i < dimensions; i++) shape.unshift(this.u64());
    const id = this.u32();
    const type = GGML_TYPES.get(id);
    if (!type)
      throw new VitrineError(
        'unsupported-file',
        `${this.file}: "${name}" is of the type ${ggmlName(id)}, which is not supported`,
        {
          hint: `Take a file of the model with other quantization: ${[...GGML_TYPES.values()].map((t) => t.name).join(', ')} can be read.`,
          detail: { tensor: name, type: ggmlName(id) },
        },
      );
    const row = shape.at(-1) ?? 0;
    const numbers = shape.reduce((a, b) => a * b, 1);
    if (numbers < 1 || !Number.isSafeInteger(numbers * 4)) throw bad(this.file, `"${name}" [${shape.join(', ')}] is absurd`);
    if (row % type.size !== 0)
      throw bad(this.file, `rows of ${row} numbers of "${name}" are not whole blocks of ${type.size} (${type.name})`);
    return { name, type, shape };
  }
}
