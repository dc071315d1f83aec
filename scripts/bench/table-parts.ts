/** Cells and tables of the benchmark's page. */
export const ms = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toFixed(1));
export const rate = (x: number): string => (x >= 10 ? x.toFixed(0) : x.toFixed(1));
export const MB = (x: number): string => (x / 1e6).toFixed(1);
export const threads = (n: number): string => `${n} thread${n === 1 ? '' : 's'}`;
export const ratio = (x: number): string => `${x.toFixed(1)}×`;
const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
export const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
