import { useEffect, useRef, type ReactElement } from 'react';
import { paintMatrix, type MatrixData } from './paint.ts';

export interface MiniMatrixProps extends MatrixData {
  /** CSS pixels of each side. */
  readonly size: number;
}

/** A matrix too small for labels: one of many side by side. */
export function MiniMatrix({ rows, columns, value, colour, size }: MiniMatrixProps): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) paintMatrix(canvas.current, { rows, columns, value, colour }, { width: size, height: size, hatch: null });
  }, [rows, columns, value, colour, size]);
  return <canvas ref={canvas} style={{ width: size, height: size, display: 'block' }} aria-hidden="true" />;
}
