import type { Quantization } from '../../core/model-config.ts';
import { dequantizeValues, GROUP, quantize, type Grouped } from './quantize.ts';
import { tf } from './tf.ts';
import { disposeInWasm, storeF32, storeGrouped, type InWasm } from './wasm/store.ts';
import { onWebGpu } from './webgpu/dispatch.ts';
import { packDense, packGrouped } from './webgpu/pack.ts';
import { shardInputs, type Packed } from './webgpu/weights-wgsl.ts';

/**
 * A weight matrix [n, k] = [out, in], as torch's Linear holds it; y = x Wᵀ. On WebGPU it stays packed and is dequantized
 * inside the matmul, and so it does in the memory of the WASM kernels; elsewhere it is dequantized to float32, which gives the
 * same numbers.
 */
export interface Matrix {
  /** What the weights were rounded to. `f32` also where k is not a multiple of 32. */
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

/** @param values [n, k] row-major */
export function matrixFromF32(values: Float32Array, n: number, k: number, kind: Quantization): Matrix {
  if (values.length !== n * k) throw new RangeError(`${values.length} weights do not fill [${n}, ${k}]`);
  if (kind === 'f32' || kind === 'gguf' || k % GROUP !== 0) return fromDense(values, n, k);
  return fromGrouped(quantize(values, kind === 'int4' ? 'int4' : 'int8'), n, k);
}

/**
 * From weights that a file holds in groups. They are taken as they are where that is what is asked for (`gguf`, or int8 from
 * an int8 bundle); f32 is dequantized exactly, everything else rounded once more from the dequantized values.
 */
export function matrixFromGrouped(data: Grouped, n: number, k: number, kind: Quantization): Matrix {
  if (data.q.length !== n * k || data.scales.length * data.group !== data.q.length)
    throw new RangeError(`${data.q.length} weights and ${data.scales.length} scales do not fill [${n}, ${k}]`);
  const plain = data.bits === 8 && data.group === GROUP && data.mins === null;
  return kind === 'gguf' || (kind === 'int8' && plain)
    ? fromGrouped(data, n, k)
    : matrixFromF32(dequantizeValues(data), n, k, kind);
}

function fromGrouped(data: Grouped, n: number, k: number): Matrix {
  const kind = data.bits === 8 ? 'int8' : 'int4';
  const inWasm = storeGrouped(data, n, k);
  if (inWasm) return { kind, n, k, store: inWasm };
  if (!onWebGpu() || k % GROUP !== 0) return { ...fromDense(dequantizeValues(data), n, k), kind };
  return { kind, n, k, store: packGrouped(data, n, k) };
}

function fromDense(values: Float32Array, n: number, k: number): Matrix {
  if (onWebGpu()) return { kind: 'f32', n, k, store: packDense(values, n, k) };
  const inWasm = storeF32(values, n, k);
  if (inWasm) return { kind: 'f32', n, k, store: inWasm };
  const transposed = new Float32Array(values.length);
  for (let row = 0; row < n; row++)
    for (let column = 0; column < k; column++) transposed[column * n + row] = values[row * k + column] ?? 0;
  return { kind: 'f32', n, k, store: { type: 'dense', wT: tf.keep(tf.tensor2d(transposed, [k, n])), w: null } };
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
