import type { Page } from '@playwright/test';
import { expect, missing, quiet, test, WORKER, type Site } from '../flows/harness.ts';
import { errorNotice, expectLive, features, openSheet, openTab, promptBox, strip } from '../flows/reader.ts';
import { faults, faultsOfLooks } from './faults.ts';

const settled = async (page: Page, site: Site): Promise<void> => {
  await page.getByRole('main').waitFor();
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeAttached();
  await quiet(site, 500);
};

/** Every address that the site has, and what brings it into its full state. */
const ROUTES: readonly { readonly name: string; readonly fragment: string; readonly ready?: (page: Page) => Promise<void> }[] = [
  { name: 'home', fragment: '#/', ready: (page) => expectLive(page) },
  { name: 'activations', fragment: '#/lab/activations', ready: (page) => expectLive(page) },
  { name: 'finding features', fragment: '#/lab/feature-search', ready: (page) => expectLive(page) },
  { name: 'a feature', fragment: '#/feature/primer/blocks.2.hook_resid_post/7', ready: (page) => expectLive(page) },
  { name: 'dictionaries', fragment: '#/features/primer' },
  { name: 'features of a dictionary', fragment: '#/features/primer/blocks.2.hook_resid_post' },
  { name: 'steering', fragment: '#/lab/steering', ready: (page) => expectLive(page) },
  { name: 'lists', fragment: '#/lists' },
  { name: 'a list that is not there', fragment: '#/lists/nothere' },
  { name: 'models', fragment: '#/models' },
  { name: 'a model', fragment: '#/models/primer' },
  { name: 'a model that is not there', fragment: '#/models/nobody' },
  { name: 'an unknown page', fragment: '#/what/is/this' },
  { name: 'an unknown lab', fragment: '#/lab/nowhere' },
  { name: 'a damaged link', fragment: '#/lab/explore?s=1.abc', ready: (page) => page.getByRole('alert').first().waitFor() },
  { name: 'an embed', fragment: '#/embed/lab/explore', ready: (page) => features(page).first().waitFor() },
  { name: 'an embed of an unknown lab', fragment: '#/embed/lab/nowhere' },
];

async function openExplore(page: Page, site: Site): Promise<void> {
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
}

const DIALOGS: readonly { readonly name: string; readonly open: (page: Page) => Promise<void> }[] = [
  { name: 'the palette', open: (page) => page.keyboard.press('ControlOrMeta+k') },
  { name: 'the model sheet', open: (page) => page.getByRole('button', { name: /Open the model sheet/ }).click() },
  { name: 'the keys', open: (page) => page.keyboard.press('?') },
  { name: 'the explanation', open: (page) => page.getByRole('button', { name: 'Explain', exact: true }).click() },
  { name: 'the provenance', open: (page) => page.getByRole('button', { name: 'How was this computed?' }).last().click() },
  { name: 'the dictionaries', open: (page) => page.getByRole('button', { name: /^Read with/ }).click() },
  ...['Link', 'Embed', 'Files', 'Cite'].map((tab) => ({
    name: `sharing, ${tab}`,
    open: async (page: Page): Promise<void> => {
      await page.getByRole('button', { name: 'Share', exact: true }).click();
      await page.getByRole('dialog').getByRole('tab', { name: tab, exact: true }).click();
      if (tab === 'Embed')
        await page
          .frameLocator('iframe')
          .getByText(/^Recorded result: /)
          .waitFor();
    },
  })),
];

// The longest file by far: its tests are spread over all workers.
test.describe.configure({ mode: 'parallel' });

for (const { name, fragment, ready } of ROUTES)
  test(`${name}: free of faults in every look`, async ({ page, site }) => {
    await page.goto(`${site.url}${fragment}`);
    await settled(page, site);
    await ready?.(page);
    expect(await faultsOfLooks(page, name)).toEqual([]);
  });

for (const tab of ['Features', 'Lens', 'Attention', 'Next token'])
  test(`${tab} of a prompt: free of faults in every look, as picture and as table`, async ({ page, site }) => {
    await openExplore(page, site);
    await strip(page)
      .getByRole('button', { name: /^Token 4,/ })
      .click();
    await features(page).first().click();
    await openTab(page, tab);
    const found = [...(await faultsOfLooks(page, tab))];
    await page.getByRole('main').getByRole('button', { name: 'View as table' }).first().click();
    await page.getByRole('main').getByRole('button', { name: 'Save', exact: true }).first().click();
    found.push(...(await faultsOfLooks(page, `${tab}, as a table`)));
    expect(found).toEqual([]);
  });

