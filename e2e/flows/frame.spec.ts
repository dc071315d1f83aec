import { expect, test } from './harness.ts';

const APP = /^assets\/index-.*\.js$/;

const PAGES: readonly (readonly [address: string, heading: string])[] = [
  ['#/', 'Look inside a language model'],
  ['#/lab/activations', 'What are the numbers at any hook, on any prompts?'],
  ['#/lists', 'Lists'],
];

test('before the app is there a page has its bar and heading, where the app then puts them', async ({ browser, site }) => {
  for (const width of [1280, 360]) {
    const context = await browser.newContext({ viewport: { width, height: 740 } });
    const page = await context.newPage();
    for (const [address, heading] of PAGES) {
      const goOn = site.holds(APP);
      await page.goto('about:blank');
      await page.goto(`${site.url}${address}`, { waitUntil: 'commit' });
      const title = page.locator('h1', { hasText: heading });
      await expect(page.locator('#boot').locator(title)).toBeVisible();
      const before = [await title.boundingBox(), await page.getByText('Vitrine', { exact: true }).boundingBox()];
      goOn();
      await expect(page.locator('main').locator(title)).toBeVisible();
      await expect(page.locator('#boot')).toHaveCount(0);
      expect([await title.boundingBox(), await page.getByRole('link', { name: 'Vitrine' }).boundingBox()]).toEqual(before);
    }
    await context.close();
  }
});

test('an embed has no frame of a page', async ({ page, site }) => {
  const goOn = site.holds(APP);
  await page.goto(`${site.url}#/embed/lab/explore`, { waitUntil: 'commit' });
  await expect(page.locator('#root')).toBeAttached();
  await expect(page.locator('#boot')).toHaveCount(0);
  goOn();
  await expect(page.locator('[data-source]').first()).toBeVisible();
});
