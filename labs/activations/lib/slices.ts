import type { Axis } from '../../../core/hooks.ts';
import { tensorData, type WireTensor } from '../../../core/protocol/wire-tensor.ts';

/** One tensor as a matrix to look at: a slice along its head axis, where it has one. */
export interface Slice {
  readonly rows: number;
  readonly columns: number;
  readonly rowAxis: Axis;
  readonly columnAxis: Axis;
  readonly at: (row: number, column: number) => number;
}

const HEAD_AXES: readonly Axis[] = ['head', 'kv_head'];

/** Number of heads of a tensor; 0 if it has no such axis. */
export function headCount({ axes, shape }: WireTensor): number {
  const axis = axes.findIndex((name) => HEAD_AXES.includes(name));
  return axis < 0 ? 0 : (shape[axis] ?? 0);
}

/** The matrix of two remaining axes: position × unit, or query × key. A head outside of the tensor is the last one. */
export function sliceOf(tensor: WireTensor, head: number): Slice {
  const { axes, shape } = tensor;
  const data = tensorData(tensor);
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const headAxis = axes.findIndex((name) => HEAD_AXES.includes(name));
  const kept = axes.map((_, i) => i).filter((i) => i !== headAxis);
  const [row = -1, column = -1] = kept;
  const offset = headAxis < 0 ? 0 : Math.min(head, (shape[headAxis] ?? 1) - 1) * (strides[headAxis] ?? 0);
  const rowStride = strides[row] ?? 0;
  const columnStride = strides[column] ?? 0;
  return {
    rows: shape[row] ?? 1,
    columns: shape[column] ?? 1,
    rowAxis: axes[row] ?? 'one',
    columnAxis: axes[column] ?? 'one',
    at: (r, c) => data[offset + r * rowStride + c * columnStride] ?? NaN,
  };
}
