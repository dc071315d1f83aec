/**
 * Pictures of the labs for the README and for looking at: `docs/images/<what>-<desktop|phone>-<light|dark>.png`, from the
 * built site with a live result. `--only TEXT` takes those whose name contains it; `--out DIR` is another folder.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from '@playwright/test';
import { DIST, launchChromium } from './chromium-engine/index.ts';
import { ensureBuilt } from './lib/build.ts';
import { ROOT } from './lib/root.ts';
import { serveFolder } from './lib/static-server.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, out: { type: 'string', default: join(ROOT, 'docs', 'images') } },
});

interface Scene {
  readonly name: string;
  readonly fragment: string;
  /** The part in view only; else the whole page. */
  readonly cut?: boolean;
  /** Brings the page into the state that is pictured. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const live = async (page: Page): Promise<void> => {
  await page
    .getByText(/^Live: /)
    .first()
    .waitFor({ timeout: 60_000 });
};
const tab =
  (name: string) =>
  async (page: Page): Promise<void> => {
    await live(page);
    await page.getByRole('tab', { name, exact: true }).click();
  };

/** The page of the feature that the lab's examples show first after the one that is merely the first of its dictionary. */
function featureAddress(): string {
  const examples = JSON.parse(readFileSync(join(ROOT, 'labs', 'feature-dashboard', 'examples.json'), 'utf8')) as {
    title: string;
    spec: { model: string; saes: string[]; params: { feature?: number } };
  }[];
  const spec = examples.find((example) => example.title.startsWith('A bad word'))?.spec ?? examples[0]?.spec;
  return `#/feature/${spec?.model ?? 'primer'}/${spec?.saes[0] ?? ''}/${spec?.params.feature ?? 0}`;
}
const shared = async (page: Page): Promise<void> => {
  await live(page);
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByRole('dialog').waitFor();
};

const SCENES: readonly Scene[] = [
  { name: 'feature', fragment: featureAddress(), prepare: live },
  { name: 'steering', fragment: '#/lab/steering', prepare: live },
  { name: 'search', fragment: '#/lab/feature-search', prepare: live, cut: true },
  { name: 'share', fragment: '#/lab/steering', prepare: shared, cut: true },
  { name: 'explore', fragment: '#/lab/explore', prepare: live },
  { name: 'explore-lens', fragment: '#/lab/explore', prepare: tab('Lens') },
  { name: 'explore-attention', fragment: '#/lab/explore', prepare: tab('Attention') },
  { name: 'explore-next', fragment: '#/lab/explore', prepare: tab('Next token') },
  { name: 'activations', fragment: '#/lab/activations', prepare: live },
  { name: 'model', fragment: '#/models/primer', cut: true },
];
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const;

await ensureBuilt();
mkdirSync(values.out, { recursive: true });
const server = await serveFolder({ folder: DIST });
const browser = await launchChromium();
let failed = 0;
for (const { name, fragment, cut, prepare } of SCENES) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const file = `${name}-${size}-${colorScheme}.png`;
      if (!file.includes(values.only)) continue;
      const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
      const page = await context.newPage();
      try {
        await page.goto(`${server.url}${fragment}`);
        await page.locator('main').waitFor();
        await prepare?.(page);
        await page.evaluate(() => document.fonts.ready);
        await page.waitForTimeout(300);
        await page.screenshot({ path: join(values.out, file), fullPage: cut !== true, animations: 'disabled' });
        process.stdout.write(`${file}\n`);
      } catch (error) {
        failed++;
        process.stdout.write(`${file}: ${error instanceof Error ? error.message : String(error)}\n`);
      } finally {
        await context.close();
      }
    }
  }
}
await browser.close();
await server.close();
process.exit(failed > 0 ? 1 : 0);
