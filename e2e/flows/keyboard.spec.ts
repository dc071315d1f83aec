import { expect, test, WORKER } from './harness.ts';
import { expectLive, expectTokens, features, OTHER, promptBox, strip } from './reader.ts';
import type { Page } from '@playwright/test';

/** Goes on with Tab until what has the focus fits. */
async function tabTo(page: Page, fits: string, most = 80): Promise<void> {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((selector) => document.activeElement?.matches(selector) === true, fits)) return;
  }
  throw new Error(`the Tab key does not lead to ${fits}`);
}
const focused = (page: Page): Promise<string | null> =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? null);

test('from the first visit to a selected feature without a mouse', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);

  // The skip link comes first, and leads to the content.
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();

  // `/` goes to the prompt; the run needs no mouse either.
  await page.keyboard.press('/');
  await expect(promptBox(page)).toBeFocused();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(OTHER);
  await page.keyboard.press('Control+Enter');
  await expectLive(page);
  await expectTokens(page, OTHER);
  // Enter alone is a line of the prompt, and `?` in it a question mark.
  await page.keyboard.press('End');
  await page.keyboard.type('?');
  await expect(promptBox(page)).toHaveValue(`${OTHER}?`);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('Backspace');
  await expectLive(page);

  // The strip is one stop; arrows move in it, Enter selects.
  await tabTo(page, '[data-position]');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  expect(await focused(page)).toMatch(/^Token 2,/);
  await page.keyboard.press('Enter');
  await expect(strip(page).getByRole('button', { pressed: true })).toHaveAccessibleName(/^Token 2,/);
  await page.keyboard.press('Shift+ArrowRight');
  await expect(strip(page).getByRole('button', { pressed: true })).toHaveCount(2);

  // The tabs are one stop; arrows choose.
  await tabTo(page, '[role=tab]');
  for (const name of ['Lens', 'Attention', 'Next token', 'Features']) {
    await page.keyboard.press('ArrowRight');
    await expect(page.getByRole('tab', { name, exact: true })).toBeFocused();
    await expect(page.getByRole('tab', { name, exact: true })).toHaveAttribute('aria-selected', 'true');
  }

  // The features are one stop; j and k move, p pins.
  await tabTo(page, '[data-features] button');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  const second = await features(page).nth(1).getAttribute('aria-label');
  expect(await focused(page)).toBe(second);
  await page.keyboard.press('p');
  await expect(page.getByRole('list', { name: 'Pinned features' }).getByRole('button')).toHaveCount(1);
  const id = /^Feature (\d+)/.exec(second ?? '')?.[1];
  await expect(page.getByRole('list', { name: 'Pinned features' }).getByRole('button')).toHaveAccessibleName(
    new RegExp(`^Feature ${id} `),
  );
});

test('maps are one stop each: arrows move over the cells, Enter selects, Tab leads on', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  await page.getByRole('tab', { name: 'Lens' }).focus();
  await page.keyboard.press('Enter');
  await tabTo(page, '[data-cell]');
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('[data-cell="1-1"]')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-cell="1-1"]')).toHaveAttribute('aria-pressed', 'true');

  await page.getByRole('tab', { name: 'Attention' }).focus();
  await page.keyboard.press('Enter');
  await tabTo(page, '[role=application]');
  const map = page.getByRole('application');
  await expect(map).toBeFocused();
  await page.keyboard.press('Control+End');
  await page.keyboard.press('ArrowLeft');
  await expect(map).toHaveAccessibleDescription(/ reads /);
  await page.keyboard.press('Tab');
  await expect(map).not.toBeFocused();
});

test('the palette, the list of keys, and Escape', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.keyboard.press('ControlOrMeta+k');
  const palette = page.getByRole('dialog', { name: 'Search or jump' });
  await expect(palette).toBeVisible();
  await page.keyboard.type('activ');
  await expect(palette.getByRole('menuitem').first()).toBeVisible();
  await page.keyboard.press('Escape');
  if ((await palette.count()) > 0) await page.keyboard.press('Escape');
  await expect(palette).toHaveCount(0);

  // What has the focus when a dialog opens has it again when the dialog closes.
  await page.getByRole('button', { name: 'Share', exact: true }).focus();
  await page.keyboard.press('Enter');
  const share = page.getByRole('dialog', { name: 'Share this experiment' });
  await expect(share).toBeVisible();
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    expect(await share.evaluate((dialog) => dialog.contains(document.activeElement))).toBe(true);
  }
  await page.keyboard.press('Escape');
  await expect(share).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Share', exact: true })).toBeFocused();

  // A model is two words away.
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('card, scores');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/models\/primer$/);
  await expect(page.getByRole('main')).toBeFocused();
});

