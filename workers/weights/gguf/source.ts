import type { JsonObject } from '../../../core/families/index.ts';
import { widen, type Format16 } from '../../../core/files/float16.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { dequantizeValues } from '../../kernels/quantize.ts';
import { rowPieces, selectRows, type RawMatrix, type WeightSource } from '../../model/weights.ts';
import type { RandomAccessFile } from '../model-files.ts';
import { layoutOf, readBlocks, readFloats } from './blocks.ts';
import { architectureOf, ggufConfig, type Architecture } from './config.ts';
import { readGgufHeader, type GgufHeader, type GgufMetadata, type GgufTensor } from './header.ts';
import { ggufName } from './names.ts';
import type { GgmlName } from './types.ts';

export interface GgufOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes after each part of a tensor was read. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/** Bytes of a tensor that are read at once. */
const PART_BYTES = 8 * 2 ** 20;

interface Placed extends GgufTensor {
  readonly file: RandomAccessFile;
}

/**
 * The model in a GGUF file, or in its splits, as a checkpoint of its family: tensors by Hugging Face's names, with what
 * llama.cpp's converter changed changed back (rows of Llama's queries and keys, Gemma's gains, NeoX' order of q, k and v).
 * Quantized blocks are handed on in their own groups. Nothing is held but the list of tensors.
 */
export class GgufSource implements WeightSource {
  readonly metadata: GgufMetadata;
  readonly architecture: Architecture;
  /** config.json in Hugging Face's words. */
  readonly config: JsonObject;
  readonly #tensors: ReadonlyMap<string, Placed>;
  readonly #options: GgufOptions;

  private constructor(metadata: GgufMetadata, tensors: ReadonlyMap<string, Placed>, config: JsonObject, options: GgufOptions) {
    this.metadata = metadata;
    this.architecture = architectureOf(metadata);
    this.config = config;
    this.#tensors = tensors;
    this.#options = options;
  }

  /** Reads the headers. @param files one file, or all splits in any order */
  static async open(files: readonly RandomAccessFile[], options: GgufOptions = {}): Promise<GgufSource> {
    const headers: { file: RandomAccessFile; header: GgufHeader }[] = [];
    for (const file of files) headers.push({ file, header: await readGgufHeader(file, options.signal) });
    const { metadata, tensors } = join(headers);
    architectureOf(metadata);
    const rope = tensors.get('rope_freqs.weight');
    const factors = rope ? [...(await values(rope, options))] : null;
    return new GgufSource(metadata, tensors, ggufConfig({ metadata, tensors }, factors), options);
  }

  has(name: string): boolean {
    const found = ggufName(this.architecture, name);
    return found !== null && this.#tensors.has(found);
  }

