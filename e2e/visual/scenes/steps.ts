import { expect, type Locator, type Page } from '@playwright/test';
import type { Step } from '../stage.ts';

/** The recorded result is there, and the engine, which is held back, was asked for a live one: outside of a frame it always is. */
export const recorded: Step = async (page) => {
  const panel = page.locator('[data-source]').first();
  await expect(panel).toHaveAttribute('data-source', 'recorded', { timeout: 60_000 });
  if (!page.url().includes('#/embed/')) await expect(panel).toHaveAttribute('aria-busy', 'true');
};

export const tab =
  (name: string): Step =>
  async (page, stage) => {
    await recorded(page, stage);
    await page.getByRole('tab', { name, exact: true }).click();
  };

/** Something that lies over the page, opened from a lab's or another page. */
export const dialog =
  (open: (page: Page) => Promise<void>): Step =>
  async (page) => {
    await expect(page.locator('[data-source=recorded], main table, main form').first()).toBeVisible({ timeout: 60_000 });
    await open(page);
    await expect(over(page)).toBeVisible();
    await expect(page.getByRole('dialog').locator('[class*=skeleton]')).toHaveCount(0);
  };

export const press = (page: Page, name: string | RegExp): Promise<void> =>
  page
    .getByRole('button', { name, exact: typeof name === 'string' })
    .first()
    .click();

/** The window that lies over the page. */
export const over = (page: Page): Locator => page.getByRole('dialog').first();

export const explained: Step = dialog((page) => press(page, 'Explain'));

export const shared = (name: string): Step =>
  dialog(async (page) => {
    await press(page, 'Share');
    await over(page).getByRole('tab', { name, exact: true }).click();
  });

/** Scrolls it to the top of the window. */
export const toTop = (element: Locator): Promise<void> => element.first().evaluate((found) => found.scrollIntoView());
/** Scrolls until all of it is seen. */
export const intoView = (element: Locator): Promise<void> =>
  element.first().evaluate((found) => found.scrollIntoView({ block: 'nearest' }));

/** An alert in the page. */
export const alerted: Step = (page) => alert(page).waitFor({ timeout: 60_000 });
export const alert = (page: Page): Locator => page.getByRole('main').getByRole('alert').first();
