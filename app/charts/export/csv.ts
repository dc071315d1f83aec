/** One field; quoted where it must be. A text that a spreadsheet would run as a formula gets a leading apostrophe. */
function field(value: string | number): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** RFC 4180, with a line of names; numbers in full precision, not as they are printed on screen. */
export function csv(columns: readonly string[], rows: Iterable<readonly (string | number)[]>): string {
  const lines = [columns.map(field).join(',')];
  for (const row of rows) lines.push(row.map(field).join(','));
  return `${lines.join('\r\n')}\r\n`;
}
