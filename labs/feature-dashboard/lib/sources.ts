import { hookName, parseHook } from '../../../core/hooks.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { RunContext, RunOutput, Sae } from '../../../workers/api.ts';
import type { SourceAttribution } from '../result.ts';
import { captured } from './capture.ts';

/** Hooks that `sourcesOf` reads; empty where a dictionary's hook is no mix of other tokens' values. */
export function sourceHooks(sae: Sae): ReturnType<typeof hookName>[] {
  const address = parseHook(sae.hookName);
  return address?.site === 'z' && address.layer !== null
    ? [hookName('pattern', address.layer), hookName('v', address.layer)]
    : [];
}

/**
 * Which tokens a feature of the heads' outputs (`hook_z`) reads, at one token d: Σ over heads j of
 * A[j, d, s] · ⟨v[s, j], W_enc[block j, feature]⟩, exactly; with the constant they add up to the feature's value before its
 * nonlinearity. Source: direct feature attribution of Kissane et al., arXiv 2406.17759, along the encoder row.
 * @param output of one row of `length` tokens, with `sourceHooks` captured
 */
export async function sourcesOf(
  { tf, read, model }: RunContext,
  sae: Sae,
  feature: number,
  output: RunOutput,
  length: number,
  position: number,
): Promise<SourceAttribution | null> {
  const [patternHook, valueHook] = sourceHooks(sae);
  if (!patternHook || !valueHook) return null;
  const { nHeads, nKvHeads, dHead } = model.config;
  const group = nHeads / nKvHeads;
  const [row, bias] = [sae.encoderRows([feature]), sae.encoderBias([feature])];
  const query = tf.tidy(() =>
    tf.reshape(tf.slice(captured(output, patternHook), [0, 0, position, 0], [1, nHeads, 1, length]), [nHeads, length]),
  );
  const tensors = [query, captured(output, valueHook), row, bias];
  const [pattern, values, encoder, constant] = await read(tensors);
  tf.dispose([query, row, bias]);
  const byHead = new Float32Array(nHeads * length);
  for (let j = 0; j < nHeads; j++)
    for (let s = 0; s <= position; s++) {
      const at = (s * nKvHeads + Math.floor(j / group)) * dHead;
      let dot = 0;
      for (let i = 0; i < dHead; i++) dot += (values?.[at + i] ?? 0) * (encoder?.[j * dHead + i] ?? 0);
      byHead[j * length + s] = (pattern?.[j * length + s] ?? 0) * dot;
    }
  return {
    position,
    byHead: wireTensor(byHead, [nHeads, length], ['head', 'key']),
    constant: constant?.[0] ?? NaN,
    value: byHead.reduce((a, b) => a + b, constant?.[0] ?? NaN),
  };
}
