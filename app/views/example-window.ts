/** How much of an example is shown. */
export type ExampleContext = 'stacked' | 'snippet' | 'full';

/** Tokens on either side of the one that an example is about: Neuronpedia's ±5 and ±16. */
export const AROUND: Readonly<Record<ExampleContext, number>> = { stacked: 5, snippet: 16, full: Infinity };

/** Positions shown, bounds inclusive; BOS only where all is shown. */
export function windowOf(
  length: number,
  position: number,
  context: ExampleContext,
  hasBos: boolean,
): { readonly from: number; readonly to: number } {
  const around = AROUND[context];
  const first = hasBos && context !== 'full' && position > 0 ? 1 : 0;
  return { from: Math.max(first, position - around), to: Math.min(length - 1, position + around) };
}
