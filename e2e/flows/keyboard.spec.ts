import { expect, test } from './harness.ts';
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
