import type { Matrix } from '../matrix.ts';
import { rowMajor } from '../matrix.ts';
import { tf } from '../tf.ts';
import { dispatch, emptyTensor } from '../webgpu/dispatch.ts';
import { packed, packedInputs } from '../webgpu/weights-wgsl.ts';
import { matmulFlat, matmulGradient, matmulScalar, STORE } from './shader.ts';

const WORKGROUP = 32;

/** Rows per invocation: more rows reuse each dequantized weight more often. */
export const rowsPerInvocation = (m: number): number => (m >= 8 ? 8 : m >= 4 ? 4 : 1);
const COLUMNS = 2;

function forward(x: tf.Tensor2D, matrix: Matrix): tf.Tensor2D {
  if (matrix.store.type === 'dense') return tf.matMul(x, matrix.store.wT);
  const { packing, store } = packed(matrix);
  const m = x.shape[0];
  const y = emptyTensor([m, matrix.n]) as tf.Tensor2D;
  if (m === 0) return y;
  const scalar = matrix.k % 4 !== 0;
  const rows = scalar ? 1 : rowsPerInvocation(m);
  const columns = scalar ? 1 : COLUMNS;
  dispatch({
    key: scalar ? 'matmul-scalar' : `matmul-${packing}-${rows}`,
    code: () => (scalar ? matmulScalar(STORE, 1, 0) : matmulFlat(packing, rows, columns, STORE, 1, 0)),
    outputs: [y],
    inputs: [x, ...packedInputs(store)],
    uniforms: [m, matrix.n, matrix.k, 0],
    groups: [Math.ceil(matrix.n / columns / WORKGROUP), Math.ceil(m / rows), 1],
  });
  return y;
}

function backward(dy: tf.Tensor2D, matrix: Matrix): tf.Tensor2D {
  if (matrix.store.type === 'dense') return tf.matMul(dy, rowMajor(matrix.store));
  const { packing, store } = packed(matrix);
  if (matrix.k % 4 !== 0) return tf.matMul(dy, store.words as tf.Tensor2D);
  const m = dy.shape[0];
  const dx = emptyTensor([m, matrix.k]) as tf.Tensor2D;
  if (m === 0) return dx;
  const rows = rowsPerInvocation(m);
  dispatch({
    key: `matmul-gradient-${packing}-${rows}`,
    code: () => matmulGradient(packing, rows),
    outputs: [dx],
    inputs: [dy, ...packedInputs(store)],
    uniforms: [m, matrix.n, matrix.k, 0],
    groups: [Math.ceil(matrix.k / (packing === 'int4' ? 8 : 4) / WORKGROUP), Math.ceil(m / rows), 1],
  });
  return dx;
}

/**
 * y = x Wᵀ + b, with the weights dequantized inside the matmul and accumulation in float32. Deterministic.
 * Differentiable with respect to x only (weights are frozen): dX = dY W.
 * @param x [..., k]
 * @returns [..., n]
 */
export function linear(x: tf.Tensor, matrix: Matrix, bias?: tf.Tensor1D): tf.Tensor {
  const k = x.shape[x.shape.length - 1];
  if (k !== matrix.k) throw new RangeError(`x has ${String(k)} columns, the matrix ${matrix.k}`);
  const rows = tf.reshape(x, [-1, matrix.k]);
  const multiply: Parameters<typeof tf.customGrad>[0] = (input) => ({
    value: forward(input as tf.Tensor2D, matrix),
    gradFunc: (dy: tf.Tensor) => backward(dy as tf.Tensor2D, matrix),
  });
  const product = tf.customGrad(multiply)(rows);
  const y = bias ? tf.add(product, bias) : product;
  return tf.reshape(y, [...x.shape.slice(0, -1), matrix.n]);
}

/**
 * y = x W: the same weights read the other way, as a decoder whose rows are features needs them. Differentiable with
 * respect to x only: dX = dY Wᵀ.
 * @param x [..., n]
 * @returns [..., k]
 */
export function linearTransposed(x: tf.Tensor, matrix: Matrix): tf.Tensor {
  const n = x.shape[x.shape.length - 1];
  if (n !== matrix.n) throw new RangeError(`x has ${String(n)} columns, the matrix ${matrix.n} rows`);
  const rows = tf.reshape(x, [-1, matrix.n]);
  const multiply: Parameters<typeof tf.customGrad>[0] = (input) => ({
    value: backward(input as tf.Tensor2D, matrix),
    gradFunc: (dy: tf.Tensor) => forward(dy as tf.Tensor2D, matrix),
  });
  return tf.reshape(tf.customGrad(multiply)(rows), [...x.shape.slice(0, -1), matrix.k]);
}
