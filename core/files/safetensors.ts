import { strFromU8, strToU8 } from 'fflate';
import { VitrineError } from '../protocol/errors.ts';
import { widen } from './float16.ts';

/** Bytes of one element of each dtype that the format knows. */
const SIZES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;
export type SafeDtype = keyof typeof SIZES;

/** One tensor of a file; `bytes` is a view into the file, little-endian, row-major, not necessarily aligned. */
export interface SafeTensor {
  readonly dtype: SafeDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}
export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The reference implementation's cap on the header. */
const MAX_HEADER = 100_000_000;

/** One tensor of a file by its place: bytes `from` … `to` − 1 of the whole file. */
export interface SafePlace {
  readonly name: string;
  readonly dtype: SafeDtype;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

/**
 * How long a file's header is, told by its first 8 bytes: that many bytes from the file's beginning hold it whole.
 * Throws VitrineError `truncated` or `bad-file`.
 */
export function safetensorsHeaderEnd(first: Uint8Array, fileSize: number): number {
  if (fileSize < 8 || first.length < 8)
    throw new VitrineError('truncated', `a safetensors file has at least 8 bytes, this one ${fileSize}`);
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  const headerLength = view.getUint32(0, true);
  if (view.getUint32(4, true) !== 0 || headerLength > MAX_HEADER || headerLength < 2)
    throw bad('its first 8 bytes are not the length of a header');
  if (8 + headerLength > fileSize)
    throw new VitrineError('truncated', `the header has ${headerLength} bytes, the file ${fileSize}`);
  return 8 + headerLength;
}

/**
 * Reads the header of a safetensors file as strictly as the reference implementation: tensors fill the data without gap or
 * overlap. Throws VitrineError `truncated` where the file ends too early, `bad-file` where it contradicts itself.
 * @param head the file's first `safetensorsHeaderEnd` bytes
 * @returns tensors in the order of their data
 * Source: format of github.com/huggingface/safetensors.
 */
export function readSafetensorsHeader(
  head: Uint8Array,
  fileSize: number,
): { readonly tensors: readonly SafePlace[]; readonly metadata: ReadonlyMap<string, string> } {
  const start = head.length;
  const entries = parseHeader(head.subarray(8));
  let end = 0;
  const tensors = entries.tensors.map((entry) => {
    if (entry.from !== end)
      throw bad(`"${entry.name}" ${entry.from < end ? 'overlaps another tensor' : 'leaves a gap before it'}`);
    end = entry.to;
    if (start + end > fileSize)
      throw new VitrineError('truncated', `"${entry.name}" ends at byte ${start + end} of a file of ${fileSize}`);
    return { ...entry, from: start + entry.from, to: start + entry.to };
  });
  if (start + end !== fileSize) throw bad(`${fileSize - start - end} bytes follow the last tensor`);
  return { tensors, metadata: entries.metadata };
}

/** Reads a whole file, see `readSafetensorsHeader`. */
export function readSafetensors(file: Uint8Array): SafeTensors {
  const head = file.subarray(0, safetensorsHeaderEnd(file.subarray(0, 8), file.length));
  const { tensors, metadata } = readSafetensorsHeader(head, file.length);
  return {
    tensors: new Map(tensors.map(({ name, dtype, shape, from, to }) => [name, { dtype, shape, bytes: file.subarray(from, to) }])),
    metadata,
  };
}

/** @returns tensors in the order of their data */
function parseHeader(bytes: Uint8Array): { tensors: SafePlace[]; metadata: Map<string, string> } {
  let json: unknown;
  try {
    json = JSON.parse(strFromU8(bytes));
  } catch (cause) {
    throw new VitrineError('bad-file', 'safetensors: the header is not JSON', { cause });
  }
  if (!isRecord(json)) throw bad('the header is not an object');
  const tensors: SafePlace[] = [];
  const metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(json)) {
    if (!isRecord(value)) throw bad(`"${name}" is not an object`);
    if (name !== '__metadata__') tensors.push(parseEntry(name, value));
    else
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string') throw bad(`the metadata "${key}" is not text`);
        metadata.set(key, text);
      }
  }
  tensors.sort((a, b) => a.from - b.from || a.to - b.to);
  return { tensors, metadata };
}

