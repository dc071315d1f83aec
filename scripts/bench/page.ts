import { DIST, launchChromium } from '../chromium-engine/index.ts';
import { ensureBuilt } from '../lib/build.ts';
import { serveFolder } from '../lib/static-server.ts';
import { median } from './median.ts';

export interface PageMeasured {
  /** Navigation → the browser's first contentful paint. */
  readonly firstPaintMs: number;
  /** Navigation → the recorded result of `explore` is drawn. */
  readonly firstPictureMs: number;
  /** Bytes that came over the network until then. */
  readonly bytes: number;
}

/** A first visit of `explore` in a fresh profile, from a server on this machine. Medians. */
export async function measurePage(repeat: number): Promise<PageMeasured> {
  await ensureBuilt();
  const server = await serveFolder({ folder: DIST });
  const browser = await launchChromium();
  try {
    const visits: PageMeasured[] = [];
    for (let i = 0; i < repeat; i++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${server.url}#/lab/explore`);
      await page.locator('[data-features] > *').first().waitFor();
      visits.push(
        await page.evaluate(() => ({
          firstPictureMs: performance.now(),
          firstPaintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
          bytes: (performance.getEntries() as PerformanceResourceTiming[]).reduce((sum, e) => sum + (e.transferSize ?? 0), 0),
        })),
      );
      await context.close();
    }
    return {
      firstPaintMs: median(visits.map((visit) => visit.firstPaintMs)),
      firstPictureMs: median(visits.map((visit) => visit.firstPictureMs)),
      bytes: median(visits.map((visit) => visit.bytes)),
    };
  } finally {
    await browser.close();
    await server.close();
  }
}
