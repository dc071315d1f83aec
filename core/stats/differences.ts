/** Cells of the table of the longest common subsequence beyond which texts are compared place by place. */
const MAX_CELLS = 4_000_000;

/**
 * Which tokens of each text are not in the other: those outside of their longest common subsequence.
 * Texts too long for that are compared place by place.
 */
export function differences(a: readonly number[], b: readonly number[]): readonly [readonly boolean[], readonly boolean[]] {
  if (a.length * b.length > MAX_CELLS) return [a.map((id, i) => b[i] !== id), b.map((id, i) => a[i] !== id)];
  const width = b.length + 1;
  // length[i][j]: of the longest common subsequence of a from i on and b from j on.
  const length = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i * width + j] =
        a[i] === b[j]
          ? (length[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(length[(i + 1) * width + j] ?? 0, length[i * width + j + 1] ?? 0);
  const [inA, inB] = [a.map(() => true), b.map(() => true)];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      inA[i++] = false;
      inB[j++] = false;
    } else if ((length[(i + 1) * width + j] ?? 0) >= (length[i * width + j + 1] ?? 0)) i++;
    else j++;
  }
  return [inA, inB];
}
