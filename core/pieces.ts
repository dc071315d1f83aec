/** 0 … n − 1 in pieces of at most `size`, as half-open [from, to). */
export function pieces(n: number, size: number): readonly (readonly [from: number, to: number])[] {
  if (!(size >= 1)) throw new RangeError(`a piece holds at least one, not ${size}`);
  return Array.from({ length: Math.ceil(n / size) }, (_, i) => [i * size, Math.min(n, (i + 1) * size)] as const);
}
