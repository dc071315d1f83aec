import { interpolateLab, piecewise, rgb } from 'd3';

/** The two colour schemes of the interface; each has its own ramps, as zero is the surface and the surface differs. */
export type Scheme = 'light' | 'dark';

interface Palette {
  readonly surface: string;
  /** From barely seen to the largest value. */
  readonly unsigned: readonly string[];
  readonly negative: string;
  readonly positive: string;
}

/** The values of `app/styles/tokens.css` (`--u2` … `--u6`, `--neg`, `--pos`), for canvases and files. */
export const PALETTES: Readonly<Record<Scheme, Palette>> = {
  light: {
    surface: '#fbfaf8',
    unsigned: ['#e3d6eb', '#cbb2de', '#b48ecf', '#9d6bc0', '#8745b0'],
    negative: '#c94c18',
    positive: '#1762b6',
  },
  dark: {
    surface: '#171613',
    unsigned: ['#362d39', '#584663', '#7d5f91', '#a47bc1', '#cc97f3'],
    negative: '#f47f46',
    positive: '#5db2f7',
  },
};

/** Part of the ramp that token strips use, so that the ink on it never has to flip: at 60 % the dark scheme's ink falls to 4.49 : 1. */
export const STRIP_SHARE = 0.58;
const STEPS = 256;

const table = (interpolate: (t: number) => string): readonly string[] =>
  Array.from({ length: STEPS }, (_, i) => rgb(interpolate(i / (STEPS - 1))).formatHex());

interface Tables {
  readonly unsigned: readonly string[];
  readonly negative: readonly string[];
  readonly positive: readonly string[];
}
const tables = (palette: Palette): Tables => ({
  unsigned: table(piecewise(interpolateLab, [palette.surface, ...palette.unsigned])),
  negative: table(interpolateLab(palette.surface, palette.negative)),
  positive: table(interpolateLab(palette.surface, palette.positive)),
});
const made: Partial<Record<Scheme, Tables>> = {};
/** Made when first drawn with: a page shows one scheme, and some of its pictures none. */
const tablesOf = (scheme: Scheme): Tables => (made[scheme] ??= tables(PALETTES[scheme]));

const pick = (from: readonly string[], share: number): string =>
  from[Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1))] ?? '#808080';

/**
 * Unsigned scale (activation, attention, probability): surface → violet.
 * @param share of the domain's maximum, clamped to 0 … 1; NaN is 0
 */
export function unsignedColour(share: number, scheme: Scheme): string {
  return pick(tablesOf(scheme).unsigned, Number.isNaN(share) ? 0 : share);
}

/** The same for a token strip: only the lower part of the ramp. */
export function stripColour(share: number, scheme: Scheme): string {
  return unsignedColour(Math.min(1, share) * STRIP_SHARE, scheme);
}

/**
 * Signed scale (attribution, difference, effect): vermilion − · surface 0 · blue +.
 * @param share of the symmetric domain's end, clamped to −1 … 1; NaN is 0
 */
export function signedColour(share: number, scheme: Scheme): string {
  const { negative, positive } = tablesOf(scheme);
  return Number.isNaN(share) ? pick(positive, 0) : pick(share < 0 ? negative : positive, Math.abs(share));
}

/** Bounds of a gamma that a reader may set, and the one that leaves shades as they are. */
export const GAMMA = { min: 0.25, max: 2, none: 1 } as const;

/** Share of full colour for a share of the domain: below 1, faint values show more; the ends stay. NaN is 0. */
export const withGamma = (share: number, gamma: number): number => (share > 0 ? Math.min(1, share) ** gamma : 0);

/** WCAG relative luminance, 0 … 1. */
export function luminance(colour: string): number {
  const { r, g, b } = rgb(colour);
  const linear = (channel: number): number => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** WCAG contrast of two colours, 1 … 21. */
export function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Pure black or white, whichever reads better on a colour: never below 4.58 : 1. */
export function textOn(colour: string): '#000000' | '#ffffff' {
  return contrast(colour, '#000000') >= contrast(colour, '#ffffff') ? '#000000' : '#ffffff';
}

/** CSS gradient of a whole scale, for legends. @param gamma of the unsigned scale */
export function gradient(kind: 'unsigned' | 'signed', scheme: Scheme, gamma: number = GAMMA.none): string {
  const stops = Array.from({ length: 11 }, (_, i) =>
    kind === 'unsigned' ? unsignedColour(withGamma(i / 10, gamma), scheme) : signedColour(i / 5 - 1, scheme),
  );
  return `linear-gradient(90deg, ${stops.join(', ')})`;
}
