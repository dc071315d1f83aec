import type { Quantization } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { disposeMatrix, matrixBytes, matrixFromF32, matrixFromInt8, tf, type Matrix } from '../kernels/index.ts';

/** A matrix as a file holds it, already [n, k] = [out, in]. */
export type RawMatrix =
  | { readonly n: number; readonly k: number; readonly kind: 'f32'; readonly values: Float32Array }
  | { readonly n: number; readonly k: number; readonly kind: 'int8'; readonly q: Int8Array; readonly scales: Float32Array };

/** Tensors of a checkpoint by their Hugging Face names, wherever they come from. Missing names throw `bad-file`. */
export interface WeightSource {
  has(name: string): boolean;
  vector(name: string): Float32Array;
  /** @param conv1d the checkpoint's own format holds this weight as [in, out] (GPT-2's Conv1D); the answer is [out, in] all the same */
  matrix(name: string, options?: { readonly conv1d?: boolean }): RawMatrix;
}

export interface Norm {
  readonly gain: tf.Tensor1D;
  readonly bias: tf.Tensor1D | null;
}
/** A linear map with its bias. */
export interface Linear {
  readonly w: Matrix;
  readonly b: tf.Tensor1D | null;
}
export interface BlockWeights {
  readonly ln1: Norm;
  readonly ln2: Norm;
  /** q: [nHeads · dHead, dModel]; k, v: [nKvHeads · dHead, dModel]; o: [dModel, nHeads · dHead]. Heads are contiguous rows (columns of o). */
  readonly attn: { readonly q: Linear; readonly k: Linear; readonly v: Linear; readonly o: Linear };
  /** `gate` goes through the nonlinearity; null without a gated MLP, where `in` does. */
  readonly mlp: { readonly in: Linear; readonly gate: Linear | null; readonly out: Linear };
}
/** Canonical weights: the same for every family. */
export interface ModelWeights {
  readonly embed: Matrix;
  /** Learned positions [nCtx, dModel]; null with rotary ones. */
  readonly pos: Matrix | null;
  readonly blocks: readonly BlockWeights[];
  readonly final: Norm;
  /** [dVocab, dModel]; the same object as `embed` where they are tied. */
  readonly unembed: Matrix;
}

/** Puts tensors of a source on the device in the asked quantization. */
export class WeightLoader {
  readonly #source: WeightSource;
  readonly #quantization: Quantization;
  constructor(source: WeightSource, quantization: Quantization) {
    this.#source = source;
    this.#quantization = quantization;
  }

  has(name: string): boolean {
    return this.#source.has(name);
  }

  vector(name: string, length: number): tf.Tensor1D {
    const values = this.#source.vector(name);
    if (values.length !== length) throw new VitrineError('bad-file', `${name} holds ${values.length} numbers, not ${length}`);
    return tf.keep(tf.tensor1d(values));
  }

  norm(name: string, length: number, options: { bias: boolean }): Norm {
    return { gain: this.vector(`${name}.weight`, length), bias: options.bias ? this.vector(`${name}.bias`, length) : null };
  }

  raw(name: string, n: number, k: number, conv1d = false): RawMatrix {
    const raw = this.#source.matrix(name, { conv1d });
    if (raw.n !== n || raw.k !== k)
      throw new VitrineError('bad-file', `${name} is [${raw.n}, ${raw.k}] (out, in), not [${n}, ${k}]`);
    return raw;
  }

  matrix(name: string, n: number, k: number, conv1d = false): Matrix {
    return this.upload(this.raw(name, n, k, conv1d));
  }

  /** Never quantized: for tables of which only rows are read and which are small. */
  exact(name: string, n: number, k: number): Matrix {
    const raw = this.raw(name, n, k);
    return raw.kind === 'f32' ? matrixFromF32(raw.values, n, k, 'f32') : this.upload(raw);
  }

  linear(name: string, n: number, k: number, options: { bias: boolean; conv1d?: boolean }): Linear {
    return { w: this.matrix(`${name}.weight`, n, k, options.conv1d), b: options.bias ? this.vector(`${name}.bias`, n) : null };
  }

  /** Splits rows of one matrix and its bias into linear maps of the given heights (fused QKV). */
  split(name: string, heights: readonly number[], k: number, options: { conv1d?: boolean } = {}): Linear[] {
    const total = heights.reduce((a, b) => a + b, 0);
    const raw = this.raw(`${name}.weight`, total, k, options.conv1d);
    const bias = this.#source.vector(`${name}.bias`);
    let from = 0;
    return heights.map((n) => {
      const [a, b] = [from, from + n];
      from = b;
      return { w: this.upload(rows(raw, a, b)), b: tf.keep(tf.tensor1d(bias.slice(a, b))) };
    });
  }

  upload(raw: RawMatrix): Matrix {
    return raw.kind === 'f32'
      ? matrixFromF32(raw.values, raw.n, raw.k, this.#quantization)
      : matrixFromInt8(raw.q, raw.scales, raw.n, raw.k, this.#quantization);
  }
}

function rows(raw: RawMatrix, from: number, to: number): RawMatrix {
  const n = to - from;
  if (raw.kind === 'f32') return { ...raw, n, values: raw.values.slice(from * raw.k, to * raw.k) };
  const groups = raw.scales.length / raw.n;
  return { ...raw, n, q: raw.q.slice(from * raw.k, to * raw.k), scales: raw.scales.slice(from * groups, to * groups) };
}

function parts(weights: ModelWeights): { matrices: Matrix[]; vectors: tf.Tensor1D[] } {
  const linears = weights.blocks.flatMap(({ attn, mlp }) => [
    attn.q,
    attn.k,
    attn.v,
    attn.o,
    mlp.in,
    mlp.out,
    ...(mlp.gate ? [mlp.gate] : []),
  ]);
  const norms = [...weights.blocks.flatMap((b) => [b.ln1, b.ln2]), weights.final];
  const matrices = new Set([weights.embed, weights.unembed, ...(weights.pos ? [weights.pos] : []), ...linears.map((l) => l.w)]);
  const vectors = [...linears.map((l) => l.b), ...norms.flatMap((n) => [n.gain, n.bias])].filter((v) => v !== null);
  return { matrices: [...matrices], vectors };
}

export function weightBytes(weights: ModelWeights): number {
  const { matrices, vectors } = parts(weights);
  return matrices.reduce((sum, m) => sum + matrixBytes(m), 0) + vectors.reduce((sum, v) => sum + v.size * 4, 0);
}

export function disposeWeights(weights: ModelWeights): void {
  const { matrices, vectors } = parts(weights);
  matrices.forEach(disposeMatrix);
  tf.dispose(vectors);
}
