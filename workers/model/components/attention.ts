import type { ModelConfig } from '../../../core/model-config.ts';
import { linear, matMul, tf, type Tensor } from '../../kernels/index.ts';
import type { Hooks } from '../hook-run.ts';
import type { KvLayer } from '../kv-cache.ts';
import type { BlockWeights, Linear } from '../weights.ts';
import { norm } from './norm.ts';
import { rotate, type RotaryTables } from './rotary.ts';
import { softcap } from './softcap.ts';

/** Score of a pair that may not attend. TransformerLens has −∞ here; a finite number keeps every backend and gradient finite. */
export const MASKED = -1e9;

export interface AttentionContext {
  readonly config: ModelConfig;
  readonly hooks: Hooks;
  readonly layer: number;
  /** 1 where query may see key in this layer, else 0: [batch or 1, 1, query, key]. */
  readonly allowed: Tensor;
  /** Of this layer. */
  readonly rotary: RotaryTables | null;
  /** Keys and values of earlier positions, to which those of this pass are added; null: there are none, and none are kept. */
  readonly kv: KvLayer | null;
}

/**
 * Causal self-attention, grouped-query where there are fewer key/value heads.
 * @param residual the block's input, for the split inputs
 * @param normed   the same after the first norm
 */
export function attention(residual: Tensor, normed: Tensor, block: BlockWeights, ctx: AttentionContext): Tensor {
  const { config, hooks, layer } = ctx;
  const { nHeads, nKvHeads, dHead, attentionDivisor } = config;
  const normHeard = hooks.wants('ln1_scale', layer) || hooks.wants('ln1_normalized', layer);
  const project = (input: 'q_input' | 'k_input' | 'v_input', w: Linear, heads: number): Tensor => {
    const together = (): Tensor => tf.reshape(linear(normed, w.w, w.b ?? undefined), [...normed.shape.slice(0, 2), heads, dHead]);
    if (!hooks.wants(input, layer)) return together();
    const copies = copyPerHead(residual, heads);
    const apart = splitProject(hooks.at(input, layer, copies), w, heads, block, config);
    // Where somebody listens at the norm too, its path stays, and the copies add what an edit of them changes: else an
    // edit of the norm would be lost as soon as a copy is captured, and the norm would have no gradient.
    return normHeard ? tf.add(together(), tf.sub(apart, splitProject(copies, w, heads, block, config))) : apart;
  };
  const q = hooks.at('q', layer, project('q_input', block.attn.q, nHeads));
  const k = hooks.at('k', layer, project('k_input', block.attn.k, nKvHeads));
  const v = hooks.at('v', layer, project('v_input', block.attn.v, nKvHeads));
  const { qNorm, kNorm } = block.attn;
  const normedQ = qNorm ? norm(q, qNorm, config) : q;
  const normedK = kNorm ? norm(k, kNorm, config) : k;
  const turnedQ = ctx.rotary ? hooks.at('rot_q', layer, rotate(normedQ, ctx.rotary)) : normedQ;
  const turnedK = ctx.rotary ? hooks.at('rot_k', layer, rotate(normedK, ctx.rotary)) : normedK;
  const kv = ctx.kv ? ctx.kv.append({ k: turnedK, v }) : { k: turnedK, v };

  const group = nHeads / nKvHeads;
  const [batch = 1, queries = 0] = turnedQ.shape;
  const keys = kv.k.shape[1] ?? 0;
  const flat = (x: Tensor, length: number): Tensor => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * nHeads, length, dHead]);
  const raw = matMul(flat(turnedQ, queries), flat(repeatHeads(kv.k, group), keys), false, true);
  const scaled = softcap(tf.reshape(tf.div(raw, attentionDivisor), [batch, nHeads, queries, keys]), config.attentionSoftcap);
  const masked = tf.add(tf.mul(scaled, ctx.allowed), tf.mul(tf.sub(1, ctx.allowed), MASKED));
  const scores = hooks.at('attn_scores', layer, masked);
  // A query with no key left attends to nothing, instead of equally to all.
  const pattern = hooks.at('pattern', layer, tf.mul(tf.softmax(scores, -1), tf.step(tf.sub(scores, MASKED / 2))));
  const mixed = matMul(tf.reshape(pattern, [batch * nHeads, queries, keys]), flat(repeatHeads(kv.v, group), keys));
  const z = hooks.at('z', layer, tf.transpose(tf.reshape(mixed, [batch, nHeads, queries, dHead]), [0, 2, 1, 3]));

  const { o } = block.attn;
  const written = hooks.wants('result', layer)
    ? tf.sum(hooks.at('result', layer, headResults(z, o, config)), 2)
    : linear(tf.reshape(z, [batch, queries, nHeads * dHead]), o.w);
  const all = o.b ? tf.add(written, o.b) : written;
  return hooks.at('attn_out', layer, block.ln1Post ? norm(all, block.ln1Post, config) : all);
}

/** Repeats each key/value head for the query heads that share it: [b, pos, kv, dh] → [b, pos, kv · times, dh]. */
export function repeatHeads(x: Tensor, times: number): Tensor {
  if (times === 1) return x;
  const [batch = 1, length = 0, heads = 0, width = 0] = x.shape;
  // A product with ones broadcasts; tile has no gradient beyond rank 4 and reads back on WebGPU.
  return tf.reshape(tf.mul(tf.expandDims(x, 3), tf.ones([1, 1, 1, times, 1])), [batch, length, heads * times, width]);
}

/** What each head writes: z [..., head, d_head] · W_O[head], [..., head, d_model], without b_O. */
export function headResults(z: Tensor, o: Linear, { nHeads, dHead, dModel }: ModelConfig): Tensor {
  const lead = z.shape.slice(0, -2);
  const rows = tf.reshape(z, [-1, nHeads, 1, dHead]);
  // Row h of the identity keeps head h's own slice of the concatenated input and zeros the others.
  const spread = tf.mul(rows, tf.reshape(tf.eye(nHeads), [1, nHeads, nHeads, 1]));
  return tf.reshape(linear(tf.reshape(spread, [-1, nHeads * dHead]), o.w), [...lead, nHeads, dModel]);
}

/** [batch, pos, d_model] → [batch, pos, head, d_model]. */
function copyPerHead(residual: Tensor, heads: number): Tensor {
  return tf.mul(tf.expandDims(residual, 2), tf.ones([1, 1, heads, 1]));
}

/** Each head reads its own copy of the residual stream (TransformerLens' `use_split_qkv_input`), for edits of single edges. */
function splitProject(copies: Tensor, w: Linear, heads: number, block: BlockWeights, config: ModelConfig): Tensor {
  const [batch = 1, length = 0] = copies.shape;
  const all = tf.reshape(linear(norm(copies, block.ln1, config), w.w, w.b ?? undefined), [
    batch,
    length,
    heads,
    heads,
    config.dHead,
  ]);
  return tf.sum(tf.mul(all, tf.reshape(tf.eye(heads), [1, 1, heads, heads, 1])), 3);
}
