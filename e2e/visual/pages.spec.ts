import type { Page } from '@playwright/test';
import { expect, MANIFEST, missing, test, WORKER, type Site } from '../flows/harness.ts';

/**
 * Pictures of views and states. The engine is held back, so that what is seen is what was recorded: the same bytes every time,
 * whatever machine draws them. Made with `npm run visual -- --update-snapshots`; fonts are the machine's own, so pictures
 * compare on the machine that made them.
 */
interface Scene {
  readonly name: string;
  readonly fragment: string;
  /** Before the page is opened. */
  readonly arrange?: (site: Site) => void;
  /** Brings the page into the state that is pictured. */
  readonly prepare?: (page: Page) => Promise<void>;
  /** The window only; else the whole page. */
  readonly window?: boolean;
}

const recorded = (page: Page): Promise<void> =>
  expect(page.locator('[data-source]').first()).toHaveAttribute('data-source', 'recorded', { timeout: 60_000 });
const tab =
  (name: string) =>
  async (page: Page): Promise<void> => {
    await recorded(page);
    await page.getByRole('tab', { name, exact: true }).click();
  };
const dialog =
  (open: (page: Page) => Promise<void>) =>
  async (page: Page): Promise<void> => {
    await recorded(page);
    await open(page);
    await expect(page.getByRole('dialog').first()).toBeVisible();
    await expect(page.getByRole('dialog').locator('[class*=skeleton]')).toHaveCount(0);
  };
const share = (name: string): ((page: Page) => Promise<void>) =>
  dialog(async (page) => {
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('dialog').getByRole('tab', { name, exact: true }).click();
  });

const SCENES: readonly Scene[] = [
  { name: 'home', fragment: '#/', prepare: recorded },
  { name: 'explore-lens', fragment: '#/lab/explore', prepare: tab('Lens') },
  { name: 'explore-attention', fragment: '#/lab/explore', prepare: tab('Attention') },
  { name: 'explore-next', fragment: '#/lab/explore', prepare: tab('Next token') },
  { name: 'activations', fragment: '#/lab/activations', prepare: recorded },
  { name: 'feature', fragment: '#/lab/feature-dashboard', prepare: recorded },
  { name: 'search', fragment: '#/lab/feature-search', prepare: recorded },
  { name: 'steering', fragment: '#/lab/steering', prepare: recorded },
  { name: 'models', fragment: '#/models' },
  { name: 'model', fragment: '#/models/primer', window: true },
  { name: 'embed', fragment: '#/embed/lab/explore', prepare: recorded },
  { name: 'embed-parts', fragment: '#/embed/lab/explore?parts=tokens', prepare: recorded },
  { name: 'nowhere', fragment: '#/what/is/this' },
  {
    name: 'damaged-link',
    fragment: '#/lab/explore?s=1.abc',
    prepare: (page) => page.getByRole('alert').first().waitFor(),
    window: true,
  },
  { name: 'no-models', fragment: '#/models', arrange: (site) => void site.breaks(MANIFEST, missing) },
  { name: 'palette', fragment: '#/', prepare: dialog((page) => page.keyboard.press('ControlOrMeta+k')), window: true },
  { name: 'keys', fragment: '#/', prepare: dialog((page) => page.keyboard.press('?')), window: true },
  {
    name: 'explain',
    fragment: '#/lab/explore',
    prepare: dialog((page) => page.getByRole('button', { name: 'Explain', exact: true }).click()),
    window: true,
  },
  { name: 'share-link', fragment: '#/lab/explore', prepare: share('Link'), window: true },
  { name: 'share-files', fragment: '#/lab/explore', prepare: share('Files'), window: true },
];

test.use({ quiet: false });

for (const colorScheme of ['light', 'dark'] as const)
  for (const [device, viewport] of Object.entries({ desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } }))
    test.describe(`${device}, ${colorScheme}`, () => {
      test.use({ colorScheme, viewport, reducedMotion: 'reduce', locale: 'en-GB', timezoneId: 'UTC' } as object);
      for (const scene of SCENES)
        test(scene.name, async ({ page, site }) => {
          const release = site.holds(WORKER);
          scene.arrange?.(site);
          await page.goto(`${site.url}${scene.fragment}`);
          await page.getByRole('main').waitFor();
          await scene.prepare?.(page);
          await expect(page.locator('[class*=skeleton]')).toHaveCount(0);
          await page.evaluate(() => document.fonts.ready);
          await expect(page).toHaveScreenshot(`${scene.name}-${device}-${colorScheme}.png`, {
            fullPage: scene.window !== true,
            animations: 'disabled',
            caret: 'hide',
            // What this machine or this build tells of itself, and the address that a test's server happens to have.
            mask: [page.locator('[data-volatile]'), page.getByRole('textbox', { name: 'Link' }), page.locator('footer time')],
            maxDiffPixelRatio: 0.001,
          });
          release();
        });
    });
