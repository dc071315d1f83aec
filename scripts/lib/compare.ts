import { isWireTensor, plainTensor, type PlainTensor } from '../../core/protocol/wire-tensor.ts';

export interface Tolerance {
  /** Of the largest magnitude in the array, or of the number itself. */
  readonly relative: number;
  readonly absolute: number;
}

/** Nothing may differ. */
export const EXACT: Tolerance = { relative: 0, absolute: 0 };

/**
 * Where two results differ, at most ten places. Text, ids and whole numbers must be equal; other numbers, and float arrays,
 * within the tolerance. Either side may hold wire tensors or their plain form.
 */
export function differences(a: unknown, b: unknown, tolerance: Tolerance): readonly string[] {
  const found: string[] = [];
  visit(plain(a), plain(b), '', tolerance, found);
  return found.slice(0, 10);
}

const plain = (value: unknown): unknown => (isWireTensor(value) ? plainTensor(value) : value);

function isPlainTensor(value: unknown): value is PlainTensor {
  return typeof value === 'object' && value !== null && 'dtype' in value && 'data' in value && Array.isArray(value.data);
}

function visit(left: unknown, right: unknown, path: string, tolerance: Tolerance, found: string[]): void {
  const [a, b] = [plain(left), plain(right)];
  if (isPlainTensor(a) && isPlainTensor(b)) compareTensors(a, b, path, tolerance, found);
  else if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) found.push(`${path}: ${a.length} and ${b.length} items`);
    else a.forEach((item, i) => visit(item, b[i], `${path}[${i}]`, tolerance, found));
  } else if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    for (const key of keys)
      visit(Reflect.get(a, key), Reflect.get(b, key), path === '' ? key : `${path}.${key}`, tolerance, found);
  } else if (!same(a, b, Math.max(magnitude(a), magnitude(b)), tolerance)) found.push(`${path}: ${String(a)} and ${String(b)}`);
}

function compareTensors(a: PlainTensor, b: PlainTensor, path: string, tolerance: Tolerance, found: string[]): void {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join() || a.axes.join() !== b.axes.join()) {
    found.push(`${path}: ${a.dtype} [${a.shape.join(', ')}] and ${b.dtype} [${b.shape.join(', ')}]`);
    return;
  }
  const scale = a.data.reduce<number>((max, x) => Math.max(max, magnitude(x)), 0);
  const exact = a.dtype !== 'f32';
  const at = a.data.findIndex((x, i) => !same(x, b.data[i], scale, exact ? EXACT : tolerance, !exact));
  if (at >= 0) found.push(`${path}[${at}]: ${String(a.data[at])} and ${String(b.data[at])} (largest: ${scale})`);
}

const magnitude = (x: unknown): number => (typeof x === 'number' && Number.isFinite(x) ? Math.abs(x) : 0);

/** @param floats whole numbers are floats, too: they need not be equal */
function same(a: unknown, b: unknown, scale: number, { relative, absolute }: Tolerance, floats = false): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (typeof a !== 'number' || typeof b !== 'number') return missing(a) && missing(b);
  if (Number.isInteger(a) && Number.isInteger(b) && !floats) return false;
  return Math.abs(a - b) <= absolute + relative * scale;
}

/** JSON writes what is not finite as null. */
const missing = (x: unknown): boolean => x === null || x === undefined || (typeof x === 'number' && !Number.isFinite(x));
