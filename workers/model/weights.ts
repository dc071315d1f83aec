import type { Quantization } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { buildMatrix, disposeMatrix, matrixBytes, matrixFrom, tf, type Matrix, type Rows } from '../kernels/index.ts';

/** A matrix, or some rows of one, as a file holds it, already [n, k] = [out, in]. */
export type RawMatrix = { readonly n: number; readonly k: number } & Rows;

/** Numbers of a matrix that are in the page's memory at once while it is loaded: 8 MiB of float32. */
const PIECE_NUMBERS = 2 * 2 ** 20;

/** Rows that are read at once: a multiple of eight, as `MatrixBuilder` wants it. */
export function* rowPieces(n: number, k: number): Generator<readonly [from: number, to: number]> {
  const step = Math.max(8, Math.floor(PIECE_NUMBERS / k / 8) * 8);
  for (let from = 0; from < n; from += step) yield [from, Math.min(n, from + step)];
}

/**
 * Tensors of a checkpoint by their Hugging Face names, wherever they come from. What is read is the caller's, so that a
 * large file need never be whole in memory. Missing names throw `bad-file`.
 */
export interface WeightSource {
  has(name: string): boolean;
  vector(name: string): Promise<Float32Array>;
  /** [n, k] of a matrix, before anything of it is read. */
  shape(name: string, options?: MatrixOptions): readonly [n: number, k: number];
  matrix(name: string, options?: MatrixOptions): Promise<RawMatrix>;
  /** The same some rows at a time, in order; see `rowPieces`. All at once where that is the only way. */
  pieces(name: string, options?: MatrixOptions): AsyncGenerator<RawMatrix>;
}
export interface MatrixOptions {
  /** The checkpoint's own format holds this weight as [in, out] (GPT-2's Conv1D); the answer is [out, in] all the same. */
  readonly conv1d?: boolean;
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
  /** Of what attention and MLP write; null unless `config.postNorms`. */
  readonly ln1Post: Norm | null;
  readonly ln2Post: Norm | null;
  /**
   * q: [nHeads · dHead, dModel]; k, v: [nKvHeads · dHead, dModel]; o: [dModel, nHeads · dHead]. Heads are contiguous rows
   * (columns of o). qNorm, kNorm: gains over d_head, null unless `config.qkNorm`. A gain of Gemma is 1 + its checkpoint's.
   */
  readonly attn: {
    readonly q: Linear;
    readonly k: Linear;
    readonly v: Linear;
    readonly o: Linear;
    readonly qNorm: Norm | null;
    readonly kNorm: Norm | null;
  };
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
  readonly #checkpoint: () => Promise<void>;
  readonly #matrices: Matrix[] = [];
  readonly #vectors: tf.Tensor1D[] = [];
  /** @param checkpoint awaited before each tensor: lets messages in, throws when the load was cancelled */
  constructor(source: WeightSource, quantization: Quantization, checkpoint: () => Promise<void> = () => Promise.resolve()) {
    this.#source = source;
    this.#quantization = quantization;
    this.#checkpoint = checkpoint;
  }

  has(name: string): boolean {
    return this.#source.has(name);
  }

  /** @param plus added to every number: Gemma's norms hold gain − 1 */
  async vector(name: string, length: number, plus = 0): Promise<tf.Tensor1D> {
    await this.#checkpoint();
    const values = await this.#source.vector(name);
    if (values.length !== length) throw new VitrineError('bad-file', `${name} holds ${values.length} numbers, not ${length}`);
    return this.#keep(plus === 0 ? values : values.map((x) => x + plus));
  }

  async norm(name: string, length: number, options: { bias: boolean; plus?: number }): Promise<Norm> {
    return {
      gain: await this.vector(`${name}.weight`, length, options.plus),
      bias: options.bias ? await this.vector(`${name}.bias`, length) : null,
    };
  }

