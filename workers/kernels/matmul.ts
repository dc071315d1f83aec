import { tf } from './tf.ts';

/**
 * Batched a·b whose gradient never asks tfjs for a transposed matmul. That avoids two defects of tfjs 4.22 at once:
 * WebGPU's split-K program ignores `transposeB` for some shapes, and WASM multiplies transposed operands in a scalar loop.
 * Both operands are differentiable.
 */
export function matMul(a: tf.Tensor, b: tf.Tensor, transposeA = false, transposeB = false): tf.Tensor {
  const left = transposeA ? swapLast(a) : a;
  const right = transposeB ? swapLast(b) : b;
  const multiply: Parameters<typeof tf.customGrad>[0] = (...inputs) => {
    const [x, y] = inputs as tf.Tensor[];
    const save = inputs[2] as (tensors: tf.Tensor[]) => void;
    if (!x || !y) throw new Error('matMul needs two operands');
    save([x, y]);
    return { value: tf.matMul(x, y), gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradients(dy, saved) };
  };
  return tf.customGrad(multiply)(left, right);
}

function gradients(dy: tf.Tensor, [x, y]: readonly tf.Tensor[]): tf.Tensor[] {
  if (!x || !y) throw new Error('matMul kept no operands');
  return [tf.matMul(dy, swapLast(y)), tf.matMul(swapLast(x), dy)];
}

function swapLast(x: tf.Tensor): tf.Tensor {
  const order = x.shape.map((_, i) => i);
  const last = order.length - 1;
  [order[last], order[last - 1]] = [last - 1, last];
  return tf.transpose(x, order);
}
