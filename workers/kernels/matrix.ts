import { widen } from '../../core/files/float16.ts';
import type { Quantization } from '../../core/model-config.ts';
import { numbersIn, type Rows, type Sink } from './rows.ts';
import { dequantizeValues, GROUP, quantize, type Grouped } from './quantize.ts';
import { tf } from './tf.ts';
import { wasmKernels } from './wasm/kernels.ts';
import { disposeInWasm, openInWasm, type InWasm } from './wasm/store.ts';
import { onWebGpu } from './webgpu/dispatch.ts';
import { openPacked } from './webgpu/pack.ts';
import { shardInputs, type Packed } from './webgpu/weights-wgsl.ts';

/**
 * A weight matrix [n, k] = [out, in], as torch's Linear holds it; y = x Wᵀ. On WebGPU it stays packed and is dequantized
 * inside the matmul, and so it does in the memory of the WASM kernels; elsewhere it is dequantized to float32, which gives the
 * same numbers.
 */
export interface Matrix {
  /** What the weights were rounded to; `f32`: to nothing, also where they are held in 16 bits. `f32` also where k is not a multiple of 32. */
  readonly kind: Quantization;
  readonly n: number;
  readonly k: number;
  readonly store: Packed | Dense | InWasm;
}
export interface Dense {
  readonly type: 'dense';
  /** [k, n]: the layout in which WASM's fast path multiplies x. */
  readonly wT: tf.Tensor2D;
  /** [n, k]: for gradients and row look-ups; made when first needed. */
  w: tf.Tensor2D | null;
}

/** Makes a matrix of rows that come some at a time, so that a large one is never whole in the page's memory. */
export interface MatrixBuilder {
  /**
   * The next rows, all in one form: a multiple of eight, but for the last ones.
   * @returns false where numbers of 16 bits are beyond what kernels read (from 64 on): begin anew, with `wide`
   */
  add(rows: Rows): boolean;
  finish(): Matrix;
  /** Frees what is on the device, for a matrix that is not finished. */
  dispose(): void;
}

/**
 * Groups are taken as they are where that is what is asked for (`gguf`, or int8 from an int8 bundle); f32 is dequantized
 * exactly, everything else rounded once more from the dequantized values. Numbers of 16 bits that are not rounded stay 16 bits.
 * @param wide numbers of 16 bits are held in 32
 */
export function buildMatrix(n: number, k: number, kind: Quantization, { wide = false }: { wide?: boolean } = {}): MatrixBuilder {
  let sink: Sink | null = null;
  let is: Quantization = 'f32';
  let done = 0;
  return {
    add(rows) {
      const count = numbersIn(rows) / k;
      const scales = rows.kind === 'grouped' ? rows.scales.length * rows.group : count * k;
      if (!Number.isInteger(count) || done + count > n || scales !== count * k)
        throw new RangeError(`${count} rows after ${done} do not fit [${n}, ${k}]`);
      const rounded = round(rows, k, kind);
      is = rounded.kind === 'grouped' ? (rounded.bits === 8 ? 'int8' : 'int4') : 'f32';
      const held = holdable(rounded, k, wide);
      sink ??= openSink(held, n, k);
      if (!sink.put(held, done, count)) return false;
      done += count;
      return true;
    },
    finish() {
      if (!sink || done !== n) throw new RangeError(`${done} rows do not fill [${n}, ${k}]`);
      return { kind: is, n, k, store: sink.finish() };
    },
    dispose: () => sink?.dispose(),
  };
}

/** A matrix of rows that are all there. */
export function matrixFrom(rows: Rows, n: number, k: number, kind: Quantization): Matrix {
  if (numbersIn(rows) !== n * k) throw new RangeError(`${numbersIn(rows)} weights do not fill [${n}, ${k}]`);
  for (const wide of [false, true]) {
    const builder = buildMatrix(n, k, kind, { wide });
    if (builder.add(rows)) return builder.finish();
    builder.dispose();
  }
  throw new RangeError('float32 does not hold these weights');
}

/** @param values [n, k] row-major */
export function matrixFromF32(values: Float32Array, n: number, k: number, kind: Quantization): Matrix {
  return matrixFrom({ kind: 'f32', values }, n, k, kind);
}

/** From weights that a file holds in groups, see `buildMatrix`. */
export function matrixFromGrouped(data: Grouped, n: number, k: number, kind: Quantization): Matrix {
  return matrixFrom({ kind: 'grouped', ...data }, n, k, kind);
}

/** Rows rounded to what is asked for. */
function round(rows: Rows, k: number, kind: Quantization): Rows {
  if (rows.kind === 'grouped') {
    const plain = rows.bits === 8 && rows.group === GROUP && rows.mins === null;
    if (kind === 'gguf' || (kind === 'int8' && plain)) return rows;
  }
  const exact = kind === 'f32' || kind === 'gguf' || k % GROUP !== 0;
  if (exact) return rows.kind === 'grouped' ? { kind: 'f32', values: floats(rows) } : rows;
  return { kind: 'grouped', ...quantize(floats(rows), kind === 'int4' ? 'int4' : 'int8') };
}

/** The same numbers in a form that kernels of this backend read. */
function holdable(rows: Rows, k: number, wide: boolean): Rows {
  const packs = wasmKernels() !== null || onWebGpu();
  const asIs =
    rows.kind === 'grouped'
      ? packs && (!onWebGpu() || k % GROUP === 0)
      : rows.kind === '16'
        ? packs && !wide && k % GROUP === 0
        : true;
  return asIs ? rows : { kind: 'f32', values: floats(rows) };
}

function floats(rows: Rows): Float32Array {
  if (rows.kind === 'grouped') return dequantizeValues(rows);
  return rows.kind === '16' ? widen(rows.values, rows.format) : rows.values;
}

function openSink(rows: Rows, n: number, k: number): Sink {
  if (onWebGpu()) return openPacked(rows, n, k);
  const kernels = wasmKernels();
  return kernels ? openInWasm(kernels, rows, n, k) : openDense(n, k);
}

function openDense(n: number, k: number): Sink {
  const transposed = new Float32Array(n * k);
  return {
    put(rows, first, count) {
      const values = floats(rows);
      for (let row = 0; row < count; row++)
        for (let column = 0; column < k; column++) transposed[column * n + first + row] = values[row * k + column] ?? 0;
      return true;
    },
    finish: () => ({ type: 'dense', wT: tf.keep(tf.tensor2d(transposed, [k, n])), w: null }),
    dispose: () => undefined,
  };
}

/** The [n, k] copy of a dense matrix. */
export function rowMajor(dense: Dense): tf.Tensor2D {
  dense.w ??= tf.keep(tf.tidy(() => tf.transpose(dense.wT)));
  return dense.w;
}

export function disposeMatrix(matrix: Matrix): void {
  if (matrix.store.type === 'wasm') disposeInWasm(matrix.store);
  else if (matrix.store.type === 'packed') tf.dispose(matrix.store.shards.flatMap(shardInputs));
  else tf.dispose([matrix.store.wT, ...(matrix.store.w ? [matrix.store.w] : [])]);
}

/** Bytes on the device. */
export function matrixBytes({ store }: Matrix): number {
  if (store.type === 'wasm') return store.bytes;
  if (store.type === 'dense') return (store.wT.size + (store.w?.size ?? 0)) * 4;
  return store.shards.flatMap(shardInputs).reduce((sum, t) => sum + t.size * 4, 0);
}
