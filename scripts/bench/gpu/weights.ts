import { plainParts, type ModelConfig } from '../../../core/model-config.ts';
import { matrixFromGrouped, tf, type Matrix } from '../../../workers/kernels/index.ts';
import type { Linear, ModelWeights, Norm } from '../../../workers/model/weights.ts';

/** SmolLM2-135M's shape. */
export const SMOLLM2: ModelConfig = {
  family: 'llama',
  nLayers: 30,
  nHeads: 9,
  nKvHeads: 3,
  dModel: 576,
  dHead: 64,
  dMlp: 1536,
  dVocab: 49_152,
  nCtx: 8192,
  norm: { kind: 'rmsNorm', eps: 1e-5 },
  positional: { kind: 'rotary', base: 100_000, scaling: null, dims: 64, local: null },
  mlp: { activation: 'silu', gated: true },
  attentionDivisor: 8,
  ...plainParts(30),
  tiedEmbeddings: true,
  bosTokenId: null,
  eosTokenId: null,
};

/** A matrix as a file has it: 4 bits with minimum as Q4_1, 8 bits as Q8_0. The numbers do not matter for time. */
export function someMatrix(n: number, k: number, bits: 4 | 8): Matrix {
  const q = new Int8Array(n * k);
  for (let i = 0, state = 1; i < q.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    q[i] = state >> (bits === 4 ? 28 : 24);
  }
  const groups = (n * k) / 32;
  const scale = 2 ** -Math.round(Math.log2(Math.sqrt(k)) + bits - 1);
  const scales = new Float32Array(groups).fill(scale);
  return matrixFromGrouped({ bits, group: 32, q, scales, mins: bits === 4 ? scales.map((s) => s / 2) : null }, n, k, 'gguf');
}

export function someWeights(config: ModelConfig, bits: 4 | 8): ModelWeights {
  const norm = (n: number): Norm => ({ gain: tf.keep(tf.ones([n]) as tf.Tensor1D), bias: null });
  const linear = (n: number, k: number): Linear => ({ w: someMatrix(n, k, bits), b: null });
  const { dModel, dHead, dMlp, nHeads, nKvHeads, dVocab } = config;
  const embed = someMatrix(dVocab, dModel, bits);
  return {
    embed,
    pos: null,
    blocks: Array.from({ length: config.nLayers }, () => ({
      ln1: norm(dModel),
      ln2: norm(dModel),
      ln1Post: null,
      ln2Post: null,
      attn: {
        q: linear(nHeads * dHead, dModel),
        k: linear(nKvHeads * dHead, dModel),
        v: linear(nKvHeads * dHead, dModel),
        o: linear(dModel, nHeads * dHead),
        qNorm: null,
        kNorm: null,
      },
      mlp: { in: linear(dMlp, dModel), gate: linear(dMlp, dModel), out: linear(dModel, dMlp) },
    })),
    final: norm(dModel),
    unembed: embed,
  };
}