  /** Throws `bad-file` where a matrix is not [n, k]. */
  #check(name: string, n: number, k: number, options: MatrixOptions): void {
    const [rows, columns] = this.#source.shape(name, options);
    if (rows !== n || columns !== k)
      throw new VitrineError('bad-file', `${name} is [${rows}, ${columns}] (out, in), not [${n}, ${k}]`);
  }

  /** Reads a matrix and puts it on the device some rows at a time, so that it is never whole in the page's memory. */
  async matrix(
    name: string,
    n: number,
    k: number,
    conv1d = false,
    quantization: Quantization = this.#quantization,
  ): Promise<Matrix> {
    await this.#checkpoint();
    this.#check(name, n, k, { conv1d });
    for (const wide of [false, true]) {
      const builder = buildMatrix(n, k, quantization, { wide });
      let fits = true;
      try {
        for await (const piece of this.#source.pieces(name, { conv1d })) {
          fits = builder.add(piece);
          if (!fits) break;
          await this.#checkpoint();
        }
        if (fits) return this.#own(builder.finish());
      } catch (error) {
        builder.dispose();
        throw error;
      }
      builder.dispose();
    }
    throw new VitrineError('internal', `${name} cannot be held`);
  }

  /** As the file holds it, never rounded: for tables of which only rows are read and which are small. */
  exact(name: string, n: number, k: number): Promise<Matrix> {
    return this.matrix(name, n, k, false, 'gguf');
  }

  async linear(name: string, n: number, k: number, options: { bias: boolean; conv1d?: boolean }): Promise<Linear> {
    return {
      w: await this.matrix(`${name}.weight`, n, k, options.conv1d),
      b: options.bias ? await this.vector(`${name}.bias`, n) : null,
    };
  }

  /**
   * Splits the rows of one matrix and its bias into linear maps (fused QKV).
   * @param parts row numbers of each map, in order
   */
  async split(
    name: string,
    parts: readonly (readonly number[])[],
    k: number,
    options: { conv1d?: boolean; bias?: boolean } = {},
  ): Promise<Linear[]> {
    const total = parts.reduce((a, b) => a + b.length, 0);
    const conv1d = options.conv1d ?? false;
    await this.#checkpoint();
    this.#check(`${name}.weight`, total, k, { conv1d });
    const raw = await this.#source.matrix(`${name}.weight`, { conv1d });
    const bias = options.bias === false ? null : await this.#source.vector(`${name}.bias`);
    if (bias && bias.length !== total)
      throw new VitrineError('bad-file', `${name}.bias holds ${bias.length} numbers, not ${total}`);
    return parts.map((rows) => ({
      w: this.#own(matrixFrom(selectRows(raw, rows), rows.length, k, this.#quantization)),
      b: bias && this.#keep(Float32Array.from(rows, (row) => bias[row] ?? 0)),
    }));
  }

  /** Frees all that was put on the device so far: for a load that did not end well. */
  dispose(): void {
    this.#matrices.forEach(disposeMatrix);
    tf.dispose(this.#vectors);
  }

  #own(matrix: Matrix): Matrix {
    this.#matrices.push(matrix);
    return matrix;
  }

  #keep(values: Float32Array): tf.Tensor1D {
    const tensor = tf.keep(tf.tensor1d(values));
    this.#vectors.push(tensor);
    return tensor;
  }
}

/** Runs a load; where it fails, what it had put on the device is freed. */
export async function loadAll<T>(loader: WeightLoader, load: (loader: WeightLoader) => Promise<T>): Promise<T> {
  try {
    return await load(loader);
  } catch (error) {
    loader.dispose();
    throw error;
  }
}

/** from, …, to − 1. */
export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Some rows of a matrix, in the order asked for. */
export function selectRows(raw: RawMatrix, rows: readonly number[]): RawMatrix {
  const n = rows.length;
  const pick = <T extends Float32Array | Int8Array | Uint16Array>(from: T, width: number): T => {
    const out = new (from.constructor as new (length: number) => T)(n * width);
    rows.forEach((row, i) => out.set(from.subarray(row * width, (row + 1) * width), i * width));
    return out;
  };
  if (raw.kind === 'f32') return { ...raw, n, values: pick(raw.values, raw.k) };
  if (raw.kind === '16') return { ...raw, n, values: pick(raw.values, raw.k) };
  const groups = raw.k / raw.group;
  return {
    ...raw,
    n,
    q: pick(raw.q, raw.k),
    scales: pick(raw.scales, groups),
    mins: raw.mins && pick(raw.mins, groups),
  };
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
  const norms = [
    ...weights.blocks.flatMap((b) => [b.ln1, b.ln2, b.ln1Post, b.ln2Post, b.attn.qNorm, b.attn.kNorm]),
    weights.final,
  ].filter((n) => n !== null);
  const matrices = new Set([weights.embed, weights.unembed, ...(weights.pos ? [weights.pos] : []), ...linears.map((l) => l.w)]);
  const vectors = [...linears.map((l) => l.b), ...norms.flatMap((n) => [n.gain, n.bias])].filter((v) => v !== null);
  return { matrices: [...matrices], vectors: [...new Set(vectors)] };
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
