/** What a run is judged by: one number per prompt. Token ids are of the model's own vocabulary. */
export type Metric =
  | { readonly kind: 'logit'; readonly token: number; readonly position?: number }
  | { readonly kind: 'logitDiff'; readonly correct: number; readonly wrong: number; readonly position?: number }
  /** Σ p(upper) − Σ p(lower), as in the greater-than literature. */
  | {
      readonly kind: 'probDiff';
      readonly upper: readonly number[];
      readonly lower: readonly number[];
      readonly position?: number;
    }
  | { readonly kind: 'logProb'; readonly token: number; readonly position?: number }
  /** KL(reference ‖ this run) of the next-token distribution; the reference is the unedited run of prompt `reference`. */
  | { readonly kind: 'kl'; readonly reference: number; readonly position?: number }
  /** Mean next-token cross-entropy over the prompt (targets that are padding are left out). */
  | { readonly kind: 'loss' };

export type MetricKind = Metric['kind'];

export interface MetricInfo {
  readonly label: string;
  readonly unit: 'logits' | 'probability' | 'nats';
  /** What a larger value means, in words. */
  readonly sign: string;
}

export const METRICS: Readonly<Record<MetricKind, MetricInfo>> = {
  logit: { label: 'logit', unit: 'logits', sign: 'larger: the token is more favoured (logits have no common zero)' },
  logitDiff: { label: 'logit difference', unit: 'logits', sign: 'positive favours the first token over the second' },
  probDiff: {
    label: 'probability difference',
    unit: 'probability',
    sign: 'positive: more probability on the first set than on the second',
  },
  logProb: { label: 'log probability', unit: 'nats', sign: 'closer to 0 is more probable' },
  kl: { label: 'KL divergence', unit: 'nats', sign: '0: same next-token distribution as the reference; larger is further away' },
  loss: { label: 'loss', unit: 'nats', sign: 'smaller is better; mean cross-entropy per predicted token' },
};
