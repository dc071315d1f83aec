import { parseHook, type HookName } from '../../core/hooks.ts';
import type { Metric } from '../../core/metrics.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { GradientOutput } from '../api.ts';
import { readMany, tf, type Tensor } from '../kernels/index.ts';
import { runBlock } from './components/block.ts';
import { embed, embeddings } from './components/embed.ts';
import { unembed } from './components/unembed.ts';
import { sharedTensors, type BlocksInput, type HookRun } from './forward.ts';
import { metricPositions, metricValues, selectPositions } from './metric.ts';

export interface GradientInput extends BlocksInput {
  readonly hooks: HookRun;
  readonly metric: Metric;
  readonly asked: readonly HookName[];
  readonly reference?: Tensor;
  readonly checkpoint?: () => Promise<void>;
}

/**
 * ∂(Σ rows metric)/∂(activation) at every asked hook: one forward that keeps each block's input, then one
 * vector-Jacobian product per block from the top. Inner hooks get a zero that is added there (a probe), whose gradient is
 * the hook's. Memory is one block's tape at a time. tf.grad inside a gradient function would crash, so blocks are not nested.
 */
export async function gradients(input: GradientInput): Promise<GradientOutput> {
  const { weights, config, tokens, hooks, metric, asked, offset } = input;
  for (const hook of asked) if (parseHook(hook) === null) throw new VitrineError('unknown-hook', `not a hook name: ${hook}`);
  const inputs: Tensor[] = [];
  const found = new Map<HookName, Tensor>();
  const shared = sharedTensors(config, tokens, offset);
  const wait = input.checkpoint ?? ((): Promise<void> => Promise.resolve());
  let flow: Tensor | null = null;
  let values: Tensor | null = null;
  try {
    let x = tf.tidy(() => embed(embeddings(tokens.ids, tokens.batch, tokens.length, offset, weights, config), hooks));
    inputs.push(x);
    const block = (layer: number, residual: Tensor): Tensor => {
      const blockWeights = weights.blocks[layer];
      if (!blockWeights) throw new RangeError(`no block ${layer}`);
      return runBlock(residual, blockWeights, {
        config,
        hooks,
        layer,
        allowed: shared.allowed(layer),
        rotary: shared.rotary(layer),
        kv: null,
      });
    };
    for (let layer = 0; layer < config.nLayers; layer++) {
      await wait();
      const residual = x;
      x = tf.tidy(() => {
        const out = block(layer, residual);
        return out === residual ? tf.clone(out) : out;
      });
      inputs.push(x);
    }
    const positions = metricPositions(metric, tokens);
    const head = (residual: Tensor): Tensor => {
      // The final norm's hooks hold all positions, so they are computed on all where anybody listens.
      const early = positions && !asked.some((h) => h.startsWith('ln_final'));
      const logits = early
        ? unembed(selectPositions(residual, positions), weights, config)
        : unembed(residual, weights, config, hooks);
      return metricValues(
        metric,
        positions && !early ? selectPositions(logits, positions) : logits,
        tokens,
        config,
        input.reference,
      );
    };
    values = tf.tidy(() => head(x));
    const inLayer = (layer: number | null, final: boolean): HookName[] =>
      asked.filter((h) => parseHook(h)?.layer === layer && h.startsWith('ln_final') === final);

    flow = pull((residual) => tf.sum(head(residual)), x, null, inLayer(null, true), hooks, found);
    for (let layer = config.nLayers - 1; layer >= 0; layer--) {
      await wait();
      const residual = inputs[layer];
      if (!residual) throw new RangeError(`no input of block ${layer}`);
      const next: Tensor = pull((r) => block(layer, r), residual, flow, inLayer(layer, false), hooks, found);
      flow.dispose();
      flow = next;
    }
    const outer = inLayer(null, false);
    if (outer.length > 0) {
      const dy: Tensor = flow;
      const [e, p] = tf.tidy(() => {
        const { tokens: t, positions } = embeddings(tokens.ids, tokens.batch, tokens.length, offset, weights, config);
        return positions ? [t, positions] : [t];
      });
      if (!e) throw new RangeError('no embeddings');
      tf.dispose(pull((r) => embed({ tokens: r, positions: p ?? null }, hooks), e, dy, outer, hooks, found));
      tf.dispose([e, ...(p ? [p] : [])]);
    }
    const [numbers] = await readMany([values]);
    const activations = new Map(hooks.cache);
    return {
      values: Float32Array.from(numbers ?? []),
      gradients: found,
      activations,
      dispose: () => {
        tf.dispose([...found.values()]);
        hooks.dispose();
      },
    };
  } catch (error) {
    tf.dispose([...found.values()]);
    hooks.dispose();
    throw error;
  } finally {
    shared.dispose();
    tf.dispose([...inputs, ...(flow ? [flow] : []), ...(values ? [values] : [])]);
  }
}

/** Pulls a gradient back through one part of the model: returns it at the part's input, and puts the probes' into `found`. */
function pull(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  dy: Tensor | null,
  probed: readonly HookName[],
  hooks: HookRun,
  found: Map<HookName, Tensor>,
): Tensor {
  const zeros = probed.map((hook) => {
    const activation = hooks.cache.get(hook);
    if (!activation) throw new VitrineError('unknown-hook', `the model has no ${hook}`);
    return tf.zerosLike(activation);
  });
  const taken = tf.tidy(() => {
    const run = (input: Tensor, ...probes: Tensor[]): Tensor => {
      hooks.probes = new Map(probed.map((hook, i) => [hook, probes[i] as Tensor]));
      return f(input);
    };
    const grads = tf.grads(run as (...args: Tensor[]) => Tensor)([x, ...zeros], dy ?? undefined);
    hooks.probes = new Map();
    return grads;
  });
  tf.dispose(zeros);
  probed.forEach((hook, i) => found.set(hook, taken[i + 1] as Tensor));
  return taken[0] as Tensor;
}
