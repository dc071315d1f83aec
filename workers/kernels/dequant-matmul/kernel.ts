import type { Matrix } from '../matrix.ts';
import { rowMajor } from '../matrix.ts';
import { tf } from '../tf.ts';
import { backwardInWasm, forwardInWasm } from '../wasm/store.ts';
import { dispatch, emptyTensor } from '../webgpu/dispatch.ts';
import { packed, shardInputs } from '../webgpu/weights-wgsl.ts';
import { matmulGradient, matmulGradientScalar } from './gradient-shader.ts';
import { multiply, rowsPerInvocation } from './launch.ts';
import { STORE } from './shader.ts';

function forward(x: tf.Tensor2D, matrix: Matrix): tf.Tensor2D {
  if (matrix.store.type === 'wasm') return forwardInWasm(x, matrix.store);
  if (matrix.store.type === 'dense') return tf.matMul(x, matrix.store.wT);
  const m = x.shape[0];
  const y = emptyTensor([m, matrix.n]) as tf.Tensor2D;
  if (m > 0) multiply(x, m, matrix, STORE, [y]);
  return y;
}

function backward(dy: tf.Tensor2D, matrix: Matrix): tf.Tensor2D {
  if (matrix.store.type === 'wasm') return backwardInWasm(dy, matrix.store);
  if (matrix.store.type === 'dense') return tf.matMul(dy, rowMajor(matrix.store));
  const { packing, shards } = packed(matrix);
  const m = dy.shape[0];
  const dx = emptyTensor([m, matrix.k]) as tf.Tensor2D;
  if (m === 0) return dx;
  const scalar = matrix.k % 4 !== 0;
  const rows = scalar ? 1 : rowsPerInvocation(m);
  const wide = scalar ? 1 : packing.bits === 4 ? 8 : 4;
  for (const [i, shard] of shards.entries())
    dispatch({
      key: scalar ? 'matmul-gradient-scalar' : `matmul-gradient-${packing.name}-${rows}`,
      code: () => (scalar ? matmulGradientScalar : matmulGradient(packing, rows)),
      outputs: [dx],
      inputs: [dy, ...shardInputs(shard)],
      uniforms: [m, shard.n, matrix.k, i, shard.first, matrix.n],
      groups: [Math.ceil(matrix.k / wide / 32), Math.ceil(m / rows), 1],
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
  const times: Parameters<typeof tf.customGrad>[0] = (input) => ({
    value: forward(input as tf.Tensor2D, matrix),
    gradFunc: (dy: tf.Tensor) => backward(dy as tf.Tensor2D, matrix),
  });
  const product = tf.customGrad(times)(rows);
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
  const times: Parameters<typeof tf.customGrad>[0] = (input) => ({
    value: backward(input as tf.Tensor2D, matrix),
    gradFunc: (dy: tf.Tensor) => forward(dy as tf.Tensor2D, matrix),
  });
  return tf.reshape(tf.customGrad(times)(rows), [...x.shape.slice(0, -1), matrix.k]);
}
