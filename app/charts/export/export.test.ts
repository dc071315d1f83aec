import { describe, expect, it } from 'vitest';
import { csv } from './csv.ts';
import { linesSvg } from './lines.ts';
import { barsSvg, escapeXml, matrixSvg } from './svg.ts';

describe('csv', () => {
  it('quotes what must be, and keeps numbers whole', () => {
    expect(
      csv(
        ['a', 'b, c'],
        [
          ['x"y', 0.1 + 0.2],
          [' z', -1e-9],
          ['line\nbreak', NaN],
        ],
      ),
    ).toBe('a,"b, c"\r\n"x""y",0.30000000000000004\r\n" z",-1e-9\r\n"line\nbreak",\r\n');
  });

  it('gives a spreadsheet nothing to run', () => {
    expect(csv(['t'], [['=1+1'], ['-'], ['@x']])).toBe("t\r\n'=1+1\r\n'-\r\n'@x\r\n");
  });
});

describe('svg files', () => {
  const matrix = (name: string): string =>
    matrixSvg(
      {
        title: `<script>${name}`,
        rows: [name],
        columns: ['a', 'b'],
        value: (_, column) => (column === 0 ? 1 : NaN),
        colour: () => '#8745b0',
        text: () => name,
        cell: [40, 20],
        legend: '0 to 1',
      },
      'dark',
    );

  it('escape every text', () => {
    expect(matrix('"&<b>')).not.toMatch(/<script>|<b>/);
    expect(escapeXml('a\u0001b\ud800')).toBe('a\ufffdb\ufffd');
  });

  it('draw a cell for each number, none where there is none', () => {
    const svg = matrix('x');
    // The background, and one cell.
    expect(svg.match(/<rect/g)).toHaveLength(2);
    expect(svg).toContain('fill="#ffffff">x</text>');
  });

  it('draw − to the left of the middle and + to the right, on one scale', () => {
    const svg = barsSvg(
      {
        title: 't',
        bars: [
          { label: 'p', value: 2, text: '+2' },
          { label: 'n', value: -1, text: '−1' },
        ],
        full: 2,
        signed: true,
        legend: '',
      },
      'light',
    );
    const rects = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)"[^>]*fill="(#\w+)"/g)].map(([, x, w, fill]) => ({
      x: Number(x),
      w: Number(w),
      fill,
    }));
    expect(rects.map(({ w }) => w)).toEqual([160, 80]);
    expect(rects[0]!.x - (rects[1]!.x + rects[1]!.w)).toBeCloseTo(0);
    expect(rects.map(({ fill }) => fill)).toEqual(['#1762b6', '#c94c18']);
  });

  it('draw lines through their points, higher values higher up, each told apart by its mark', () => {
    const svg = linesSvg(
      {
        title: 'a < b',
        panels: [
          {
            label: 'effect',
            include: [0],
            band: { upTo: 1, label: 'coherent' },
            series: [
              {
                name: 'add',
                mark: 'circle',
                tone: 'value',
                points: [
                  { x: -1, y: 0 },
                  { x: 0, y: 1, label: '+1' },
                  { x: 1, y: 4 },
                ],
              },
              { name: 'set <i>', mark: 'square', tone: 'ink', dash: '6 3', points: [{ x: 0, y: 2 }] },
            ],
          },
        ],
        xLabel: 'strength',
        x: [-1, 1],
        format: [String, String],
        mark: 5,
        legend: 'n = 2',
      },
      'light',
    );
    const [, ...numbers] = /<path d="M([\d.]+),([\d.]+)L([\d.]+),([\d.]+)L([\d.]+),([\d.]+)" fill="none"/.exec(svg) ?? [];
    const [x0, y0, x1, y1, x2, y2] = numbers.map(Number) as [number, number, number, number, number, number];
    expect([x1 - x0, x2 - x1]).toEqual([260, 260]);
    expect(y0).toBeGreaterThan(y1);
    expect(y1 - y2).toBeCloseTo(3 * (y0 - y1), 1);
    // Three circles and a square, and each again in the legend; the mark at 5 is outside.
    expect(svg.match(/a4 4 0 1 0/g)).toHaveLength(8);
    expect(svg.match(/h8v8h-8Z/g)).toHaveLength(2);
    expect(svg).not.toContain('stroke-dasharray="3 3"');
    expect(svg).toContain('set &lt;i&gt;');
    expect(svg).not.toContain('<i>');
  });
});
