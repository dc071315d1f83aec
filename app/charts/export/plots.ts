import { PALETTES, signedColour, stripColour, textOn, type Scheme } from '../scales/colour.ts';
import { escapeXml, frame, INK, round, textWidth } from './svg.ts';

export interface HistogramPicture {
  readonly title: string;
  /** counts + 1 edges, ascending. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly format: (x: number) => string;
  readonly log: boolean;
  readonly mark: number | null;
  readonly xLabel: string;
  readonly signed: boolean;
  /** What is counted, and what the mark is. */
  readonly legend: string;
}

/** Counts over bins as a standalone SVG file. */
export function histogramSvg(picture: HistogramPicture, scheme: Scheme): string {
  const { title, edges, counts, format, log, mark, xLabel, signed, legend } = picture;
  const palette = PALETTES[scheme];
  const [left, top, wide, high] = [16, 44, 480, 160];
  const first = edges[0] ?? 0;
  const last = edges[edges.length - 1] ?? 1;
  const x = (v: number): number => left + (last === first ? 0 : (v - first) / (last - first)) * wide;
  const most = Math.max(1, ...counts);
  // Log counts start at half of one, as on screen.
  const share = (n: number): number => (n <= 0 ? 0 : log ? Math.log(n / 0.5) / Math.log(Math.max(2, most) / 0.5) : n / most);
  const parts = counts.map((n, i) => {
    const from = x(edges[i] ?? 0);
    const height = share(n) * high;
    const below = (edges[i] ?? 0) + (edges[i + 1] ?? 0) < 0;
    const fill = signed ? (below ? palette.negative : palette.positive) : (palette.unsigned[2] ?? INK[scheme]);
    const width = Math.max(1, x(edges[i + 1] ?? 0) - from - 1);
    return `<rect x="${round(from)}" y="${round(top + high - height)}" width="${round(width)}" height="${round(height)}" fill="${fill}"/>`;
  });
  const ink = INK[scheme];
  const floor = top + high;
  parts.push(`<line x1="${left}" x2="${left + wide}" y1="${floor}" y2="${floor}" stroke="${ink}"/>`);
  if (mark !== null)
    parts.push(
      `<line x1="${round(x(mark))}" x2="${round(x(mark))}" y1="${top}" y2="${floor}" stroke="${ink}" stroke-width="2"/>`,
    );
  parts.push(`<text x="${left}" y="${floor + 18}">${escapeXml(format(first))}</text>`);
  parts.push(`<text x="${left + wide}" y="${floor + 18}" text-anchor="end">${escapeXml(format(last))}</text>`);
  parts.push(`<text x="${left + wide / 2}" y="${floor + 18}" text-anchor="middle">${escapeXml(xLabel)}</text>`);
  parts.push(`<text x="16" y="${floor + 44}">${escapeXml(legend)}</text>`);
  const w = Math.max(left + wide + 16, textWidth(title) * 1.1 + 32, textWidth(legend) + 32);
  return frame(title, { w, h: floor + 60 }, parts, scheme, ink);
}

/** One token of a text: what is printed, and its share of full colour. */
export interface TokenMark {
  readonly text: string;
  /** 0 … 1; in a signed picture −1 … 1. */
  readonly share: number;
}

export interface TokensPicture {
  readonly title: string;
  /** Texts, one a line: a number in front, then its tokens. */
  readonly lines: readonly { readonly value: string; readonly tokens: readonly TokenMark[] }[];
  readonly legend: string;
  /** Shares have a sign: blue for +. */
  readonly signed?: boolean;
}

/** Texts with shaded tokens as a standalone SVG file, one text a line. */
export function tokensSvg({ title, lines, legend, signed = false }: TokensPicture, scheme: Scheme): string {
  const left = 16 + Math.max(0, ...lines.map(({ value }) => textWidth(value))) + 16;
  let widest = 0;
  const parts = lines.flatMap(({ value, tokens }, row) => {
    const y = 62 + row * 26;
    let x = left;
    const marks = tokens.flatMap(({ text, share }) => {
      const wide = textWidth(text);
      const at = round(x);
      x += wide;
      widest = Math.max(widest, x);
      const fill = signed ? signedColour(share, scheme) : stripColour(share, scheme);
      const ink = signed && share !== 0 ? ` fill="${textOn(fill)}"` : '';
      const word = `<text x="${at}" y="${y}" textLength="${round(wide)}"${ink}>${escapeXml(text)}</text>`;
      if (signed ? share === 0 : share <= 0) return [word];
      return [`<rect x="${at}" y="${y - 14}" width="${round(wide)}" height="19" rx="3" fill="${fill}"/>`, word];
    });
    return [`<text x="16" y="${y}">${escapeXml(value)}</text>`, ...marks];
  });
  const h = 62 + lines.length * 26 + 24;
  parts.push(`<text x="16" y="${h - 14}">${escapeXml(legend)}</text>`);
  const w = Math.max(widest + 16, textWidth(title) * 1.1 + 32, textWidth(legend) + 32);
  return frame(title, { w, h }, parts, scheme, INK[scheme]);
}

export interface ScatterPicture {
  readonly title: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly format: readonly [x: (v: number) => string, y: (v: number) => string];
  readonly legend: string;
}

/** Points as a standalone SVG file; coordinates are already on the scale that is drawn. */
export function scatterSvg({ title, points, xLabel, yLabel, format, legend }: ScatterPicture, scheme: Scheme): string {
  const [left, top, wide, high] = [16, 60, 520, 320];
  const range = (values: readonly number[]): readonly [number, number] => [Math.min(...values), Math.max(...values)];
  const [x0, x1] = range(points.map(({ x }) => x));
  const [y0, y1] = range(points.map(({ y }) => y));
  const place = (v: number, low: number, high: number): number => (high > low ? (v - low) / (high - low) : 0.5);
  const ink = INK[scheme];
  const fill = PALETTES[scheme].unsigned[3] ?? ink;
  const floor = top + high;
  const parts = points.map(
    ({ x, y }) =>
      `<circle cx="${round(left + place(x, x0, x1) * wide)}" cy="${round(floor - place(y, y0, y1) * high)}" r="2.5" fill="${fill}" fill-opacity="0.6"/>`,
  );
  parts.push(`<text x="${left}" y="${top - 12}">${escapeXml(`${yLabel}: ${format[1](y0)} … ${format[1](y1)}`)}</text>`);
  parts.push(`<line x1="${left}" x2="${left + wide}" y1="${floor + 6}" y2="${floor + 6}" stroke="${ink}"/>`);
  parts.push(`<text x="${left}" y="${floor + 24}">${escapeXml(format[0](x0))}</text>`);
  parts.push(`<text x="${left + wide}" y="${floor + 24}" text-anchor="end">${escapeXml(format[0](x1))}</text>`);
  parts.push(`<text x="${left + wide / 2}" y="${floor + 24}" text-anchor="middle">${escapeXml(xLabel)}</text>`);
  parts.push(`<text x="16" y="${floor + 50}">${escapeXml(legend)}</text>`);
  const w = Math.max(left + wide + 16, textWidth(title) * 1.1 + 32, textWidth(legend) + 32);
  return frame(title, { w, h: floor + 66 }, parts, scheme, ink);
}
