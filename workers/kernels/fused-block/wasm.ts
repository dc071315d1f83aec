import type { ActivationName } from '../../../core/model-config.ts';
import type { Tensor } from '../tf.ts';
import { wasmKernels, type WasmKernels } from '../wasm/kernels.ts';
import { padded, UNIT } from '../wasm/layout.ts';
import { float, OP, type Program } from '../wasm/program.ts';
import { addProduct, copyRows, output, upload, view, type InWasm } from '../wasm/store.ts';
import type { FusedContext, FusedLinear, FusedNorm, FusedWeights } from './types.ts';
import { allInWasm, cacheAt, vectorAt, writeBack } from './wasm-memory.ts';

const ACTIVATIONS: Readonly<Record<ActivationName, number>> = { gelu_new: 0, gelu: 1, silu: 2, relu: 3 };
/** Rows of a position-wise operation that are worth a thread's while. */
const ROWS = 4;

/** What the steps of one block share. All rows are padded to eights. */
interface Step {
  readonly kernels: WasmKernels;
  readonly program: Program;
  readonly ctx: FusedContext;
  readonly rows: number;
  readonly length: number;
}

/** A whole block in one program of the WASM kernels; see `FusedBlock`. */
export function wasmBlock(x: Tensor, weights: FusedWeights, ctx: FusedContext): Tensor | null {
  const kernels = wasmKernels();
  const { config, kv, offset } = ctx;
  const [batch = 1, length = 0] = x.shape;
  if (!kernels || length === 0 || ctx.lengths.length !== batch || !allInWasm(weights, kernels)) return null;
  if (kv && kv.filled !== offset) return null;
  // Norms of heads are RMS norms without bias in all families that have them.
  if (config.qkNorm && (config.norm.kind !== 'rmsNorm' || weights.attn.qNorm?.bias || weights.attn.kNorm?.bias)) return null;

  // Copies that are kept are made before temporary memory is handed out.
  const copy = kv ? cacheAt(kernels, kv) : null;
  const program = kernels.begin();
  const rows = batch * length;
  const step: Step = { kernels, program, ctx, rows, length };
  const { dModel } = config;
  const width = padded(dModel);
  const input = upload(kernels, x, rows, dModel, width);

  const normed = addNorm(step, input, weights.ln1, dModel);
  const written = addAttention(step, normed, weights, copy?.at ?? null);
  const mid = addResidual(step, written, weights.attn.o, weights.ln1Post, input);
  const mlpIn = addNorm(step, config.parallel ? input : mid, weights.ln2, dModel);
  const hidden = addHidden(step, mlpIn, weights.mlp);
  const out = addResidual(step, hidden, weights.mlp.out, weights.ln2Post, mid);
  kernels.run();
  if (kv && copy) writeBack(kernels, copy, kv, length);
  return output([batch, length, dModel], (to) => copyRows(kernels.floats(out, rows * width), width, to, dModel, rows, dModel));
}

function matrixOf({ w }: FusedLinear): InWasm {
  if (w.store.type !== 'wasm') throw new Error('the matrix was made on another backend');
  return w.store;
}

function room({ kernels, rows }: Step, width: number): number {
  return kernels.temporary(rows * padded(width) * 4);
}

/** @param rest added to what comes out, 0: nothing */
function addNorm(step: Step, x: number, { gain, bias }: FusedNorm, d: number, rest = 0): number {
  const { kernels, program, rows, ctx } = step;
  const y = room(step, d);
  const ld = padded(d) * 4;
  const { eps, kind } = ctx.config.norm;
  const centred = kind === 'layerNorm' ? 1 : 0;
  const [g, b] = [vectorAt(kernels, gain), vectorAt(kernels, bias)];
  program.add(OP.norm, rows, ROWS, [x, ld, y, ld, rows, d, g, b, float(eps), centred, rest, ld]);
  return y;
}

function addLinear(step: Step, x: number, linear: FusedLinear, options: { rest?: number; together?: boolean } = {}): number {
  const matrix = matrixOf(linear);
  const y = room(step, matrix.n);
  const bias = vectorAt(step.kernels, linear.b);
  addProduct(matrix, { x, rows: step.rows, y, bias, ldx: padded(matrix.k), ...options });
  return y;
}

