/** Null for anything that is not a list of finite numbers. */
export function readVector(text: string): readonly number[] | null {
  const parts = text
    .replace(/[[\]]/g, ' ')
    .replaceAll('\u2212', '-')
    .split(/[\s,;]+/)
    .filter((part) => part !== '');
  const values = parts.map(Number);
  return values.length > 0 && values.length <= 16_384 && values.every(Number.isFinite) ? values : null;
}
