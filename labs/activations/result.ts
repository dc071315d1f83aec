import type { HookName } from '../../core/hooks.ts';
import type { WireTensor } from '../../core/protocol/wire-tensor.ts';
import type { Histogram, Summary } from '../../core/stats/index.ts';
import type { TokenText } from '../../core/tokens.ts';

export interface ActivationEntry {
  readonly hook: HookName;
  readonly prompt: number;
  /** The activation of one prompt, padding removed, batch axis removed. f32. */
  readonly tensor: WireTensor;
  readonly summary: Summary;
  readonly histogram: Histogram;
  /** Mean over every axis but the position, and over both head and key for patterns: [pos, stat] with mean, norm, max|x|. */
  readonly perPosition: WireTensor;
}

export type ActivationsChunk =
  | { readonly part: 'tokens'; readonly prompts: readonly (readonly TokenText[])[] }
  | { readonly part: 'entry'; readonly entry: ActivationEntry };

export interface ActivationsResult {
  readonly prompts: readonly (readonly TokenText[])[];
  /** In forward order, then by prompt. */
  readonly entries: readonly ActivationEntry[];
  /** f32 [prompt, pos, d_vocab] where asked for, as entries are: one tensor per prompt. */
  readonly logits: readonly WireTensor[];
}
