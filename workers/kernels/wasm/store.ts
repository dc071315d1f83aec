import { VitrineError } from '../../../core/protocol/errors.ts';
import type { Rows, Sink } from '../rows.ts';
import { encode16 } from '../shifted-half.ts';
import { tf } from '../tf.ts';
import type { WasmKernels } from './kernels.ts';
import { DESCRIPTOR, pack16, packedSizes, packF32, packGroups, packQuantized, padded, UNIT, type Form } from './layout.ts';
import { OP } from './program.ts';

/** A matrix in the memory of the WASM kernels, quantized as it came. */
export interface InWasm {
  readonly type: 'wasm';
  readonly kernels: WasmKernels;
  /** Address of its description, with the packed values behind it. */
  readonly at: number;
  readonly bytes: number;
  readonly n: number;
  readonly k: number;
  readonly bits: 4 | 8 | 16 | 32;
  readonly group: number;
}

/** Packs rows of [n, k] into WASM memory as they come. */
export function openInWasm(kernels: WasmKernels, like: Rows, n: number, k: number): Sink {
  const form = formOf(like);
  const { bits, group } = form;
  const sizes = packedSizes(form, n, k);
  const head = 64;
  // Kernels may read a little beyond the last column.
  const bytes = head + sizes.values + sizes.scales + sizes.mins + 512;
  const at = kernels.heap.allocate(bytes);
  const valuesAt = at + head;
  const scalesAt = valuesAt + sizes.values;
  const minsAt = scalesAt + sizes.scales;
  const addresses = [valuesAt, sizes.scales > 0 ? scalesAt : 0, sizes.mins > 0 ? minsAt : 0];
  kernels.ints(at, DESCRIPTOR).set([bits, group, n, k, ...addresses]);
  kernels.floats(at + bytes - 512, 128).fill(0);
  /** Where rows from `first` on are, of a part with so many bytes to a row. */
  const place = (part: number, perRow: number, first: number, count: number): readonly [number, number] => [
    part + first * perRow,
    (padded(count) * perRow) / 4,
  ];
  return {
    put(rows, first, count) {
      const values = place(valuesAt, (k * bits) / 8, first, count);
      if (rows.kind === 'f32') packF32(rows.values, count, k, kernels.floats(...values));
      else if (rows.kind === '16') {
        const encoded = encode16(rows.values, rows.format);
        if (!encoded) return false;
        pack16(encoded, count, k, kernels.ints(...values));
      } else {
        packQuantized(rows.q, rows.bits, count, k, kernels.ints(...values));
        const groups = k / group;
        packGroups(rows.scales, count, groups, kernels.floats(...place(scalesAt, groups * 4, first, count)));
        if (rows.mins) packGroups(rows.mins, count, groups, kernels.floats(...place(minsAt, groups * 4, first, count)));
      }
      return true;
    },
    finish: () => ({ type: 'wasm', kernels, at, bytes, n, k, bits, group }),
    dispose: () => kernels.heap.release(at),
  };
}

function formOf(rows: Rows): Form {
  if (rows.kind === 'grouped') return { bits: rows.bits, group: rows.group, mins: rows.mins !== null };
  if (rows.kind === '16') return { bits: 16, group: rows.format === 'bf16' ? 1 : 0, mins: false };
  return { bits: 32, group: 32, mins: false };
}

export function disposeInWasm(matrix: InWasm): void {
  matrix.kernels.heap.release(matrix.at);
}

interface Heaped {
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array | Int32Array;
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
}
function backend(): Heaped {
  if (tf.getBackend() !== 'wasm') throw new VitrineError('internal', 'the matrix was made on another backend');
  return tf.backend() as unknown as Heaped;
}

/** A tensor's numbers where tfjs holds them; valid until the next tensor is made. */
export function view(tensor: tf.TensorInfo): Float32Array | Int32Array {
  return backend().typedArrayFromHeap(tensor);
}
/** A new tensor of the caller's scope, with what `fill` writes. */
export function output(shape: number[], fill: (values: Float32Array) => void): tf.Tensor {
  const info = backend().makeOutput(shape, 'float32');
  fill(view(info) as Float32Array);
  return tf.engine().makeTensorFromTensorInfo(info);
}

/** Copies rows of `width` numbers between layouts with rows of `from` and of `to` numbers. */
export function copyRows(
  source: Float32Array,
  from: number,
  target: Float32Array,
  to: number,
  rows: number,
  width: number,
): void {
  if (from === to && from === width) target.set(source.subarray(0, rows * width));
  else for (let r = 0; r < rows; r++) target.set(source.subarray(r * from, r * from + width), r * to);
}