/** residual + what is written, normed first where the family does. */
function addResidual(step: Step, x: number, linear: FusedLinear, post: FusedNorm | null, residual: number): number {
  if (!post) return addLinear(step, x, linear, { rest: residual });
  return addNorm(step, addLinear(step, x, linear), post, linear.w.n, residual);
}

/** z of all heads, [rows, nHeads · dHead]. @param cache addresses of keys and values, null: they are not kept */
function addAttention(step: Step, x: number, { attn }: FusedWeights, cache: readonly number[] | null): number {
  const { kernels, program, ctx, rows, length } = step;
  const { config, kv, rotary, offset, lengths, layer } = ctx;
  const { nHeads, nKvHeads, dHead } = config;
  const q = addLinear(step, x, attn.q, { together: true });
  const k = addLinear(step, x, attn.k, { together: true });
  const v = addLinear(step, x, attn.v);

  const head = dHead * 4;
  const position = nKvHeads * head;
  const batchRow = (kv ? (kv.k.shape[1] ?? 0) : length) * position;
  const [keys = 0, values = 0] = cache ?? [kernels.temporary(rows * position), kernels.temporary(rows * position)];
  const dims = rotary?.dims ?? 0;
  const [cos, sin] = rotary ? [table(kernels, rotary.cos), table(kernels, rotary.sin)] : [0, 0];
  const ldq = padded(nHeads * dHead) * 4;
  const ldk = padded(nKvHeads * dHead) * 4;
  const eps = float(config.norm.eps);
  const gains = [attn.qNorm, attn.kNorm].map((norm) => vectorAt(kernels, norm?.gain ?? null));
  const at = offset * position;
  const turn = (
    from: number,
    ld: number,
    heads: number,
    gain: number,
    turned: number,
    to: readonly number[],
    last: boolean,
  ): void =>
    program.add(OP.turn, rows, ROWS, [from, ld, rows, length, heads, dHead, gain, eps, turned, cos, sin, ...to], {
      together: !last,
    });
  turn(q, ldq, nHeads, gains[0] ?? 0, dims, [q, length * ldq, ldq, head], false);
  turn(k, ldk, nKvHeads, gains[1] ?? 0, dims, [keys + at, batchRow, position, head], false);
  turn(v, ldk, nKvHeads, 0, 0, [values + at, batchRow, position, head], true);

  const z = room(step, nHeads * dHead);
  const ends = kernels.temporary(lengths.length * 4);
  kernels.ints(ends, lengths.length).set(lengths.map((n) => offset + n));
  // Scores of one query at a time.
  kernels.needScratch((offset + length + UNIT) * 4);
  const items = lengths.length * nHeads * length;
  const scores = [float(config.attentionDivisor), float(config.attentionSoftcap ?? 0)];
  const shape = [length, nHeads, nHeads / nKvHeads, dHead];
  const strides = [batchRow, position, head];
  const window = config.windows[layer] ?? 0;
  program.add(OP.attend, items, 1, [items, q, ldq, keys, values, ...strides, z, ldq, ...shape, ...scores, offset, window, ends]);
  return z;
}

/** Cosines or sines in temporary memory. */
function table(kernels: WasmKernels, tensor: Tensor): number {
  const at = kernels.temporary(tensor.size * 4);
  kernels.floats(at, tensor.size).set(view(tensor));
  return at;
}

/** The hidden layer of the MLP after its nonlinearity, and gate. */
function addHidden(step: Step, x: number, mlp: FusedWeights['mlp']): number {
  const { program, rows, ctx } = step;
  const width = mlp.in.w.n;
  const gate = addLinear(step, x, mlp.gate ?? mlp.in, { together: mlp.gate !== null });
  const up = mlp.gate ? addLinear(step, x, mlp.in) : 0;
  const y = room(step, width);
  const eights = (rows * padded(width)) / UNIT;
  program.add(OP.gated, eights, 64, [gate, up, y, eights, ACTIVATIONS[ctx.config.mlp.activation]]);
  return y;
}
