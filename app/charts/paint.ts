/** Cells of a matrix as a canvas paints them. */
export interface MatrixData {
  readonly rows: number;
  readonly columns: number;
  /** NaN: not there (masked, or unfinished); drawn as hatching. */
  readonly value: (row: number, column: number) => number;
  readonly colour: (value: number) => string;
}

/** Paints a matrix, a gap between cells that are large enough for one. */
export function paintMatrix(
  canvas: HTMLCanvasElement,
  { rows, columns, value, colour }: MatrixData,
  { width, height, hatch }: { readonly width: number; readonly height: number; readonly hatch: string | null },
): void {
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext('2d');
  if (!context) return;
  const w = canvas.width / columns;
  const h = canvas.height / rows;
  const gap = Math.min(w, h) / ratio >= 9 ? Math.round(1.5 * ratio) : 0;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const [x, y] = [Math.round(c * w), Math.round(r * h)];
      const [cw, ch] = [Math.round((c + 1) * w) - x - gap, Math.round((r + 1) * h) - y - gap];
      const v = value(r, c);
      if (!Number.isNaN(v)) {
        context.fillStyle = colour(v);
        context.fillRect(x, y, cw, ch);
      } else if (hatch !== null) hatchCell(context, { x, y, w: cw, h: ch }, hatch, ratio);
    }
}

function hatchCell(
  context: CanvasRenderingContext2D,
  { x, y, w, h }: { readonly x: number; readonly y: number; readonly w: number; readonly h: number },
  colour: string,
  ratio: number,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, w, h);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1, 0.75 * ratio);
  context.beginPath();
  for (let d = -h; d < w; d += 4 * ratio) {
    context.moveTo(x + d, y + h);
    context.lineTo(x + d + h, y);
  }
  context.stroke();
  context.restore();
}
