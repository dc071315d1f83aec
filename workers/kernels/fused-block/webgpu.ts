import type { Tensor } from '../tf.ts';
import { emptyTensor } from '../webgpu/dispatch.ts';
import { fusedAttention } from './attention.ts';
import { placeHeads } from './heads.ts';
import { registerFusedBlock } from './index.ts';
import { fusedLinear } from './linear.ts';
import { fusedNorm } from './norm.ts';
import type { FusedContext, FusedLinear, FusedNorm, FusedWeights, KvStore } from './types.ts';

/** Largest head that fits into the attention kernel's registers and shared memory. */
const MAX_HEAD = 512;
const MAX_GROUPS = 65_535;

/**
 * A block in 10 or 11 dispatches, 2 more with post-norms: norm; q, k, v; heads placed; attention; o and residual; norm;
 * in (and gate); out and residual.
 */
export function fusedBlockWebGpu(x: Tensor, weights: FusedWeights, ctx: FusedContext): Tensor | null {
  const { config } = ctx;
  const { nHeads, nKvHeads, dHead, dModel, dMlp } = config;
  const [batch = 0, length = 0] = x.shape;
  const m = batch * length;
  const { attn, mlp } = weights;
  const normsHeadsOtherwise = attn.qNorm !== null && config.norm.kind !== 'rmsNorm';
  if (m === 0 || m > MAX_GROUPS || dHead > MAX_HEAD || normsHeadsOtherwise) return null;

  const rows = (width: number): Tensor => emptyTensor([m, width]);
  const width = (nHeads + 2 * nKvHeads) * dHead;
  const store = ctx.kv ?? temporaryStore(batch, length, nKvHeads, dHead);

  const normed = rows(dModel);
  fusedNorm(normed, x, m, weights.ln1, config);
  const qkv = rows(width);
  fusedLinear(qkv, normed, m, attn.q, { stride: width });
  fusedLinear(qkv, normed, m, attn.k, { stride: width, at: nHeads * dHead });
  fusedLinear(qkv, normed, m, attn.v, { stride: width, at: (nHeads + nKvHeads) * dHead });
  placeHeads(qkv, store, weights, ctx, length);
  const z = rows(nHeads * dHead);
  fusedAttention(z, qkv, store, ctx, length);
  const mid = write(z, m, attn.o, weights.ln1Post, ctx, x);

  const read = rows(dModel);
  fusedNorm(read, config.parallel ? x : mid, m, weights.ln2, config);
  const neurons = rows(dMlp);
  const { activation } = config.mlp;
  if (mlp.gate) {
    const up = rows(dMlp);
    fusedLinear(up, read, m, mlp.in);
    fusedLinear(neurons, read, m, mlp.gate, { activation, times: up });
  } else fusedLinear(neurons, read, m, mlp.in, { activation });
  return write(neurons, m, mlp.out, weights.ln2Post, ctx, mid, x.shape);
}

/** residual + linear(y), or residual + norm(linear(y)). */
function write(
  y: Tensor,
  m: number,
  linear: FusedLinear,
  norm: FusedNorm | null,
  { config }: FusedContext,
  residual: Tensor,
  shape: number[] = [m, config.dModel],
): Tensor {
  const out = emptyTensor(shape);
  if (!norm) {
    fusedLinear(out, y, m, linear, { plus: residual });
    return out;
  }
  const written = emptyTensor([m, config.dModel]);
  fusedLinear(written, y, m, linear);
  fusedNorm(out, written, m, norm, config, residual);
  return out;
}

function temporaryStore(batch: number, length: number, heads: number, dHead: number): KvStore {
  const make = (): Tensor => emptyTensor([batch, length, heads, dHead]);
  return { k: make(), v: make(), filled: 0 };
}

registerFusedBlock('webgpu', fusedBlockWebGpu);
