import type { Axis } from '../hooks.ts';

export type WireDtype = 'f32' | 'i32' | 'u8';

/** A tensor as it crosses the worker boundary: named axes, row-major, its buffer transferred and not copied. */
export interface WireTensor {
  readonly dtype: WireDtype;
  readonly shape: readonly number[];
  readonly axes: readonly Axis[];
  readonly data: ArrayBuffer;
}

export type TypedData = Float32Array | Int32Array | Uint8Array;
const CONSTRUCTORS = { f32: Float32Array, i32: Int32Array, u8: Uint8Array } as const;

/** Wraps typed data. The whole buffer is transferred later, so a view into a larger buffer is copied here. */
export function wireTensor(data: TypedData, shape: readonly number[], axes: readonly Axis[]): WireTensor {
  const size = shape.reduce((a, b) => a * b, 1);
  if (size !== data.length || shape.length !== axes.length)
    throw new RangeError(`shape [${shape.join(', ')}] does not fit ${data.length} numbers and ${axes.length} axes`);
  const dtype: WireDtype = data instanceof Float32Array ? 'f32' : data instanceof Int32Array ? 'i32' : 'u8';
  const whole = data.byteLength === data.buffer.byteLength && data.buffer instanceof ArrayBuffer;
  return {
    dtype,
    shape: [...shape],
    axes: [...axes],
    data: whole ? (data.buffer as ArrayBuffer) : (data.slice().buffer as ArrayBuffer),
  };
}

export function tensorData(tensor: WireTensor): TypedData {
  return new CONSTRUCTORS[tensor.dtype](tensor.data);
}

export function isWireTensor(value: unknown): value is WireTensor {
  if (
    typeof value !== 'object' ||
    value === null ||
    !('dtype' in value) ||
    !('shape' in value) ||
    !('axes' in value) ||
    !('data' in value)
  )
    return false;
  const { dtype, shape, axes, data } = value;
  if (dtype !== 'f32' && dtype !== 'i32' && dtype !== 'u8') return false;
  if (!Array.isArray(shape) || !Array.isArray(axes) || shape.length !== axes.length || !(data instanceof ArrayBuffer))
    return false;
  const size = (shape as unknown[]).reduce<number>(
    (a, b) => (Number.isSafeInteger(b) && (b as number) >= 0 ? a * (b as number) : NaN),
    1,
  );
  return size * CONSTRUCTORS[dtype].BYTES_PER_ELEMENT === data.byteLength;
}

/** Every buffer inside a payload, each once: the transfer list of `postMessage`. */
export function transferables(payload: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (value: unknown): void => {
    if (value instanceof ArrayBuffer) found.add(value);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) Object.values(value).forEach(visit);
  };
  visit(payload);
  return [...found];
}

/** The form that the command line prints: `data` as a flat array of numbers. Non-finite numbers become null. */
export interface PlainTensor {
  readonly dtype: WireDtype;
  readonly shape: readonly number[];
  readonly axes: readonly Axis[];
  readonly data: readonly (number | null)[];
}

export function plainTensor(tensor: WireTensor): PlainTensor {
  const short = tensor.dtype === 'f32' ? shortestFloat : (x: number): number => x;
  return {
    dtype: tensor.dtype,
    shape: tensor.shape,
    axes: tensor.axes,
    data: Array.from(tensorData(tensor), (x) => (Number.isFinite(x) ? short(x) : null)),
  };
}

/** The float64 with the fewest decimal digits that rounds to this float32: half the text, no bit lost. */
export function shortestFloat(x: number): number {
  if (x === 0) return x; // keeps the sign of −0
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return short;
  }
  return Number(x.toPrecision(9));
}

/** Replaces every WireTensor inside a result by its plain form, for JSON. */
export function plainResult(value: unknown): unknown {
  if (isWireTensor(value)) return plainTensor(value);
  if (Array.isArray(value)) return value.map(plainResult);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plainResult(v)]));
  return value;
}

/** The inverse of `plainResult`: recorded results become live ones. */
export function reviveResult(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reviveResult);
  if (typeof value !== 'object' || value === null) return value;
  if ('dtype' in value && 'shape' in value && 'axes' in value && 'data' in value && Array.isArray(value.data)) {
    const plain = value as PlainTensor;
    const numbers = plain.data.map((x) => (x === null ? NaN : x));
    return wireTensor(CONSTRUCTORS[plain.dtype].from(numbers), plain.shape, plain.axes);
  }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, reviveResult(v)]));
}
