import { expect, it } from 'vitest';
import type { Hit } from './views/Hits.tsx';
import { hitsSvg } from './views/picture.tsx';

const hit = (feature: number, amount: number): Hit => ({
  key: `s/${feature}`,
  sae: 's',
  hook: 'blocks.2.hook_resid_post',
  feature,
  value: `v${feature}`,
  amount,
  of: '',
  fact: '',
});
const draw = (hits: readonly Hit[]): string =>
  hitsSvg(
    {
      title: 'Found',
      model: 'm',
      hits,
      names: ({ feature }) =>
        feature === 1 ? { name: 'a <name>', from: 'reader', f1: null } : { name: null, from: 'none', f1: null },
      legend: 'units',
    },
    'light',
  );
/** Where each bar begins, and how long it is. */
const bars = (svg: string): (readonly [number, number])[] =>
  [...svg.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="10"/g)].map(([, x, w]) => [Number(x), Number(w)]);

it('draws what was found as bars with names, in one direction where nothing is below 0', () => {
  const svg = draw([hit(1, 4), hit(2, 2), hit(3, NaN)]);
  expect(svg).toContain('L2 resid_post · 1 a &lt;name&gt;');
  const [a, b, c] = bars(svg);
  expect(b![0]).toBe(a![0]);
  expect(b![1]).toBeCloseTo(a![1] / 2, 1);
  expect(c![1]).toBe(0);
});

it('draws what lowers to the left, and says how many it draws', () => {
  const [up, down] = bars(draw([hit(1, 4), hit(2, -4)]));
  expect(down![0]).toBeCloseTo(up![0] - up![1], 1);
  const svg = draw(Array.from({ length: 60 }, (_, i) => hit(i, 1)));
  expect(bars(svg)).toHaveLength(40);
  expect(svg).toContain('units; the first 40 of 60');
  expect(bars(draw([]))).toEqual([]);
});
