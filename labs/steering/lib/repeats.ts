/** Length of the stretches whose repetition counts as degeneration. */
export const GRAM = 4;

/** Share of a text's 4-grams that occurred before in it; null for texts too short to repeat one. */
export function repeats(tokens: readonly number[], n: number = GRAM): number | null {
  const total = tokens.length - n + 1;
  if (total < 2) return null;
  const seen = new Set<string>();
  for (let i = 0; i < total; i++) seen.add(tokens.slice(i, i + n).join(' '));
  return (total - seen.size) / total;
}
