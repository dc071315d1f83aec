/** Red, green and blue, 0–255 each. */
export type Colour = readonly [number, number, number];

/** How far apart two colours look: the measure with which Playwright compares pixels (YIQ, squared; at most 35,215). */
export function apart(a: Colour, b: Colour): number {
  const [r, g, blue] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const y = r * 0.29889531 + g * 0.58662247 + blue * 0.11448223;
  const i = r * 0.59597799 - g * 0.2741761 - blue * 0.32180189;
  const q = r * 0.21147017 - g * 0.52261711 + blue * 0.31114694;
  return 0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q;
}

/** Colours of a picture and how many pixels have each, those that hardly differ taken together. @param pixels 3 bytes each */
function histogram(pixels: Uint8Array): Map<number, { readonly colour: Colour; count: number }> {
  const found = new Map<number, { readonly colour: Colour; count: number }>();
  for (let at = 0; at < pixels.length; at += 3) {
    const [r = 0, g = 0, b = 0] = pixels.subarray(at, at + 3);
    const key = ((r >> 2) << 12) | ((g >> 2) << 6) | (b >> 2);
    const same = found.get(key);
    if (same) same.count++;
    else found.set(key, { colour: [r, g, b], count: 1 });
  }
  return found;
}

/**
 * The colours that stand for all of a picture. Each next one is what is furthest from those before; that many pixels have it
 * counts little, so that the few pixels of a small mark keep their hue.
 */
export function palette(pixels: Uint8Array, size: number): readonly Colour[] {
  const all = [...histogram(pixels).values()].sort((a, b) => b.count - a.count);
  const chosen: Colour[] = all.slice(0, 1).map(({ colour }) => colour);
  const distance = all.map(({ colour }) => (chosen[0] ? apart(colour, chosen[0]) : 0));
  while (chosen.length < Math.min(size, all.length)) {
    let best = 0;
    let most = -1;
    for (const [i, { count }] of all.entries()) {
      const gain = (distance[i] ?? 0) * Math.log2(1 + count);
      if (gain > most) [best, most] = [i, gain];
    }
    const next = all[best]?.colour;
    if (!next || most <= 0) break;
    chosen.push(next);
    for (const [i, { colour }] of all.entries()) distance[i] = Math.min(distance[i] ?? 0, apart(colour, next));
  }
  return chosen;
}

/** Puts the nearest colour of a palette in each pixel's place. @returns the picture, and how many pixels are further off than `told` */
export function reduce(pixels: Uint8Array, colours: readonly Colour[], told: number): { picture: Uint8Array; off: number } {
  const picture = new Uint8Array(pixels.length);
  const known = new Map<number, { colour: Colour; far: boolean }>();
  let off = 0;
  for (let at = 0; at < pixels.length; at += 3) {
    const [r = 0, g = 0, b = 0] = pixels.subarray(at, at + 3);
    const key = (r << 16) | (g << 8) | b;
    let nearest = known.get(key);
    if (!nearest) {
      const colour = colours.reduce((a, c) => (apart([r, g, b], c) < apart([r, g, b], a) ? c : a));
      nearest = { colour, far: apart([r, g, b], colour) > told };
      known.set(key, nearest);
    }
    picture.set(nearest.colour, at);
    if (nearest.far) off++;
  }
  return { picture, off };
}
