import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DIST, launchChromium } from '../chromium-engine/index.ts';
import { ensureBuilt } from '../lib/build.ts';
import { serveFolder, type StaticServer } from '../lib/static-server.ts';

export interface EmbedMeasured {
  /** Bytes of the files that a frame asked for until its recorded result is drawn; in all, and as gzip would send them. */
  readonly before: Weight;
  /** Further bytes until its own result is drawn after Run: engine, WASM, weights, one dictionary. */
  readonly run: Weight;
  /** Further bytes of a second frame of the page, and its run: what it shares is not asked for again. */
  readonly second: Weight;
}

export interface Weight {
  readonly bytes: number;
  readonly zipped: number;
}

/** What an embed of `explore` costs a reader, in a fresh profile, in a page of another origin. */
export async function measureEmbed(): Promise<EmbedMeasured> {
  await ensureBuilt();
  const server = await serveFolder({ folder: DIST, isolated: false });
  const around = await serveFolder({
    folder: DIST,
    intercept(_, response) {
      const frame = `<iframe src="${server.url}#/embed/lab/explore" width="800" height="700"></iframe>`;
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><link rel="icon" href="data:,">${frame}`);
      return true;
    },
  });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(around.url.replace('localhost', '127.0.0.1'));
    const first = page.frameLocator('iframe').first();
    await first.getByText(/^Recorded result: /).waitFor();
    await page.waitForLoadState('networkidle');
    const before = weigh(server, 0);
    let asked = server.requests.length;
    await first.getByRole('button', { name: 'Run it here' }).click();
    await first.getByText(/^Live, /).waitFor({ timeout: 120_000 });
    const run = weigh(server, asked);
    asked = server.requests.length;
    await page.evaluate(() => document.body.append(document.querySelector('iframe')?.cloneNode() ?? ''));
    const second = page.frameLocator('iframe').nth(1);
    await second.getByRole('button', { name: 'Run it here' }).click();
    await second.getByText(/^Live, /).waitFor({ timeout: 120_000 });
    return { before, run, second: weigh(server, asked) };
  } finally {
    await browser.close();
    await Promise.all([server.close(), around.close()]);
  }
}

function weigh({ requests }: StaticServer, from: number): Weight {
  const files = requests.slice(from).map((path) => join(DIST, path.endsWith('/') ? `${path}index.html` : path));
  const there = files.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
  return {
    bytes: there.reduce((sum, file) => sum + statSync(file).size, 0),
    zipped: there.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0),
  };
}
