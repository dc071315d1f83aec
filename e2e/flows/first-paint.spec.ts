import type { Locator, Page } from '@playwright/test';
import { expect, quiet, test, WORKER } from './harness.ts';
import { expectLive, features } from './reader.ts';

const FORMS = {
  desktop: { width: 1350, height: 940 },
  phone: { width: 412, height: 823 },
} as const;

const kept = (page: Page): Locator => page.getByRole('table', { name: 'What is kept in this browser' });

/** Each page with what tells that nothing more comes. */
const PAGES: readonly (readonly [fragment: string, settled: (page: Page) => Promise<void>])[] = [
  ['#/', expectLive],
  ['#/lab/activations', expectLive],
  ['#/lab/steering', expectLive],
  ['#/lab/feature-search', expectLive],
  ['#/feature/primer/blocks.1.hook_resid_post/100', expectLive],
  ['#/features/primer/blocks.1.hook_resid_post', (page) => expect(page.getByRole('row').nth(5)).toBeVisible()],
  ['#/models', (page) => expect(kept(page).getByRole('row').nth(1)).toBeVisible()],
  ['#/models/primer', (page) => expect(page.getByRole('table').first()).toBeVisible()],
  ['#/lists', (page) => expect(page.getByRole('button', { name: 'New list' })).toBeVisible()],
];

interface Shift {
  readonly value: number;
  readonly moved: readonly string[];
}

/** Notes whatever moves under a reader who has touched nothing. */
async function watchShifts(page: Page): Promise<() => Promise<readonly Shift[]>> {
  await page.addInitScript(() => {
    interface LayoutShift extends PerformanceEntry {
      readonly value: number;
      readonly hadRecentInput: boolean;
      readonly sources: readonly { readonly node: Node | null }[];
    }
    const shifts: Shift[] = [];
    Reflect.set(window, 'shifts', shifts);
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries() as LayoutShift[])
        if (!hadRecentInput)
          shifts.push({
            value,
            moved: sources.map(({ node }) =>
              node instanceof Element ? node.outerHTML.slice(0, 90) : (node?.nodeName ?? 'gone'),
            ),
          });
    }).observe({ type: 'layout-shift', buffered: true });
  });
  return () => page.evaluate(() => Reflect.get(window, 'shifts') as Shift[]);
}

for (const [form, viewport] of Object.entries(FORMS))
  test(`nothing moves while results stream in, on a ${form}`, async ({ browser, site }) => {
    test.slow();
    for (const [fragment, settled] of PAGES) {
      const context = await browser.newContext({ viewport, serviceWorkers: 'block' });
      const page = await context.newPage();
      const shifts = await watchShifts(page);
      await page.goto(`${site.url}${fragment}`);
      await settled(page);
      // What is drawn after the answer is there: names, sizes, what is kept.
      await quiet(site, 500);
      const found = await shifts();
      const total = found.reduce((sum, { value }) => sum + value, 0);
      expect(total, `${fragment}: ${JSON.stringify(found, null, 1)}`).toBeLessThan(0.1);
      await context.close();
    }
  });

test('a page asks for its own code while the app is on its way, once, and for nothing that it does not show', async ({
  page,
  site,
}) => {
  const app = /^assets\/index-.*\.js$/;
  const asked = (pattern: RegExp): string[] => site.requests.filter((path) => pattern.test(path));
  const view = /\/assets\/view-.*\.js$/;
  const arrive = site.holds(app);
  const engine = site.holds(WORKER);
  await page.goto(site.url, { waitUntil: 'commit' });
  await expect.poll(() => asked(view).length).toBe(1);
  arrive();
  await expect(features(page).first()).toBeVisible();
  await quiet(site);
  // No other lab, no menus and windows that nobody has opened, no full-text search; of the dashboards what names the features.
  expect(asked(view)).toHaveLength(1);
  expect(asked(/MenuList|SuggestingField|NewListDialog|Dialogs|minisearch/i)).toEqual([]);
  expect(asked(/\/dashboards\//).map((path) => path.replace(/^.*\//, ''))).toEqual(['manifest.json', 'index.bin']);
  const scripts = asked(/\/assets\/|\.json$/);
  expect(scripts.filter((path, i) => scripts.indexOf(path) !== i)).toEqual([]);
  engine();
});

test('a search by prompt reads the names of features once, and menus when one is near', async ({ page, site }) => {
  const asked = (pattern: RegExp): string[] => site.requests.filter((path) => pattern.test(path));
  const engine = site.holds(WORKER);
  await page.goto(`${site.url}#/lab/feature-search`);
  const list = page.getByRole('button', { name: /^Add feature/ }).first();
  await expect(list).toBeVisible();
  await quiet(site);
  await expect.poll(() => asked(/index\.bin$/).length).toBe(12);
  expect(asked(/tokens\.bin$|MenuList|minisearch/i)).toEqual([]);
  engine();
  await expectLive(page);
  expect(asked(/index\.bin$/)).toHaveLength(12);
  await list.hover();
  await expect.poll(() => asked(/MenuList/).length).toBe(1);
  await list.click();
  await expect(page.getByRole('menuitem', { name: 'New list…' })).toBeVisible();
});
