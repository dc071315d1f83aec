/**
 * `npx tsx scripts/icons.ts`: the PNG icons of the web manifest, drawn from `public/icon.svg` in Chromium. Maskable ones have a
 * full surface and the drawing inside of the middle 60 %, which every mask leaves.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium } from './chromium-engine/index.ts';
import { ROOT } from './lib/root.ts';

const SURFACE = '#fbfaf8';
interface Icon {
  readonly name: string;
  readonly size: number;
  /** Share of the picture that the drawing takes; the rest is surface. Null: all of it, on nothing. */
  readonly inset: number | null;
}
const ICONS: readonly Icon[] = [
  { name: 'icon-192', size: 192, inset: null },
  { name: 'icon-512', size: 512, inset: null },
  { name: 'maskable-192', size: 192, inset: 0.6 },
  { name: 'maskable-512', size: 512, inset: 0.6 },
  { name: 'apple-touch-icon', size: 180, inset: 0.72 },
];

const svg = readFileSync(join(ROOT, 'public', 'icon.svg'), 'utf8');
const folder = join(ROOT, 'public', 'icons');
mkdirSync(folder, { recursive: true });
const browser = await launchChromium();
const page = await browser.newPage();
for (const { name, size, inset } of ICONS) {
  await page.setViewportSize({ width: size, height: size });
  const edge = Math.round(size * (inset ?? 1));
  await page.setContent(
    `<style>html,body{margin:0;height:100%;background:${inset === null ? 'transparent' : SURFACE}}
    body{display:grid;place-items:center}svg{width:${edge}px;height:${edge}px;display:block}</style>${svg}`,
  );
  const png = await page.screenshot({ omitBackground: inset === null, type: 'png' });
  writeFileSync(join(folder, `${name}.png`), png);
  process.stdout.write(`${name}.png: ${size} × ${size}, ${png.length} bytes\n`);
}
await browser.close();
