import { hookName, type HookName } from '../../core/hooks.ts';
import type { HookedModel, HookEdit } from '../api.ts';
import { matMul, tf, type Tensor } from '../kernels/index.ts';

/** Writers of the residual stream, in the order in which they write: `embed`, `0.h0` …, `0.mlp`, `1.h0` … */
export function senders(model: HookedModel): string[] {
  const { nLayers, nHeads } = model.config;
  const layer = (l: number): string[] => [...Array.from({ length: nHeads }, (_, h) => `${l}.h${h}`), `${l}.mlp`];
  return ['embed', ...Array.from({ length: nLayers }, (_, l) => layer(l)).flat()];
}

/** Whether an edge is kept; receivers are `0.q0`, `0.k0`, `0.v0` … (k and v: key/value heads), `0.mlp` … and `final`. */
export type Edges = (sender: string, receiver: string) => boolean;

/**
 * Runs a prompt with some edges replaced by their corrupted values: every reader sees
 * in = in(corrupted) + Σ over kept edges (sender now − sender corrupted), where senders are recomputed as the run goes.
 * Source: circuits.md §0.1, the one formula behind ACDC, edge attribution and path patching. For tests of the hooks; not for
 * families that norm what attention writes, where heads do not add up in the residual stream.
 * @returns logits [1, pos, d_vocab]
 */
export async function runEdges(
  model: HookedModel,
  clean: readonly number[],
  corrupted: readonly number[],
  keep: Edges,
): Promise<Tensor> {
  const { nLayers, nHeads, nKvHeads, dModel, parallel } = model.config;
  /** What the MLP of a layer reads; in parallel it does not see the layer's heads. */
  const mlpInput = (l: number): HookName => hookName(parallel ? 'resid_pre' : 'resid_mid', l);
  if (clean.length !== corrupted.length) throw new RangeError('both prompts need the same length');
  const length = clean.length;
  const layers = Array.from({ length: nLayers }, (_, l) => l);
  const first = hookName('resid_pre', 0);
  const last = hookName('resid_post', nLayers - 1);
  const capture = [
    ...new Set(layers.flatMap((l) => [hookName('resid_pre', l), hookName('result', l), mlpInput(l), hookName('mlp_out', l)])),
    last,
  ];
  const corrupt = await model.runWithHooks([corrupted], { capture, logits: 'none' });
  const was = (hook: HookName): Tensor => {
    const found = corrupt.cache.get(hook);
    if (!found) throw new Error(`${hook} was not captured`);
    return found;
  };

  // Differences of the senders so far, [sender, pos · d_model], in their order.
  const names = senders(model);
  const differences: Tensor[] = [];
  const note = (rows: Tensor): void => void differences.push(tf.keep(rows));
  /**
   * Corrupted input plus the kept differences, for receivers that read side by side: [1, pos, receiver, d_model].
   * @param count of senders that write before the receivers read; all so far unless given
   */
  const read = (input: HookName, receivers: readonly string[], count: number = Infinity): Tensor => {
    const so = tf.concat(differences.slice(0, count), 0);
    const known = names.slice(0, so.shape[0]);
    const mask = receivers.flatMap((r) => known.map((s) => (keep(s, r) ? 1 : 0)));
    const sums = matMul(tf.tensor2d(mask, [receivers.length, known.length]), so);
    const apart = tf.transpose(tf.reshape(sums, [receivers.length, length, dModel]), [1, 0, 2]);
    return tf.expandDims(tf.add(apart, tf.reshape(was(input), [length, 1, dModel])), 0);
  };
  const flat = (x: Tensor): Tensor => tf.reshape(x, [-1, length * dModel]);

  const edits = new Map<HookName, HookEdit>();
  edits.set(first, (x) => {
    note(flat(tf.sub(x, was(first))));
    return x;
  });
  for (const l of layers) {
    const attentionInput = hookName('resid_pre', l);
    for (const [site, letter, heads] of [
      ['q_input', 'q', nHeads],
      ['k_input', 'k', nKvHeads],
      ['v_input', 'v', nKvHeads],
    ] as const)
      edits.set(hookName(site, l), () =>
        read(
          attentionInput,
          Array.from({ length: heads }, (_, h) => `${l}.${letter}${h}`),
        ),
      );
    edits.set(hookName('result', l), (x) => {
      const difference = tf.reshape(tf.sub(x, was(hookName('result', l))), [length, nHeads, dModel]);
      note(flat(tf.transpose(difference, [1, 0, 2])));
      return x;
    });
    // Each layer notes its heads together and its MLP; the embedding stands before them.
    const before = parallel ? 1 + 2 * l : Infinity;
    edits.set(hookName('mlp_in', l), () => tf.squeeze(read(mlpInput(l), [`${l}.mlp`], before), [2]));
    edits.set(hookName('mlp_out', l), (x) => {
      note(flat(tf.sub(x, was(hookName('mlp_out', l)))));
      return x;
    });
  }
  edits.set(last, () => tf.squeeze(read(last, ['final']), [2]));
  const run = await model.runWithHooks([clean], { edits });
  const logits = tf.clone(run.logits as Tensor);
  run.dispose();
  corrupt.dispose();
  tf.dispose(differences);
  return logits;
}