test('j and k go through found features and the features of a dictionary; Esc lets go of what is selected', async ({
  page,
  site,
}) => {
  // What is recorded is enough, and nothing else moves the rows.
  site.holds(WORKER);
  await page.goto(`${site.url}#/lab/feature-search`);
  const hits = page.locator('[data-hits] li > a');
  await expect(hits.first()).toBeVisible();
  await page.getByRole('main').focus();
  for (const key of ['j', 'j', 'j', 'k']) await page.keyboard.press(key);
  await expect(hits.nth(1)).toBeFocused();
  // From anywhere in a row.
  await page.keyboard.press('Tab');
  await page.keyboard.press('j');
  await expect(hits.nth(2)).toBeFocused();
  await strip(page)
    .getByRole('button', { name: /^Token 4,/ })
    .click();
  await expect(page.getByText('Searched: every token.')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.getByText('Searched: every token.')).toBeVisible();

  await page.goto(`${site.url}#/features/primer/blocks.2.hook_resid_post`);
  const rows = page.getByRole('table').locator('tbody th > a');
  await expect(rows.first()).toBeVisible();
  const [first, third] = [await rows.nth(0).textContent(), await rows.nth(2).textContent()];
  await page.keyboard.press('j');
  expect(await focused(page)).toBe(first);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  expect(await focused(page)).toBe(third);
  // On beyond what was in view, with the row in sight.
  for (let i = 0; i < 40; i++) await page.keyboard.press('j');
  const at = page.locator('tbody th > a:focus');
  await expect(at).toBeInViewport();
  expect(Number(await at.locator('xpath=ancestor::tr').getAttribute('aria-rowindex'))).toBe(44);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/feature\/primer\//);
});

test('on a dashboard j and k wait behind an open window', async ({ page, site }) => {
  await page.goto(`${site.url}#/feature/primer/blocks.2.hook_resid_post/20`);
  const number = page.getByRole('textbox', { name: 'Feature, by its number' });
  await expect(page.getByRole('heading', { name: 'Where it fires' })).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(number).toHaveValue('20');
  await page.keyboard.press('j');
  await expect(number).toHaveValue('21');
});

test('the palette finds features by number, by the curriculum’s names and by one’s own labels; what was open comes first', async ({
  page,
  site,
}) => {
  site.holds(WORKER);
  await page.goto(`${site.url}#/lab/feature-search`);
  await expect(page.locator('[data-hits]')).toBeVisible();
  const palette = page.getByRole('dialog', { name: 'Search or jump' });
  const find = async (typed: string): Promise<void> => {
    await page.keyboard.press('ControlOrMeta+k');
    await expect(palette).toBeVisible();
    await page.keyboard.type(typed);
  };
  await find('L2 resid_post 413');
  const first = palette.getByRole('group', { name: 'Features' }).getByRole('menuitem');
  await expect(first).toHaveCount(1);
  await first.click();
  await expect(page).toHaveURL(/#\/feature\/primer\/blocks\.2\.hook_resid_post\/413$/);
  await expect(page.getByRole('heading', { name: 'Where it fires' })).toBeVisible();
  await page.getByRole('button', { name: /^(Label|Rename) it$/ }).click();
  await page.keyboard.type('zebra crossing');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('zebra crossing');

  await find('subject');
  await expect(palette.getByRole('group', { name: 'Features' }).getByRole('menuitem').first()).toContainText(
    /subject.*F1 0\.\d/i,
  );
  await page.keyboard.press('Escape');
  if ((await palette.count()) > 0) await page.keyboard.press('Escape');
  await expect(palette).toHaveCount(0);

  await page.goto(`${site.url}#/models`);
  await find('');
  const recent = palette.getByRole('menuitem');
  await expect(recent.nth(0)).toContainText('zebra crossing');
  await expect(recent.nth(1)).toContainText('Find features');
  await page.keyboard.type('zebra');
  // Once, and not as recent and as a label as well.
  await expect(palette.getByRole('menuitem')).toHaveCount(1);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/413$/);
});
