/**
 * Makes the pictures of `e2e/visual` small enough to be committed: 16 colours each, which the comparison cannot tell from all of
 * them. Says what they weigh, and fails where that is too much.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { ROOT } from './lib/root.ts';

const FOLDER = join(ROOT, 'e2e', 'visual', 'pages.spec.ts-snapshots');
const MOST = { each: 60_000, all: 3_000_000 };

let all = 0;
const large: string[] = [];
for (const name of readdirSync(FOLDER)) {
  const path = join(FOLDER, name);
  const { isPalette } = await sharp(path).metadata();
  if (isPalette !== true)
    writeFileSync(
      path,
      await sharp(readFileSync(path)).png({ palette: true, colours: 16, dither: 0, effort: 10, compressionLevel: 9 }).toBuffer(),
    );
  const { size } = statSync(path);
  all += size;
  if (size > MOST.each) large.push(`${name} has ${size} bytes, ${MOST.each} are allowed\n`);
}
process.stdout.write(`${readdirSync(FOLDER).length} pictures, ${(all / 1e6).toFixed(2)} MB\n${large.join('')}`);
if (all > MOST.all) process.stdout.write(`All together may have ${MOST.all} bytes\n`);
process.exit(large.length > 0 || all > MOST.all ? 1 : 0);
