import { extent, line, scaleLinear, type ScaleLinear } from 'd3';
import { PALETTES, type Scheme } from '../scales/colour.ts';
import { escapeXml, frame, INK, round, textWidth } from './svg.ts';

/** How the points of a line are marked, so that lines are told apart without hue. */
export type LineMark = 'circle' | 'square' | 'diamond';

export interface LineSeries {
  /** Empty: not in the legend. */
  readonly name: string;
  /** In the order in which they are joined. */
  readonly points: readonly { readonly x: number; readonly y: number; readonly label?: string }[];
  readonly mark: LineMark;
  /** Value or measure: violet or ink. */
  readonly tone: 'value' | 'ink';
  /** As in SVG; absent: solid. */
  readonly dash?: string;
}

export interface LinePanel {
  readonly label: string;
  readonly series: readonly LineSeries[];
  /** Values of y that the panel shows in any case. */
  readonly include: readonly number[];
  /** A region below a value of y, with its name. */
  readonly band?: { readonly upTo: number; readonly label: string };
}

export interface LinesPicture {
  readonly title: string;
  /** One below the other, on the same x. */
  readonly panels: readonly LinePanel[];
  readonly xLabel: string;
  readonly x: readonly [from: number, to: number];
  readonly format: readonly [x: (v: number) => string, y: (v: number) => string];
  /** A line across all panels. */
  readonly mark: number | null;
  readonly legend: string;
}

const [LEFT, WIDE, HIGH, GAP, TOP] = [70, 520, 130, 58, 72];

/** Lines with marked points, panels one below the other, as a standalone SVG file. */
export function linesSvg({ title, panels, xLabel, x: domain, format, mark, legend }: LinesPicture, scheme: Scheme): string {
  const ink = INK[scheme];
  const x = scaleLinear()
    .domain([...domain])
    .range([LEFT, LEFT + WIDE]);
  const parts = panels.flatMap((panel, i) => panelParts(panel, TOP + i * (HIGH + GAP), x, format[1], scheme));
  const floor = TOP + panels.length * (HIGH + GAP) - GAP;
  if (mark !== null && mark >= Math.min(...domain) && mark <= Math.max(...domain))
    parts.push(
      `<line x1="${round(x(mark))}" x2="${round(x(mark))}" y1="${TOP}" y2="${floor}" stroke="${ink}" stroke-dasharray="3 3"/>`,
    );
  for (const tick of x.ticks(9))
    parts.push(`<text x="${round(x(tick))}" y="${floor + 18}" text-anchor="middle">${escapeXml(format[0](tick))}</text>`);
  parts.push(`<text x="${LEFT + WIDE / 2}" y="${floor + 36}" text-anchor="middle">${escapeXml(xLabel)}</text>`);
  const named = panels.flatMap(({ series }) => series).filter(({ name }) => name !== '');
  named.forEach((series, i) => {
    const y = floor + 58 + i * 18;
    const stroke = strokeOf(series, scheme);
    parts.push(
      `<path d="M16 ${y - 4}H48" fill="none" stroke="${stroke}" stroke-width="2"${dashOf(series)}/>`,
      markPath(series.mark, 32, y - 4, stroke, PALETTES[scheme].surface),
      `<text x="58" y="${y}">${escapeXml(series.name)}</text>`,
    );
  });
  const h = floor + 58 + named.length * 18 + 20;
  parts.push(`<text x="16" y="${h - 12}">${escapeXml(legend)}</text>`);
  const w = Math.max(LEFT + WIDE + 24, textWidth(title) * 1.1 + 32, textWidth(legend) + 32);
  return frame(title, { w, h }, parts, scheme, ink);
}

function panelParts(
  { label, series, include, band }: LinePanel,
  top: number,
  x: ScaleLinear<number, number>,
  format: (v: number) => string,
  scheme: Scheme,
): string[] {
  const { unsigned, surface } = PALETTES[scheme];
  const [low = 0, high = 1] = extent([...include, ...series.flatMap(({ points }) => points.map(({ y }) => y))]);
  const y = scaleLinear()
    .domain(low === high ? [low - 0.5, high + 0.5] : [low, high])
    .nice(3)
    .range([top + HIGH, top]);
  const parts = [`<text x="16" y="${top - 14}">${escapeXml(label)}</text>`];
  if (band) {
    const from = Math.max(top, y(band.upTo));
    parts.push(
      `<rect x="${LEFT}" y="${round(from)}" width="${WIDE}" height="${round(Math.max(0, top + HIGH - from))}" fill="${unsigned[0] ?? surface}" fill-opacity="0.5"/>`,
      `<text x="${LEFT + 4}" y="${round(from - 4)}">${escapeXml(band.label)}</text>`,
    );
  }
  for (const tick of y.ticks(3))
    parts.push(
      `<line x1="${LEFT}" x2="${LEFT + WIDE}" y1="${round(y(tick))}" y2="${round(y(tick))}" stroke="${INK[scheme]}" stroke-opacity="0.2"/>`,
      `<text x="${LEFT - 8}" y="${round(y(tick) + 4)}" text-anchor="end">${escapeXml(format(tick))}</text>`,
    );
  for (const one of series) {
    const stroke = strokeOf(one, scheme);
    const path = line<LineSeries['points'][number]>(
      (p) => round(x(p.x)),
      (p) => round(y(p.y)),
    )([...one.points]);
    parts.push(`<path d="${path ?? ''}" fill="none" stroke="${stroke}" stroke-width="2"${dashOf(one)}/>`);
    for (const p of one.points) {
      parts.push(markPath(one.mark, x(p.x), y(p.y), stroke, surface));
      if (p.label !== undefined)
        parts.push(`<text x="${round(x(p.x) + 7)}" y="${round(y(p.y) - 6)}">${escapeXml(p.label)}</text>`);
    }
  }
  return parts;
}

const strokeOf = ({ tone }: LineSeries, scheme: Scheme): string =>
  (tone === 'value' ? PALETTES[scheme].unsigned.at(-1) : undefined) ?? INK[scheme];
const dashOf = ({ dash }: LineSeries): string => (dash === undefined ? '' : ` stroke-dasharray="${dash}"`);

/** A mark around a point. */
export function markShape(mark: LineMark, x: number, y: number, size: number = 4): string {
  const [px, py] = [round(x), round(y)];
  switch (mark) {
    case 'circle':
      return `M${round(x - size)} ${py}a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0Z`;
    case 'square':
      return `M${round(x - size)} ${round(y - size)}h${2 * size}v${2 * size}h${-2 * size}Z`;
    case 'diamond':
      return `M${px} ${round(y - size - 1)}L${round(x + size + 1)} ${py}L${px} ${round(y + size + 1)}L${round(x - size - 1)} ${py}Z`;
  }
}

const markPath = (mark: LineMark, x: number, y: number, stroke: string, fill: string): string =>
  `<path d="${markShape(mark, x, y)}" fill="${fill}" stroke="${stroke}" stroke-width="1.5"/>`;
