import { VitrineError } from '../../core/protocol/errors.ts';
import { disposeMatrix, linear, matrixBytes, readMany, tf, topKRows } from '../kernels/index.ts';
import { encoderMatrix, gated, type SaeArchitecture } from './architecture.ts';

/**
 * The k largest entries of p = x W_enc + b_enc stay, then ReLU: fewer than k features where fewer are positive.
 * Ties go to the lower index. Source: arXiv 2406.04093; inference as in SAELens' `TopKSAE`.
 */
export const topk: SaeArchitecture = {
  name: 'topk',
  async load(loader, config) {
    const k = config.k ?? 0;
    if (k < 1 || k > config.dSae) throw new VitrineError('bad-file', `cfg.json: k = ${k} of ${config.dSae} features`);
    const wEncT = await encoderMatrix(loader, config);
    const bEnc = await loader.vector('b_enc', config.dSae);
    return {
      async sparse(x) {
        const { values, indices } = tf.tidy(() => topKRows(linear(x, wEncT, bEnc) as tf.Tensor2D, k));
        const [v = new Float32Array(0), i = new Int32Array(0)] = await readMany([values, indices]);
        tf.dispose([values, indices]);
        const rows = Array.from({ length: x.shape[0] }, (_, row) =>
          Array.from({ length: k }, (_, rank) => ({ id: i[row * k + rank] ?? 0, value: v[row * k + rank] ?? 0 }))
            .filter(({ value }) => value > 0)
            .sort((a, b) => a.id - b.id),
        );
        return {
          indices: rows.map((row) => Int32Array.from(row, ({ id }) => id)),
          values: rows.map((row) => Float32Array.from(row, ({ value }) => value)),
        };
      },
      dense: (x) => gated(linear(x, wEncT, bEnc), (p) => topMask(p as tf.Tensor2D, k)) as tf.Tensor2D,
      wEncT,
      bEnc,
      bytes: () => matrixBytes(wEncT) + bEnc.size * 4,
      dispose: () => {
        disposeMatrix(wEncT);
        bEnc.dispose();
      },
    };
  },
};

/** 1 at the k largest entries of each row, 0 elsewhere. */
function topMask(p: tf.Tensor2D, k: number): tf.Tensor {
  const [t, n] = p.shape;
  const { indices } = topKRows(p, k);
  const rows = tf.mul(tf.range(0, t, 1, 'int32'), tf.scalar(n, 'int32'));
  const flat = tf.reshape(tf.add(indices, tf.expandDims(rows, 1)), [t * k, 1]);
  return tf.reshape(tf.scatterND(flat, tf.ones([t * k]), [t * n]), [t, n]);
}
