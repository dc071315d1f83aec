import type { HookName } from './hooks.ts';

/**
 * Where in a sequence something happens. Numbers are absolute positions (BOS is 0 where there is one); negative numbers
 * count from the end of each prompt (−1 = last token). `prompt` and `generated` part a generation at the prompt's end.
 */
export type Positions = 'all' | 'prompt' | 'generated' | readonly number[];

interface Place {
  readonly hook: HookName;
  /** Default `all`. For hooks with axes [query, key] the positions are queries. */
  readonly positions?: Positions;
  /** Only these heads, for hooks with a head axis. Default: all. */
  readonly heads?: readonly number[];
  /** Only these entries of the last axis (neurons, residual dimensions). Default: all. */
  readonly units?: readonly number[];
}

/** A direction given by its numbers, by a feature's decoder row, or as the difference of two prompts at the hook. */
export type VectorSource =
  | { readonly from: 'values'; readonly values: readonly number[] }
  | { readonly from: 'decoder'; readonly sae: string; readonly feature: number }
  | { readonly from: 'contrast'; readonly positive: number; readonly negative: number; readonly position: number };

/** Everything that can be done to an activation. Indices of prompts point into the spec's `prompts`. */
export type Intervention =
  /** Set to zero. */
  | (Place & { readonly kind: 'zero' })
  /** Set to the mean over the batch, and over positions too where `over` says so (padding and BOS left out). */
  | (Place & { readonly kind: 'mean'; readonly over: 'batch' | 'batch+positions'; readonly prompts?: readonly number[] })
  /** Set to the value in the run of another prompt, at the same positions, or at `sourcePositions` one to one. */
  | (Place & { readonly kind: 'patch'; readonly prompt: number; readonly sourcePositions?: readonly number[] })
  /** Add `coefficient` × vector. */
  | (Place & { readonly kind: 'add'; readonly vector: VectorSource; readonly coefficient: number })
  /** Multiply by `factor`. */
  | (Place & { readonly kind: 'scale'; readonly factor: number })
  /**
   * Edit one SAE feature at the SAE's own hook. The SAE's reconstruction error is kept: x' = x + (f' − f)·W_dec[feature],
   * so nothing else changes. `set`: f' = value; `scale`: f' = value·f; `add`: f' = f + value (SAE's own units).
   * With `errorTerm: false` the activation is replaced by the edited reconstruction.
   */
  | {
      readonly kind: 'saeFeature';
      readonly sae: string;
      readonly feature: number;
      readonly mode: 'set' | 'scale' | 'add';
      readonly value: number;
      readonly positions?: Positions;
      readonly errorTerm?: boolean;
    }
  /** Forbid the queries to look at the keys (scores −∞ before the softmax) in these layers and heads. */
  | {
      readonly kind: 'blockAttention';
      readonly layers: readonly number[];
      readonly heads?: readonly number[];
      readonly query: Positions;
      readonly key: Positions;
    }
  /** Keep the attention patterns of another prompt's unedited run (default: this prompt's own). */
  | {
      readonly kind: 'freezePattern';
      readonly layers: readonly number[];
      readonly heads?: readonly number[];
      readonly prompt?: number;
    };

export type InterventionKind = Intervention['kind'];

/** One short sentence for lists and provenance. */
export function describeIntervention(i: Intervention): string {
  const where = (p: Place): string =>
    `${p.hook}${p.heads ? `, heads ${p.heads.join(' ')}` : ''}${p.units ? `, ${p.units.length} units` : ''}${at(p.positions)}`;
  switch (i.kind) {
    case 'zero':
      return `zero-ablate ${where(i)}`;
    case 'mean':
      return `mean-ablate ${where(i)} (mean over ${i.over})`;
    case 'patch':
      return `patch ${where(i)} from prompt ${i.prompt + 1}`;
    case 'add':
      return `add ${i.coefficient} × ${i.vector.from === 'decoder' ? `decoder of ${i.vector.sae}/${i.vector.feature}` : 'a vector'} at ${where(i)}`;
    case 'scale':
      return `scale ${where(i)} by ${i.factor}`;
    case 'saeFeature':
      return `${i.mode} feature ${i.feature} of ${i.sae}: ${i.value}${at(i.positions)}${i.errorTerm === false ? ', without the error term' : ''}`;
    case 'blockAttention':
      return `block attention in layers ${i.layers.join(' ')}: queries ${show(i.query)} to keys ${show(i.key)}`;
    case 'freezePattern':
      return `freeze the patterns of layers ${i.layers.join(' ')}`;
  }
}

const show = (p: Positions): string => (typeof p === 'string' ? p : p.join(' '));
const at = (p: Positions | undefined): string => (p === undefined || p === 'all' ? '' : ` at ${show(p)}`);

/**
 * Turns `Positions` into sorted absolute indices for one prompt.
 * @param length tokens of this prompt so far, generated ones included
 * @param promptLength tokens before generation began
 * Indices outside of the prompt are dropped.
 */
export function resolvePositions(positions: Positions | undefined, length: number, promptLength: number = length): number[] {
  const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  if (positions === undefined || positions === 'all') return range(0, length);
  if (positions === 'prompt') return range(0, Math.min(promptLength, length));
  if (positions === 'generated') return range(promptLength, length);
  const absolute = positions.map((p) => (p < 0 ? promptLength + p : p)).filter((p) => p >= 0 && p < length);
  return [...new Set(absolute)].sort((a, b) => a - b);
}
