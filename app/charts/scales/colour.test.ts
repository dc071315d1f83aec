import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import {
  contrast,
  GAMMA,
  gradient,
  luminance,
  PALETTES,
  signedColour,
  stripColour,
  textOn,
  type Scheme,
  unsignedColour,
  withGamma,
} from './colour.ts';

const SCHEMES: Scheme[] = ['light', 'dark'];
const INK = { light: '#1c1b19', dark: '#ecebe7' };
const steps = Array.from({ length: 101 }, (_, i) => i / 100);

describe.each(SCHEMES)('colour scales, %s', (scheme) => {
  const palette = PALETTES[scheme];

  it('starts at the surface and ends at the palette', () => {
    expect(unsignedColour(0, scheme)).toBe(palette.surface);
    expect(unsignedColour(1, scheme)).toBe(palette.unsigned.at(-1));
    expect(signedColour(0, scheme)).toBe(palette.surface);
    expect(signedColour(1, scheme)).toBe(palette.positive);
    expect(signedColour(-1, scheme)).toBe(palette.negative);
  });

  it('is clamped, and takes NaN for zero', () => {
    expect(unsignedColour(7, scheme)).toBe(unsignedColour(1, scheme));
    expect(unsignedColour(-1, scheme)).toBe(palette.surface);
    expect(signedColour(-9, scheme)).toBe(palette.negative);
    expect(unsignedColour(NaN, scheme)).toBe(palette.surface);
    expect(signedColour(NaN, scheme)).toBe(palette.surface);
  });

  it('moves away from the surface without turning back', () => {
    for (const scale of [unsignedColour, signedColour, (t: number, s: Scheme) => signedColour(-t, s)]) {
      const light = steps.map((t) => luminance(scale(t, scheme)));
      const distance = light.map((l) => Math.abs(l - (light[0] ?? 0)));
      for (let i = 1; i < distance.length; i++) expect(distance[i]!).toBeGreaterThanOrEqual(distance[i - 1]! - 1e-3);
    }
  });

  it('keeps the ink readable on the whole of a token strip', () => {
    for (const t of steps) expect(contrast(INK[scheme], stripColour(t, scheme))).toBeGreaterThanOrEqual(4.5);
  });

  it('picks black or white text of at least 4.58 : 1 on every colour', () => {
    for (const t of steps)
      for (const colour of [unsignedColour(t, scheme), signedColour(t, scheme), signedColour(-t, scheme)])
        expect(contrast(textOn(colour), colour)).toBeGreaterThanOrEqual(4.58);
  });

  it('has the colours of the style sheet', () => {
    const css = readFileSync('app/styles/tokens.css', 'utf8');
    const dark = css.indexOf("[data-theme='dark']");
    const part = scheme === 'light' ? css.slice(0, dark) : css.slice(dark);
    const token = (name: string): string | undefined => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(part)?.[1];
    expect(palette.unsigned).toEqual(['u2', 'u3', 'u4', 'u5', 'u6'].map(token));
    expect([palette.surface, palette.negative, palette.positive]).toEqual(['surface', 'neg', 'pos'].map(token));
  });
});

describe('gamma', () => {
  it('keeps both ends and the order, and lifts faint values where it is below 1', () => {
    for (const gamma of [GAMMA.min, 0.5, GAMMA.none, GAMMA.max]) {
      expect([withGamma(0, gamma), withGamma(1, gamma), withGamma(3, gamma)]).toEqual([0, 1, 1]);
      expect([withGamma(NaN, gamma), withGamma(-1, gamma)]).toEqual([0, 0]);
      expect(withGamma(0.3, gamma)).toBeLessThan(withGamma(0.4, gamma));
    }
    expect(withGamma(0.25, 0.5)).toBe(0.5);
    expect(withGamma(0.25, 1)).toBe(0.25);
    expect(withGamma(0.5, 2)).toBe(0.25);
  });

  it('is in the legend: its ramp has the shades that values get', () => {
    const stops = gradient('unsigned', 'light', 0.5).match(/#[0-9a-f]{6}/g)!;
    expect(stops[1]).toBe(unsignedColour(Math.sqrt(0.1), 'light'));
    expect(stops.at(-1)).toBe(
      gradient('unsigned', 'light')
        .match(/#[0-9a-f]{6}/g)!
        .at(-1),
    );
  });
});
