import { expect, test } from 'vitest';
import { apart, palette, reduce, type Colour } from './palette.ts';

const TOLD = 35_215 * 0.2 ** 2;
const picture = (...parts: readonly (readonly [Colour, number])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap(([colour, count]) => Array.from({ length: count }, () => [...colour]).flat()));

test('a small mark keeps its hue beside a page of greys', () => {
  const greys = Array.from({ length: 200 }, (_, i) => [[i, i, i] as Colour, 40] as const);
  const pixels = picture(...greys, [[0x87, 0x45, 0xb0], 30], [[0x17, 0x62, 0xb6], 30]);
  const colours = palette(pixels, 16);
  expect(colours).toHaveLength(16);
  for (const hue of [
    [0x87, 0x45, 0xb0],
    [0x17, 0x62, 0xb6],
  ] satisfies Colour[])
    expect(Math.min(...colours.map((colour) => apart(hue, colour)))).toBeLessThan(10);
  expect(reduce(pixels, colours, TOLD).off).toBe(0);
});

test('what a palette cannot hold is counted', () => {
  const pixels = picture([[255, 255, 255], 100], [[0, 0, 0], 10], [[255, 0, 0], 3]);
  expect(reduce(pixels, palette(pixels, 2), TOLD).off).toBe(3);
  const all = reduce(pixels, palette(pixels, 3), TOLD);
  expect(all.off).toBe(0);
  expect([...all.picture]).toEqual([...pixels]);
});

test('colours are as far apart as Playwright takes them to be', () => {
  expect(apart([0, 0, 0], [255, 255, 255])).toBeCloseTo(0.5053 * 255 ** 2, 0);
  expect(apart([255, 255, 255], [128, 128, 128])).toBeGreaterThan(TOLD);
  expect(apart([255, 255, 255], [210, 210, 210])).toBeLessThan(TOLD);
});
