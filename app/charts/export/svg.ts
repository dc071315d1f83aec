import { PALETTES, textOn, type Scheme } from '../scales/colour.ts';

export const INK: Readonly<Record<Scheme, string>> = { light: '#1c1b19', dark: '#ecebe7' };
const FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";

export const escapeXml = (text: string): string =>
  text
    // Characters that XML cannot hold at all.
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

export interface MatrixPicture {
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** NaN cells stay empty. */
  readonly value: (row: number, column: number) => number;
  readonly colour: (value: number) => string;
  /** Text in the cells, where they are large enough. */
  readonly text?: (row: number, column: number) => string;
  readonly cell: readonly [width: number, height: number];
  /** What the colours mean, with numbers. */
  readonly legend: string;
}

export const textWidth = (text: string): number => text.length * 7.3;

/** A matrix as a standalone SVG file, in the colours of one scheme. */
export function matrixSvg(picture: MatrixPicture, scheme: Scheme): string {
  const { title, rows, columns, value, colour, text, cell, legend } = picture;
  const [w, h] = cell;
  const left = 16 + Math.max(0, ...rows.map(textWidth)) + 8;
  const upright = columns.every((name) => textWidth(name) <= w);
  const head = upright ? 20 : 10 + Math.max(0, ...columns.map(textWidth));
  const top = 40 + head;
  const total = { w: Math.max(left + columns.length * w + 16, textWidth(title) * 1.1 + 32), h: top + rows.length * h + 36 };
  const ink = INK[scheme];
  const parts: string[] = [];
  columns.forEach((name, c) => {
    if (name === '' || (!columns.includes('') && w < 13 && c % Math.ceil(13 / w) !== 0)) return;
    const x = left + (c + 0.5) * w;
    parts.push(
      upright
        ? `<text x="${round(x)}" y="${top - 6}" text-anchor="middle">${escapeXml(name)}</text>`
        : `<text transform="translate(${round(x + 4)} ${top - 6}) rotate(-90)">${escapeXml(name)}</text>`,
    );
  });
  rows.forEach((name, r) => {
    if (h < 13 && r % Math.ceil(13 / h) !== 0) return;
    parts.push(`<text x="${round(left - 8)}" y="${round(top + (r + 0.5) * h + 4)}" text-anchor="end">${escapeXml(name)}</text>`);
  });
  for (let r = 0; r < rows.length; r++)
    for (let c = 0; c < columns.length; c++) {
      const v = value(r, c);
      if (Number.isNaN(v)) continue;
      const fill = colour(v);
      const [x, y] = [left + c * w, top + r * h];
      const gap = Math.min(w, h) >= 9 ? 1.5 : 0;
      parts.push(`<rect x="${round(x)}" y="${round(y)}" width="${round(w - gap)}" height="${round(h - gap)}" fill="${fill}"/>`);
      if (text)
        parts.push(
          `<text x="${round(x + w / 2)}" y="${round(y + h / 2 + 4)}" text-anchor="middle" fill="${textOn(fill)}">${escapeXml(text(r, c))}</text>`,
        );
    }
  parts.push(`<text x="16" y="${round(total.h - 12)}">${escapeXml(legend)}</text>`);
  return frame(title, total, parts, scheme, ink);
}

export interface BarsPicture {
  readonly title: string;
  readonly bars: readonly { readonly label: string; readonly value: number; readonly text: string }[];
  readonly full: number;
  readonly signed: boolean;
  readonly legend: string;
}

/** Horizontal bars as a standalone SVG file. */
export function barsSvg({ title, bars, full, signed, legend }: BarsPicture, scheme: Scheme): string {
  const palette = PALETTES[scheme];
  const left = 16 + Math.max(0, ...bars.map(({ label }) => textWidth(label))) + 12;
  const room = 320;
  const total = { w: Math.max(left + room + 90, textWidth(title) * 1.1 + 32), h: 52 + bars.length * 24 + 36 };
  const unsignedFill = palette.unsigned[3] ?? INK[scheme];
  const parts = bars.map(({ label, value, text }, i) => {
    const y = 48 + i * 24;
    const share = full > 0 ? Math.min(1, Math.abs(value) / full) : 0;
    const length = share * (signed ? room / 2 : room);
    const x = signed ? left + room / 2 - (value < 0 ? length : 0) : left;
    const fill = signed ? (value < 0 ? palette.negative : palette.positive) : unsignedFill;
    return [
      `<text x="${round(left - 12)}" y="${y + 12}" text-anchor="end">${escapeXml(label)}</text>`,
      `<rect x="${round(x)}" y="${y + 4}" width="${round(length)}" height="10" rx="2" fill="${fill}"/>`,
      `<text x="${round(left + room + 12)}" y="${y + 12}">${escapeXml(text)}</text>`,
    ].join('');
  });
  parts.push(`<text x="16" y="${round(total.h - 12)}">${escapeXml(legend)}</text>`);
  return frame(title, total, parts, scheme, INK[scheme]);
}

export const round = (x: number): number => Math.round(x * 100) / 100;

/** A standalone SVG file: title, surface and parts. */
export function frame(
  title: string,
  { w, h }: { readonly w: number; readonly h: number },
  parts: readonly string[],
  scheme: Scheme,
  ink: string,
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(w)}" height="${Math.ceil(h)}" viewBox="0 0 ${Math.ceil(w)} ${Math.ceil(h)}" font-family="${FONT}" font-size="12" fill="${ink}" xml:space="preserve">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="100%" height="100%" fill="${PALETTES[scheme].surface}"/>`,
    `<text x="16" y="24" font-size="13" font-weight="600">${escapeXml(title)}</text>`,
    ...parts,
    '</svg>',
  ].join('\n');
}
