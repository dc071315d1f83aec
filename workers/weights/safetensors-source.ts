import type { Format16 } from '../../core/files/float16.ts';
import {
  readSafetensors,
  readSafetensorsHeader,
  safeFloats,
  safeInt8,
  safetensorsHeaderEnd,
  type SafeDtype,
  type SafePlace,
  type SafeTensor,
} from '../../core/files/safetensors.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { GROUP } from '../kernels/quantize.ts';
import { rowPieces, type MatrixOptions, type RawMatrix, type WeightSource } from '../model/weights.ts';
import { MemoryFile, type RandomAccessFile } from './model-files.ts';

export interface SafetensorsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes after each part of a tensor was read. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/** Bytes of a tensor that are read at once. */
const PART_BYTES = 8 * 2 ** 20;

interface Placed extends SafePlace {
  readonly file: RandomAccessFile;
}

/**
 * Tensors of one or more safetensors files: a plain checkpoint (F32, F16, BF16), or an int8 bundle, where a matrix is
 * stored as `<name>.q8` (I8, already [out, in]) and `<name>.scale` (F32, [out, in / 32]).
 */
export class SafetensorsSource implements WeightSource {
  readonly #tensors = new Map<string, Placed>();
  readonly #options: SafetensorsOptions;

  /** @param files whole files; a name in two of them throws `bad-file` */
  constructor(files: readonly Uint8Array[], options: SafetensorsOptions = {}) {
    this.#options = options;
    for (const bytes of files) {
      const { tensors } = readSafetensors(bytes);
      const start = (tensor: SafeTensor): number => tensor.bytes.byteOffset - bytes.byteOffset;
      const places = [...tensors].map(([name, tensor]) => ({
        name,
        dtype: tensor.dtype,
        shape: tensor.shape,
        from: start(tensor),
        to: start(tensor) + tensor.bytes.length,
      }));
      this.#add(new MemoryFile('safetensors', bytes), places);
    }
  }

  /**
   * Reads the headers of a model's files, single or sharded (`…-00001-of-00003.safetensors`), and nothing of their data before
   * a tensor is asked for.
   */
  static async open(files: readonly RandomAccessFile[], options: SafetensorsOptions = {}): Promise<SafetensorsSource> {
    checkShards(files);
    const source = new SafetensorsSource([], options);
    for (const file of files) {
      const first = await file.read(0, Math.min(8, file.size), options.signal);
      const end = safetensorsHeaderEnd(first, file.size);
      source.#add(file, readSafetensorsHeader(await file.read(0, end, options.signal), file.size).tensors);
    }
    return source;
  }

  #add(file: RandomAccessFile, places: readonly SafePlace[]): void {
    for (const place of places) {
      if (this.#tensors.has(place.name)) throw new VitrineError('bad-file', `"${place.name}" is in two files`);
      this.#tensors.set(place.name, { ...place, file });
    }
  }

  has(name: string): boolean {
    return this.#tensors.has(name) || this.#tensors.has(`${name}.q8`);
  }

  async vector(name: string): Promise<Float32Array> {
    const tensor = this.#get(name);
    if (tensor.shape.length > 1) throw new VitrineError('bad-file', `"${name}" [${tensor.shape.join(', ')}] is not a vector`);
    return this.#floats(tensor, 0, count(tensor));
  }

