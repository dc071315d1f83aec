import { hookName, parseHook } from '../../../core/hooks.ts';
import type { RunContext, RunOutput, Sae, Tensor } from '../../../workers/api.ts';
import type { Attribution, FeatureRows } from '../result.ts';
import { captured } from './capture.ts';

interface Comparison {
  readonly a: number;
  readonly b: number;
  readonly position: number;
}
type Component = Attribution['components'][number];

const MAX_FEATURES = 40;

/**
 * Direct logit attribution of logit(a) − logit(b) at one position: what the embedding, each head, each attention bias and
 * each MLP adds, with the final norm's scale of this run frozen. Exact for the sum (invariant I3); later layers' reactions
 * to a component are not part of it. A norm of what attention writes (Gemma) is frozen likewise; where logits are capped
 * (Gemma 2), the sum is that of logits before the cap. Source: arXiv 2211.00593; same sign as TransformerLens' `logit_attrs`.
 */
export async function attribute(
  ctx: RunContext,
  output: RunOutput,
  { a, b, position }: Comparison,
  saes: readonly Sae[],
  features: readonly FeatureRows[],
): Promise<Attribution> {
  const { tf, model } = ctx;
  const { nLayers, nHeads, dModel, dVocab, finalSoftcap } = model.config;
  const rows = tf.tidy(() => model.unembedRows([a, b]));
  const direction = tf.tidy(() => tf.sub(tf.slice(rows, [0, 0], [1, dModel]), tf.slice(rows, [1, 0], [1, dModel])));
  const at = (hook: Tensor): Tensor => tf.reshape(tf.slice(hook, [0, position, 0], [1, 1, dModel]), [1, dModel]);
  const scaleTensor = tf.tidy(() =>
    tf.reshape(tf.slice(captured(output, hookName('final_scale')), [0, position, 0], [1, 1, 1]), [1]),
  );

  const labels: Omit<Component, 'value'>[] = [{ kind: 'embed', layer: null, head: null }];
  const learned = output.cache.has(hookName('pos_embed'));
  if (learned) labels.push({ kind: 'position', layer: null, head: null });
  for (let layer = 0; layer < nLayers; layer++) {
    for (let head = 0; head < nHeads; head++) labels.push({ kind: 'head', layer, head });
    labels.push({ kind: 'attentionBias', layer, head: null }, { kind: 'mlp', layer, head: null });
  }
  const scale = (await ctx.read([scaleTensor]))[0]?.[0] ?? NaN;
  const [direct, constant, logits] = tf.tidy(() => {
    const parts = [at(captured(output, hookName('embed')))];
    if (learned) parts.push(at(captured(output, hookName('pos_embed'))));
    for (let layer = 0; layer < nLayers; layer++) {
      const z = tf.slice(captured(output, hookName('z', layer)), [0, position, 0, 0], [1, 1, nHeads, model.config.dHead]);
      const heads = tf.reshape(model.headOutput(layer, z, model.attentionScale(layer, z)), [nHeads, dModel]);
      const bias = tf.sub(at(captured(output, hookName('attn_out', layer))), tf.sum(heads, 0, true));
      parts.push(heads, bias, at(captured(output, hookName('mlp_out', layer))));
    }
    const row = tf.reshape(output.logitsOf(position, position + 1), [dVocab]);
    return [
      tf.reshape(model.directLogits(tf.concat(parts, 0), scale, direction), [-1]),
      model.directConstant(direction),
      tf.gather(row, tf.tensor1d([a, b], 'int32')),
    ] as const;
  });
  const [values, fixed, pair] = await ctx.read([direct, constant, logits]);
  tf.dispose([direct, constant, logits, rows, scaleTensor]);
  const strongest = await featureEffects(ctx, output, saes, features, position, scale, direction);
  direction.dispose();
  return {
    a: model.tokenizer.token(a),
    b: model.tokenizer.token(b),
    position,
    difference: uncapped(pair?.[0] ?? NaN, finalSoftcap) - uncapped(pair?.[1] ?? NaN, finalSoftcap),
    components: labels.map((label, i) => ({ ...label, value: values?.[i] ?? NaN })),
    constant: fixed?.[0] ?? NaN,
    features: strongest,
  };
}

/** activation × decoder row · direction, through the unembedding only. Decoder rows at hook_z go through W_O first. */
async function featureEffects(
  ctx: RunContext,
  output: RunOutput,
  saes: readonly Sae[],
  features: readonly FeatureRows[],
  position: number,
  scale: number,
  direction: Tensor,
): Promise<Attribution['features']> {
  const found: Attribution['features'][number][] = [];
  for (const [i, sae] of saes.entries()) {
    const rows = features[i];
    const address = parseHook(sae.hookName);
    if (!rows || !address) continue;
    const offsets = new Int32Array(rows.offsets.data);
    const [from = 0, to = 0] = [offsets[position], offsets[position + 1]];
    const ids = [...new Int32Array(rows.indices.data).slice(from, to)];
    const activations = new Float32Array(rows.values.data).slice(from, to);
    if (ids.length === 0) continue;
    const effect = ctx.tf.tidy(() =>
      ctx.tf.reshape(
        ctx.model.directLogits(
          intoResidual(ctx, output, position, sae.decoderRows(ids), address.site === 'z' ? address.layer : null),
          scale,
          direction,
        ),
        [-1],
      ),
    );
    const values = (await ctx.read([effect]))[0];
    effect.dispose();
    for (const [n, feature] of ids.entries())
      found.push({ sae: sae.id, feature, activation: activations[n] ?? 0, value: (values?.[n] ?? NaN) * (activations[n] ?? 0) });
  }
  return found.sort((x, y) => Math.abs(y.value) - Math.abs(x.value)).slice(0, MAX_FEATURES);
}

function intoResidual(ctx: RunContext, output: RunOutput, position: number, decoderRows: Tensor, layer: number | null): Tensor {
  if (layer === null) return decoderRows;
  const { tf, model } = ctx;
  const { nHeads, dHead } = model.config;
  // Frozen at this run, as the final norm's.
  const z = tf.slice(captured(output, hookName('z', layer)), [0, position, 0, 0], [1, 1, nHeads, dHead]);
  const scale = model.attentionScale(layer, z);
  const flat = typeof scale === 'number' ? scale : tf.reshape(scale, [1, 1, 1]);
  return tf.sum(model.headOutput(layer, tf.reshape(decoderRows, [-1, nHeads, dHead]), flat), 1);
}

/** A logit before the family's cap: those alone are sums of parts. */
function uncapped(logit: number, cap: number | null): number {
  return cap === null ? logit : cap * Math.atanh(logit / cap);
}
