import { isWireTensor, tensorData, type WireTensor } from '../protocol/wire-tensor.ts';
import type { SafeInput } from './safetensors.ts';

/** An array that was written to the safetensors file under `tensor`. */
export interface TensorReference extends Pick<WireTensor, 'dtype' | 'shape' | 'axes'> {
  readonly tensor: string;
}

/** Takes the arrays out of a result; each is named by its path in it, as `entries.0.tensor`. */
export function detach(payload: unknown): { readonly result: unknown; readonly arrays: readonly SafeInput[] } {
  const arrays: SafeInput[] = [];
  const visit = (value: unknown, path: string): unknown => {
    if (isWireTensor(value)) {
      const { dtype, shape, axes } = value;
      arrays.push({ name: path, shape, data: tensorData(value) });
      return { dtype, shape, axes, tensor: path } satisfies TensorReference;
    }
    const below = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
    if (Array.isArray(value)) return value.map((item, i) => visit(item, below(i)));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, below(key))]));
  };
  return { result: visit(payload, ''), arrays };
}
