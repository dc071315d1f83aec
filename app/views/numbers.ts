/** How numbers are written: real minus signs, three significant digits, a sign where one is meant. */

const MINUS = '\u2212';
const NBSP = '\u00a0';
const DIGITS = 3;

const minus = (text: string): string => text.replace(/-/g, MINUS);

/** Three significant digits; whole numbers from 1,000 on; powers of ten outside of 0.001 … 999,999. */
export function number(x: number, digits: number = DIGITS): string {
  if (Number.isNaN(x)) return '–';
  if (!Number.isFinite(x)) return x > 0 ? '∞' : `${MINUS}∞`;
  if (x === 0) return '0';
  const size = Math.abs(x);
  if (size < 1e-3 || size >= 1e6) return minus(x.toExponential(digits - 1).replace('e+', 'e'));
  if (size >= 999.5) return minus(Math.round(x).toLocaleString('en'));
  return minus(
    Number(x.toPrecision(digits)).toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(Number(size.toPrecision(digits)))))),
  );
}

/** As `number`, always with + or −; zero has none. */
export function signed(x: number, digits: number = DIGITS): string {
  const text = number(x, digits);
  return x > 0 ? `+${text}` : text;
}

/** A probability as a percentage; below 0.01 % only that it is below. */
export function percent(p: number): string {
  if (Number.isNaN(p)) return '–';
  if (p > 0 && p < 1e-4) return `<${NBSP}0.01${NBSP}%`;
  if (p > 0.9995 && p < 1) return `>${NBSP}99.9${NBSP}%`;
  const shown = p * 100;
  const digits = shown >= 99.95 || shown === 0 ? 0 : shown >= 9.995 ? 1 : 2;
  return `${shown.toFixed(digits)}${NBSP}%`;
}

/** A whole number with thousands separators. */
export function count(n: number): string {
  return minus(n.toLocaleString('en'));
}

/** “1 token”, “3 tokens”. */
export function plural(n: number, one: string, many: string = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** 0 → 1st, as ranks are read. */
export function ordinal(rank: number): string {
  const n = rank + 1;
  const tens = n % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${count(n)}${ending}`;
}

/** In tables of counts and measures: whole numbers as they are, others in three digits. */
export const figure = (x: number): string => (Number.isInteger(x) ? count(x) : number(x));
