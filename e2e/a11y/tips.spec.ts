import type { Page } from '@playwright/test';
import { featureLink } from '../../core/share/feature-address.ts';
import { expect, test } from '../flows/harness.ts';
import { expectLive, strip } from '../flows/reader.ts';

const FEATURE = { model: 'primer', sae: 'blocks.3.hook_resid_post', feature: 313 };
const tip = (page: Page) => page.getByRole('tooltip');

test('what a token carries is told on focus, on hover and by its description, and Esc hides it', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  const token = strip(page).getByRole('button', { name: /^Token 3,/ });
  await strip(page)
    .getByRole('button', { name: /^Token 2,/ })
    .click();
  // What was pressed has acted: no tip stays behind it.
  await page.mouse.move(0, 0);
  await expect(tip(page)).toBeHidden();
  await page.keyboard.press('ArrowRight');
  await expect(token).toBeFocused();
  await expect(tip(page)).toContainText(/^Token 3, “.+”\s+surprise \S+ bits/);
  await page.keyboard.press('Escape');
  await expect(tip(page)).toBeHidden();

  const other = strip(page).getByRole('button', { name: /^Token 5,/ });
  await other.hover();
  await expect(tip(page)).toContainText('Token 5');
  // The pointer may go to it and it stays (WCAG 1.4.13); beside both it goes.
  const box = await tip(page).boundingBox();
  await page.mouse.move((box?.x ?? 0) + 10, (box?.y ?? 0) + 10, { steps: 4 });
  await page.waitForTimeout(400);
  await expect(tip(page)).toContainText('Token 5');
  await page.mouse.move(0, 400);
  await expect(tip(page)).not.toContainText('Token 5');

  // A picture without words says its name, and what its tip adds describes it.
  await page.getByRole('button', { name: /Open the model sheet/ }).focus();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');
  await expect(tip(page)).toContainText('Ready');
  await expect(page.getByRole('button', { name: /Open the model sheet/ })).toHaveAccessibleDescription(/Ready/);
});

test('activations of an example’s tokens, bins of a histogram and words that a feature writes are told to the arrow keys', async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}${featureLink(FEATURE)}`);
  await expectLive(page);
  const text = page.getByRole('group', { name: /^Text: arrow keys/ }).first();
  await text.focus();
  await page.keyboard.press('End');
  await expect(tip(page)).toContainText(/^“.+”\s+activation \d/);
  await expect(text.locator(':focus')).toHaveAccessibleDescription(/activation \d/);

  const bins = page.getByRole('application', { name: /^Histogram of the activations/ });
  await bins.focus();
  await page.keyboard.press('End');
  await expect(bins).toContainText(/^[\d,]+ tokens from \S+ to \S+/);
  const last = await bins.locator('p').textContent();
  await page.keyboard.press('ArrowLeft');
  await expect(bins.locator('p')).not.toHaveText(last ?? '');

  await page.getByRole('list', { name: 'Most raised' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(tip(page)).toContainText(/^“.+” \+\S+ logits a unit$/);
});

test.describe('by touch', () => {
  test.use({ hasTouch: true, viewport: { width: 360, height: 740 } });

  test('a tap tells what a token carries, and a tap elsewhere takes it away', async ({ page, site }) => {
    await page.goto(`${site.url}${featureLink(FEATURE)}`);
    await expectLive(page);
    const token = page
      .getByRole('list', { name: /^Examples/ })
      .locator('[data-tip]')
      .first();
    await token.tap();
    await expect(tip(page)).toContainText(/activation \d/);
    await page.getByRole('heading', { name: 'Where it fires' }).tap();
    await expect(tip(page)).toBeHidden();
    const bins = page.getByRole('application', { name: /^Histogram of the activations/ });
    await bins.tap();
    await expect(bins).toContainText(/tokens? from \S+ to \S+/);
  });
});
