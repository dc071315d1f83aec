/**
 * Makes the pictures of `e2e/visual` small enough to be committed: 16 colours each, which the comparison hardly tells from all of
 * them, and more where it could. Says what they weigh, and fails where that is too much.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { palette, reduce } from './lib/palette.ts';
import { ROOT } from './lib/root.ts';

const FOLDER = join(ROOT, 'e2e', 'visual', 'pages.spec.ts-snapshots');
const MOST = { each: 60_000, all: 3_000_000 };
/** Colours further apart than this are told: `threshold` 0.2 of `playwright.config.ts`. */
const TOLD = 35_215 * 0.2 ** 2;
/** So many pixels of a picture may be: a fifth of what the comparison lets pass on a phone. */
const FEW = 10;

/** The same picture, with few colours where these do. */
async function small(path: string): Promise<Buffer> {
  const { data, info } = await sharp(readFileSync(path)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const few = reduce(data, palette(data, 16), TOLD);
  const colours = few.off <= FEW ? 16 : 256;
  const { picture } = colours === 16 ? few : reduce(data, palette(data, colours), TOLD);
  return sharp(picture, { raw: { width: info.width, height: info.height, channels: 3 } })
    .png({ palette: true, colours, dither: 0, effort: 10, compressionLevel: 9 })
    .toBuffer();
}

let all = 0;
const large: string[] = [];
for (const name of readdirSync(FOLDER)) {
  const path = join(FOLDER, name);
  const { isPalette } = await sharp(path).metadata();
  if (isPalette !== true) writeFileSync(path, await small(path));
  const { size } = statSync(path);
  all += size;
  if (size > MOST.each) large.push(`${name} has ${size} bytes, ${MOST.each} are allowed\n`);
}
process.stdout.write(`${readdirSync(FOLDER).length} pictures, ${(all / 1e6).toFixed(2)} MB\n${large.join('')}`);
if (all > MOST.all) process.stdout.write(`All together may have ${MOST.all} bytes\n`);
process.exit(large.length > 0 || all > MOST.all ? 1 : 0);