  shape(name: string, { conv1d = false }: MatrixOptions = {}): readonly [n: number, k: number] {
    const packed = this.#tensors.get(`${name}.q8`);
    const [n, k] = twoDimensional(packed ?? this.#get(name), name);
    return conv1d && !packed ? [k, n] : [n, k];
  }

  async matrix(name: string, options: MatrixOptions = {}): Promise<RawMatrix> {
    const [n, k] = this.shape(name, options);
    if (!this.#isTurned(name, options)) return this.rows(name, 0, n);
    const raw = await this.rows(name, 0, k);
    if (raw.kind === 'grouped') throw new VitrineError('internal', `"${name}" is turned and packed`);
    const values = raw.kind === 'f32' ? transpose(raw.values, k, n) : transpose(raw.values, k, n);
    return { ...raw, n, k, values } as RawMatrix;
  }

  /** What is stored the other way round comes whole: a row of it is a column of the file. */
  async *pieces(name: string, options: MatrixOptions = {}): AsyncGenerator<RawMatrix> {
    const [n, k] = this.shape(name, options);
    if (this.#isTurned(name, options)) yield await this.matrix(name, options);
    else for (const [from, to] of rowPieces(n, k)) yield await this.rows(name, from, to);
  }

  #isTurned(name: string, { conv1d = false }: MatrixOptions): boolean {
    return conv1d && !this.#tensors.has(`${name}.q8`);
  }

  /** Rows from … to − 1 of a matrix, as the file holds them. Only these are read. */
  async rows(name: string, from: number, to: number): Promise<RawMatrix> {
    const packed = this.#tensors.get(`${name}.q8`);
    const tensor = packed ?? this.#get(name);
    const [n, k] = twoDimensional(tensor, name);
    if (!(from >= 0 && to >= from && to <= n))
      throw new VitrineError('bad-file', `"${name}" [${n}, ${k}] has no rows ${from} to ${to}`);
    if (packed) return this.#int8(name, packed, from, to);
    const format = FORMATS[tensor.dtype];
    if (format) return { n: to - from, k, kind: '16', format, values: await this.#words(tensor, from * k, to * k) };
    return { n: to - from, k, kind: 'f32', values: await this.#floats(tensor, from * k, to * k) };
  }

  /** Numbers of 16 bits from … to − 1 as they are, read part by part. */
  async #words(tensor: Placed, from: number, to: number): Promise<Uint16Array> {
    const out = new Uint8Array((to - from) * 2);
    const step = PART_BYTES / 2;
    for (let at = from; at < to; at += step) out.set(await this.#read(tensor, at, Math.min(to, at + step)), (at - from) * 2);
    return new Uint16Array(out.buffer);
  }

  async #int8(name: string, packed: Placed, from: number, to: number): Promise<RawMatrix> {
    const [n, k] = twoDimensional(packed, `${name}.q8`);
    const scale = this.#get(`${name}.scale`);
    const [rows, groups] = twoDimensional(scale, `${name}.scale`);
    if (rows !== n || groups * GROUP !== k)
      throw new VitrineError('bad-file', `"${name}.scale" [${rows}, ${groups}] does not fit "${name}.q8" [${n}, ${k}]`);
    const scales = await this.#floats(scale, from * groups, to * groups);
    const q = safeInt8({ ...packed, bytes: await this.#read(packed, from * k, to * k) }, `${name}.q8`);
    return { n: to - from, k, kind: 'grouped', bits: 8, group: GROUP, q, scales, mins: null };
  }

  /** Numbers from … to − 1 as float32, read part by part: of a large tensor, file and result are never whole in memory together. */
  async #floats(tensor: Placed, from: number, to: number): Promise<Float32Array> {
    const out = new Float32Array(to - from);
    const step = PART_BYTES / 8;
    for (let at = from; at < to; at += step) {
      const end = Math.min(to, at + step);
      out.set(safeFloats({ ...tensor, bytes: await this.#read(tensor, at, end) }, tensor.name), at - from);
    }
    return out;
  }

  async #read(tensor: Placed, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    const { signal, onRead } = this.#options;
    signal?.throwIfAborted();
    const width = (tensor.to - tensor.from) / Math.max(1, count(tensor));
    const bytes = await tensor.file.read(tensor.from + from * width, tensor.from + to * width, signal);
    onRead?.(bytes.length);
    return bytes;
  }

  #get(name: string): Placed {
    const tensor = this.#tensors.get(name);
    if (!tensor)
      throw new VitrineError('bad-file', `there is no tensor "${name}"`, {
        hint: 'The checkpoint is not complete, or of another kind of model than its config.json says.',
        detail: { tensor: name },
      });
    return tensor;
  }
}

const FORMATS: Partial<Readonly<Record<SafeDtype, Format16>>> = { F16: 'f16', BF16: 'bf16' };

/** Throws `bad-file` where names say that there are more parts than are here. */
function checkShards(files: readonly RandomAccessFile[]): void {
  const [, of] = /-\d{5,6}-of-(\d{5,6})\.safetensors$/.exec(files[0]?.name ?? '') ?? [];
  if (of === undefined || Number(of) === files.length) return;
  throw new VitrineError('bad-file', `${files[0]?.name ?? ''} is one of ${Number(of)} files; ${files.length} of them are here`, {
    hint: 'Give all files of the model together.',
  });
}

const count = ({ shape }: SafePlace): number => shape.reduce((a, b) => a * b, 1);

function twoDimensional({ shape }: SafePlace, name: string): [number, number] {
  const [n, k] = shape;
  if (n === undefined || k === undefined || shape.length !== 2)
    throw new VitrineError('bad-file', `"${name}" [${shape.join(', ')}] is not a matrix`);
  return [n, k];
}

function transpose<T extends Float32Array | Uint16Array>(values: T, rows: number, columns: number): T {
  const out = new (values.constructor as new (length: number) => T)(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c] ?? 0;
  return out;
}
