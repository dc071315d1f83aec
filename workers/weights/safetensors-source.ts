import { readSafetensors, safeFloats, safeInt8, type SafeTensor } from '../../core/files/safetensors.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { GROUP } from '../kernels/quantize.ts';
import type { RawMatrix, WeightSource } from '../model/weights.ts';

/**
 * Tensors of one or more safetensors files: a plain checkpoint (F32, F16, BF16), or an int8 bundle, where a matrix is
 * stored as `<name>.q8` (I8, already [out, in]) and `<name>.scale` (F32, [out, in / 32]).
 */
export class SafetensorsSource implements WeightSource {
  readonly #tensors = new Map<string, SafeTensor>();

  /** @param files whole files; a name in two of them throws `bad-file` */
  constructor(files: readonly Uint8Array[]) {
    for (const file of files) {
      for (const [name, tensor] of readSafetensors(file).tensors) {
        if (this.#tensors.has(name)) throw new VitrineError('bad-file', `"${name}" is in two files`);
        this.#tensors.set(name, tensor);
      }
    }
  }

  has(name: string): boolean {
    return this.#tensors.has(name) || this.#tensors.has(`${name}.q8`);
  }

  async vector(name: string): Promise<Float32Array> {
    const tensor = this.#get(name);
    if (tensor.shape.length > 1) throw new VitrineError('bad-file', `"${name}" [${tensor.shape.join(', ')}] is not a vector`);
    return safeFloats(tensor, name);
  }

  async matrix(name: string, { conv1d = false }: { readonly conv1d?: boolean } = {}): Promise<RawMatrix> {
    const packed = this.#tensors.get(`${name}.q8`);
    if (packed) return this.#int8(name, packed);
    const tensor = this.#get(name);
    const [rows, columns] = twoDimensional(tensor, name);
    const values = safeFloats(tensor, name);
    if (!conv1d) return { n: rows, k: columns, kind: 'f32', values };
    return { n: columns, k: rows, kind: 'f32', values: transpose(values, rows, columns) };
  }

  #int8(name: string, packed: SafeTensor): RawMatrix {
    const [n, k] = twoDimensional(packed, `${name}.q8`);
    const scale = this.#get(`${name}.scale`);
    const [rows, groups] = twoDimensional(scale, `${name}.scale`);
    if (rows !== n || groups * GROUP !== k)
      throw new VitrineError('bad-file', `"${name}.scale" [${rows}, ${groups}] does not fit "${name}.q8" [${n}, ${k}]`);
    const scales = safeFloats(scale, `${name}.scale`);
    return { n, k, kind: 'grouped', bits: 8, group: GROUP, q: safeInt8(packed, `${name}.q8`), scales, mins: null };
  }

  #get(name: string): SafeTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new VitrineError('bad-file', `there is no tensor "${name}"`);
    return tensor;
  }
}

function twoDimensional({ shape }: SafeTensor, name: string): [number, number] {
  const [n, k] = shape;
  if (n === undefined || k === undefined || shape.length !== 2)
    throw new VitrineError('bad-file', `"${name}" [${shape.join(', ')}] is not a matrix`);
  return [n, k];
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c] ?? 0;
  return out;
}