  async vector(name: string): Promise<Float32Array> {
    const tensor = this.#get(name);
    if (tensor.shape.length !== 1)
      throw new VitrineError('bad-file', `"${tensor.name}" [${tensor.shape.join(', ')}] is not a vector`);
    const read = await values(tensor, this.#options);
    // Gains of Gemma are stored as they are used; its checkpoints hold gain − 1.
    if (this.architecture.startsWith('gemma') && name.endsWith('norm.weight')) return read.map((x) => x - 1);
    const order = this.#rows(name, read.length);
    return order ? Float32Array.from(order, (row) => read[row] ?? 0) : read;
  }

  /** GPT-2's converter turns its matrices round, so `conv1d` changes nothing. */
  shape(name: string): readonly [n: number, k: number] {
    const tensor = this.#get(name);
    const [n, k] = tensor.shape;
    if (n === undefined || k === undefined || tensor.shape.length !== 2)
      throw new VitrineError('bad-file', `"${tensor.name}" [${tensor.shape.join(', ')}] is not a matrix`);
    return [n, k];
  }

  async matrix(name: string): Promise<RawMatrix> {
    return this.rows(name, 0, this.shape(name)[0]);
  }

  async *pieces(name: string): AsyncGenerator<RawMatrix> {
    for (const [from, to] of rowPieces(...this.shape(name))) yield await this.rows(name, from, to);
  }

  /** Rows from … to − 1 of a matrix. Only these are read, or where the file has them in another order, all between them. */
  async rows(name: string, from: number, to: number): Promise<RawMatrix> {
    const tensor = this.#get(name);
    const [n, k] = this.shape(name);
    if (!(from >= 0 && to >= from && to <= n))
      throw new VitrineError('bad-file', `"${tensor.name}" [${tensor.shape.join(', ')}] has no rows ${from} to ${to}`);
    const order = this.#rows(name, n)?.slice(from, to);
    if (!order || order.length === 0) return readRows(tensor, from, to, k, this.#options);
    const first = order.reduce((a, b) => Math.min(a, b));
    const last = order.reduce((a, b) => Math.max(a, b));
    const raw = await readRows(tensor, first, last + 1, k, this.#options);
    return selectRows(
      raw,
      order.map((row) => row - first),
    );
  }

  #get(name: string): Placed {
    const own = ggufName(this.architecture, name);
    const tensor = own === null ? undefined : this.#tensors.get(own);
    if (!tensor)
      throw new VitrineError('bad-file', `the GGUF file lacks the tensor "${own ?? name}"`, {
        hint: 'The file is not complete, or of another kind of model than it says: get another one.',
        detail: { tensor: own ?? name },
      });
    return tensor;
  }

  /** Which row of the file each row of the checkpoint is; null where they are the same. */
  #rows(name: string, n: number): number[] | null {
    const projection = /\.(q|k)_proj\.(weight|bias)$/.exec(name);
    if (this.architecture === 'llama' && projection) {
      const heads = Number(this.config[projection[1] === 'q' ? 'num_attention_heads' : 'num_key_value_heads'] ?? 0);
      const half = n / heads / 2;
      if (!Number.isInteger(half)) throw new VitrineError('bad-file', `${n} rows of "${name}" are not ${heads} heads`);
      // Of each head, the file has pairs (j, j + half) side by side.
      return Array.from({ length: n }, (_, row) => {
        const inHead = row % (2 * half);
        return row - inHead + 2 * (inHead % half) + (inHead < half ? 0 : 1);
      });
    }
    if (this.architecture === 'gptneox' && /\.query_key_value\.(weight|bias)$/.test(name)) {
      const heads = Number(this.config['num_attention_heads'] ?? 0);
      const width = n / heads / 3;
      if (!Number.isInteger(width)) throw new VitrineError('bad-file', `${n} rows of "${name}" are not ${heads} heads`);
      // The file has all of q, then k, then v; the checkpoint has them head by head.
      return Array.from({ length: n }, (_, row) => {
        const head = Math.floor(row / (3 * width));
        const part = Math.floor(row / width) % 3;
        return (part * heads + head) * width + (row % width);
      });
    }
    return null;
  }
}

/** Puts splits together; the first one has the metadata. */
function join(parts: readonly { readonly file: RandomAccessFile; readonly header: GgufHeader }[]): {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, Placed>;
} {
  const number = (header: GgufHeader, key: string): number => Number(header.metadata[key] ?? 0);
  const sorted = [...parts].sort((a, b) => number(a.header, 'split.no') - number(b.header, 'split.no'));
  const [first] = sorted;
  if (!first) throw new VitrineError('bad-file', 'there is no GGUF file');
  const count = number(first.header, 'split.count') || 1;
  const missing = sorted.length !== count || sorted.some(({ header }, i) => count > 1 && number(header, 'split.no') !== i);
  if (missing)
    throw new VitrineError('bad-file', `${first.file.name} is one of ${count} parts; ${sorted.length} of them are here`, {
      hint: 'Give all parts of the model together.',
    });
  const tensors = new Map<string, Placed>();
  for (const { file, header } of sorted)
    for (const [name, tensor] of header.tensors) {
      if (tensors.has(name)) throw new VitrineError('bad-file', `the tensor "${name}" is in two parts`);
      tensors.set(name, { ...tensor, file });
    }
  const expected = number(first.header, 'split.tensors.count');
  if (count > 1 && expected > 0 && expected !== tensors.size)
    throw new VitrineError('bad-file', `the parts hold ${tensors.size} tensors, not ${expected}`);
  return { metadata: first.header.metadata, tensors };
}

/** All numbers of a tensor as float32. */
async function values(tensor: Placed, options: GgufOptions): Promise<Float32Array> {
  const numbers = tensor.shape.reduce((a, b) => a * b, 1);
  const raw = await readRows(tensor, 0, 1, numbers, options);
  if (raw.kind === '16') return widen(raw.values, raw.format);
  return raw.kind === 'f32' ? raw.values : dequantizeValues(raw);
}

const FORMATS: Partial<Readonly<Record<GgmlName, Format16>>> = { F16: 'f16', BF16: 'bf16' };

/** Reads rows part by part: of a large matrix, file and result are never whole in memory together. */
async function readRows(tensor: Placed, from: number, to: number, k: number, options: GgufOptions): Promise<RawMatrix> {
  const { type, file } = tensor;
  const n = to - from;
  const layout = layoutOf(type);
  const perBlock = { weights: type.size, bytes: type.bytes };
  const blocks = (n * k) / perBlock.weights;
  const first = tensor.from + ((from * k) / perBlock.weights) * perBlock.bytes;
  const step = Math.max(1, Math.floor(PART_BYTES / perBlock.bytes));
  const format = FORMATS[type.name];
  const halves = format ? new Uint8Array(n * k * 2) : null;
  const floats = layout || halves ? null : new Float32Array(n * k);
  const groups = layout && {
    kind: 'grouped' as const,
    q: new Int8Array(n * k),
    scales: new Float32Array((n * k) / layout.group),
    mins: layout.mins ? new Float32Array((n * k) / layout.group) : null,
  };
  for (let at = 0; at < blocks; at += step) {
    const end = Math.min(blocks, at + step);
    options.signal?.throwIfAborted();
    const bytes = await file.read(first + at * perBlock.bytes, first + end * perBlock.bytes, options.signal);
    const [a, b] = [at * perBlock.weights, end * perBlock.weights];
    if (halves) halves.set(bytes, a * 2);
    else if (floats) readFloats(bytes, floats.subarray(a, b));
    else if (groups && layout) {
      const [ga, gb] = [a / layout.group, b / layout.group];
      const { q, scales, mins } = groups;
      readBlocks(type, bytes, {
        kind: 'grouped',
        q: q.subarray(a, b),
        scales: scales.subarray(ga, gb),
        mins: mins && mins.subarray(ga, gb),
      });
    }
    options.onRead?.(bytes.length);
  }
  if (layout && groups) return { n, k, ...groups, bits: layout.bits, group: layout.group };
  if (halves && format) return { n, k, kind: '16', format, values: new Uint16Array(halves.buffer) };
  return { n, k, kind: 'f32', values: floats ?? new Float32Array(0) };
}