/** Puts a tensor's rows into temporary memory, rows padded to `width` with zeros. @returns the address */
export function upload(kernels: WasmKernels, tensor: tf.TensorInfo, rows: number, from: number, width: number): number {
  const at = kernels.temporary(rows * width * 4);
  const target = kernels.floats(at, rows * width);
  if (width !== from) target.fill(0);
  copyRows(view(tensor) as Float32Array, from, target, width, rows, from);
  return at;
}

/** Chunks are worth a thread's while from some 30,000 products on. */
export const unitsWorth = (k: number, rows: number): number => 30_000 / (UNIT * k * rows);

/** Scratch that a product with this matrix needs. */
export function scratchFor({ k }: Pick<InWasm, 'k'>): number {
  return Math.max(32_768, 3 * (k * 4 + k) + 1024);
}

export interface Product {
  readonly x: number;
  readonly rows: number;
  readonly y: number;
  /** Addresses, 0: none. Bias padded to eights; rest as y. */
  readonly bias?: number;
  readonly rest?: number;
  readonly together?: boolean;
  /** Numbers from one row of x to the next; default k. */
  readonly ldx?: number;
}

/** y = x Wᵀ + bias + rest, rows of y padded to eights. */
export function addProduct(matrix: InWasm, { x, rows, y, bias, rest, together, ldx }: Product): void {
  const { kernels, n, k, at } = matrix;
  kernels.needScratch(scratchFor(matrix));
  const ldy = padded(n) * 4;
  const args = [at, x, (ldx ?? k) * 4, rows, y, ldy, bias ?? 0, rest ?? 0, ldy];
  // Order of the arguments in `assembly/index.ts`: matrix, x, ldx, rows, y, ldy, bias, rest, ldrest.
  kernels.program.add(OP.multiply, padded(n) / UNIT, unitsWorth(k, rows), args, { together: together ?? false });
}

/** x Wᵀ in temporary memory, rows padded to eights: the address. Runs. */
export function productInMemory(x: tf.TensorInfo, matrix: InWasm): number {
  const { kernels, n, k } = matrix;
  const rows = x.shape[0] ?? 0;
  kernels.begin();
  const from = upload(kernels, x, rows, k, k);
  const to = kernels.temporary(rows * padded(n) * 4);
  addProduct(matrix, { x: from, rows, y: to });
  kernels.run();
  return to;
}

/** x [m, k] → x Wᵀ [m, n]. */
export function forwardInWasm(x: tf.Tensor2D, matrix: InWasm): tf.Tensor2D {
  const { kernels, n } = matrix;
  const m = x.shape[0];
  if (m === 0) return tf.zeros([0, n]);
  const y = productInMemory(x, matrix);
  return output([m, n], (to) => copyRows(kernels.floats(y, m * padded(n)), padded(n), to, n, m, n)) as tf.Tensor2D;
}

/** dy [m, n] → dy W [m, k]. */
export function backwardInWasm(dy: tf.Tensor2D, matrix: InWasm): tf.Tensor2D {
  const { kernels, n, k, at } = matrix;
  const m = dy.shape[0];
  if (m === 0) return tf.zeros([0, k]);
  const program = kernels.begin();
  kernels.needScratch(scratchFor(matrix));
  const from = upload(kernels, dy, m, n, padded(n));
  const to = kernels.temporary(m * padded(k) * 4);
  const args = [at, from, padded(n) * 4, m, to, padded(k) * 4];
  program.add(OP.transposed, padded(k) / UNIT, unitsWorth(n, m), args);
  kernels.run();
  return output([m, k], (out) => copyRows(kernels.floats(to, m * padded(k)), padded(k), out, k, m, k)) as tf.Tensor2D;
}

/** Rows of a matrix by index, dequantized. */
export function rowsInWasm(ids: tf.Tensor1D, matrix: InWasm): tf.Tensor2D {
  const { kernels, k, at } = matrix;
  const count = ids.shape[0];
  if (count === 0) return tf.zeros([0, k]);
  const program = kernels.begin();
  const from = kernels.temporary(count * 4);
  kernels.ints(from, count).set(view(ids));
  const to = kernels.temporary(count * k * 4);
  program.add(OP.gather, count, 30_000 / k, [at, from, to, k * 4, count]);
  kernels.run();
  return output([count, k], (out) => out.set(kernels.floats(to, count * k))) as tf.Tensor2D;
}