for (const { name, open } of DIALOGS)
  test(`${name}, over the page: free of faults in every look`, async ({ page, site }) => {
    test.slow();
    await openExplore(page, site);
    await open(page);
    await expect(page.getByRole('dialog').first()).toBeVisible();
    await expect(page.getByRole('dialog').locator('[class*=skeleton]')).toHaveCount(0);
    expect(await faultsOfLooks(page, name)).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });

test('errors, and what asks for a name, are free of faults in every look', async ({ page, site }) => {
  const found: string[] = [];
  await page.goto(`${site.url}#/lists`);
  await page.getByRole('button', { name: 'New list' }).click();
  await expect(page.getByRole('dialog', { name: 'New list' })).toBeVisible();
  found.push(...(await faultsOfLooks(page, 'a new list')));
  await page.keyboard.press('Escape');
  await page.goto(`${site.url}#/lab/steering`);
  await expectLive(page);
  await promptBox(page).fill('');
  await expect(errorNotice(page)).toBeVisible();
  found.push(...(await faultsOfLooks(page, 'an empty prompt')));
  await page.goto(`${site.url}#/feature/primer/blocks.2.hook_resid_post/99999`);
  await expect(errorNotice(page)).toBeVisible();
  found.push(...(await faultsOfLooks(page, 'a feature that is not there')));
  expect(found).toEqual([]);
});

test.describe('without an engine', () => {
  // The worker that is missing is complained of in the console.
  test.use({ quiet: false });

  test('what says so is free of faults in every look', async ({ page, site }) => {
    site.breaks(WORKER, missing);
    await page.goto(site.url);
    await expect(errorNotice(page)).toContainText('The engine stopped');
    const found = [...(await faultsOfLooks(page, 'a page without its engine'))];
    await page.setViewportSize({ width: 1280, height: 800 });
    const sheet = await openSheet(page);
    await expect(sheet.getByRole('alert')).toBeVisible();
    found.push(...(await faultsOfLooks(page, 'the model sheet without an engine')));
    expect(found).toEqual([]);
  });
});

test('where less motion is asked for, nothing moves, not even while the engine works', async ({ page, site }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const arrive = site.holds(WORKER);
  await page.goto(site.url);
  await features(page).first().waitFor();
  await page.getByRole('button', { name: /Open the model sheet/ }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter((a) => Number(a.effect?.getComputedTiming().activeDuration ?? 0) > 20 && a.playState === 'running')
      .map((a) => `${(a as CSSAnimation).animationName ?? ''} ${(a.effect as KeyframeEffect | null)?.target?.className ?? ''}`),
  );
  expect(moving).toEqual([]);
  await page.keyboard.press('Escape');
  arrive();
  await expectLive(page);
});

test('with forced colours, what is selected and what has the focus are still told by an outline', async ({ page, site }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await page.goto(site.url);
  await expectLive(page);
  const token = strip(page).getByRole('button', { name: /^Token 3,/ });
  const other = strip(page).getByRole('button', { name: /^Token 5,/ });
  const outline = (): Promise<readonly string[]> =>
    Promise.all(
      [token, other].map((mark) =>
        mark.evaluate((e) => {
          const { outlineStyle, outlineWidth, borderStyle, borderWidth, borderColor } = getComputedStyle(e);
          return [outlineStyle, outlineWidth, borderStyle, borderWidth, borderColor].join(' ');
        }),
      ),
    );
  await token.click();
  await page.getByRole('heading', { level: 1 }).click();
  await page.mouse.move(0, 0);
  // Neither hovered nor focused: only the selection tells them apart.
  await expect.poll(async () => new Set(await outline()).size).toBe(2);
  await promptFocus(page);
  const ring = await page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
    return `${outlineStyle} ${outlineWidth}`;
  });
  expect(ring).not.toMatch(/none| 0px/);
  // Colours are the reader's own here, whatever the style sheet says, so their contrast is not the page's.
  expect(await faults(page, 'forced colours', ['color-contrast'])).toEqual([]);
});

async function promptFocus(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Features' }).focus();
  await page.keyboard.press('ArrowRight');
}