function parseEntry(name: string, { dtype, shape, data_offsets: offsets }: Readonly<Record<string, unknown>>): SafePlace {
  if (typeof dtype !== 'string' || !Object.hasOwn(SIZES, dtype)) throw bad(`"${name}" has the unknown dtype ${String(dtype)}`);
  if (!isCounts(shape) || shape.length > 16) throw bad(`"${name}" has no shape`);
  if (!isCounts(offsets) || offsets.length !== 2) throw bad(`"${name}" has no offsets`);
  const [from = 0, to = 0] = offsets;
  const bytes = shape.reduce((a, b) => a * b, SIZES[dtype as SafeDtype]);
  if (!Number.isSafeInteger(bytes) || to - from !== bytes)
    throw bad(`"${name}" [${shape.join(', ')}] ${dtype} does not fit its ${to - from} bytes`);
  return { name, dtype: dtype as SafeDtype, shape, from, to };
}

const bad = (what: string): VitrineError => new VitrineError('bad-file', `safetensors: ${what}`);
const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null && !Array.isArray(x);
const isCounts = (x: unknown): x is number[] => Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);

/** The numbers as float32: exact from F16 and BF16, rounded from F64. Other dtypes throw `unsupported-file`. */
export function safeFloats(tensor: SafeTensor, name: string): Float32Array {
  const { bytes, dtype } = tensor;
  const own = bytes.slice().buffer;
  switch (dtype) {
    case 'F32':
      return new Float32Array(own);
    case 'F64':
      return Float32Array.from(new Float64Array(own));
    case 'BF16':
    case 'F16':
      return widen(new Uint16Array(own), dtype === 'F16' ? 'f16' : 'bf16');
    default:
      throw new VitrineError('unsupported-file', `"${name}" holds ${dtype}, not floating-point numbers`);
  }
}

/** The numbers of an I8 tensor. */
export function safeInt8(tensor: SafeTensor, name: string): Int8Array {
  if (tensor.dtype !== 'I8') throw new VitrineError('bad-file', `"${name}" holds ${tensor.dtype}, not I8`);
  return new Int8Array(tensor.bytes.slice().buffer);
}

export interface SafeInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Int8Array | Uint8Array | Uint16Array;
  /** Of numbers of 16 bits: F16 unless told. */
  readonly dtype?: 'F16' | 'BF16';
}

/** Writes a file that every safetensors library reads; data starts at a multiple of 8 and keeps the given order. */
export function writeSafetensors(
  tensors: readonly SafeInput[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  const names = new Set(['__metadata__']);
  let at = 0;
  for (const { name, shape, data, dtype } of tensors) {
    if (names.has(name)) throw new RangeError(`two tensors are named "${name}"`);
    names.add(name);
    if (shape.reduce((a, b) => a * b, 1) !== data.length) throw new RangeError(`"${name}" does not fill [${shape.join(', ')}]`);
    header.push([name, { dtype: dtype ?? dtypeOf(data), shape, data_offsets: [at, at + data.byteLength] }]);
    at += data.byteLength;
  }
  const json = strToU8(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + length + at);
  new DataView(file.buffer).setUint32(0, length, true);
  file.fill(0x20, 8, 8 + length);
  file.set(json, 8);
  let to = 8 + length;
  for (const { data } of tensors) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), to);
    to += data.byteLength;
  }
  return file;
}

function dtypeOf(data: SafeInput['data']): SafeDtype {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof Uint16Array) return 'F16';
  return data instanceof Int8Array ? 'I8' : 'U8';
}
