/** Decimal kilobytes to terabytes, as downloads are counted; two digits below ten. */
export function megabytes(bytes: number): string {
  if (bytes < 100_000) return `${Math.max(1, Math.round(bytes / 1_000))} kB`;
  let [size, unit] = [bytes / 1e6, 'MB'];
  for (const larger of ['GB', 'TB']) if (size >= 999.5) [size, unit] = [size / 1_000, larger];
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

/** 1,234,567 → 1.23 million. */
export function count(n: number): string {
  if (n >= 1e9) return `${(n / 1e9).toPrecision(3)} billion`;
  if (n >= 1e6) return `${(n / 1e6).toPrecision(3)} million`;
  return n.toLocaleString('en');
}
