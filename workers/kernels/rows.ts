import type { Format16 } from '../../core/files/float16.ts';
import type { Matrix } from './matrix.ts';
import type { Grouped } from './quantize.ts';

/** Some rows of a matrix [n, k] as a file holds them, row-major. */
export type Rows =
  | { readonly kind: 'f32'; readonly values: Float32Array }
  | { readonly kind: '16'; readonly format: Format16; readonly values: Uint16Array }
  | ({ readonly kind: 'grouped' } & Grouped);

export const numbersIn = (rows: Rows): number => (rows.kind === 'grouped' ? rows.q : rows.values).length;

/** Where the rows of one matrix go, all in the form of those it was opened with. */
export interface Sink {
  /** See `MatrixBuilder.add`. @param first row of the matrix, a multiple of eight */
  put(rows: Rows, first: number, count: number): boolean;
  finish(): Matrix['store'];
  dispose(): void;
}
