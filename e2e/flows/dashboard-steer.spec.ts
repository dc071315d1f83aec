import type { Locator, Page } from '@playwright/test';
import { featureLink } from '../../core/share/feature-address.ts';
import { PREFERENCES_KEY } from '../../app/state/preferences.ts';
import { expect, test } from './harness.ts';
import { copyLink, expectLive } from './reader.ts';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

/** The feature of the dashboards' first example: active where a name is the subject again. */
const FEATURE = { model: 'primer', sae: 'blocks.3.hook_resid_post', feature: 313 };
const TEXT = 'When Mary and John went to the store, John gave a drink to';

const column = (page: Page, side: 'Default' | 'Steered'): Locator =>
  page.getByRole('region', { name: `${side} text`, exact: true });
const chip = (page: Page): Locator => page.getByRole('button', { name: /Open the model sheet/ });
const field = (page: Page): Locator => page.getByRole('spinbutton', { name: /^Strength of / });

/** As a reader who has chosen the backend before, and perhaps that nothing runs by itself. */
const choose = (page: Page, backend: 'WASM' | 'WebGPU', autoStart = true): Promise<unknown> =>
  page.addInitScript(
    ([key, value]) => localStorage.setItem(key ?? '', value ?? ''),
    [PREFERENCES_KEY, JSON.stringify({ backend: backend.toLowerCase(), autoStart })],
  );

interface Both {
  readonly words: readonly string[];
  /** Token by token: its probability and how far it was moved. */
  readonly facts: readonly string[];
}

/** Both texts, once they are written and measured. */
async function both(page: Page, timeout = 60_000): Promise<Both> {
  // What stands there of the question before is dimmed until the first new word comes; only then its end is the new text's.
  await expect(page.locator('main [data-stale]')).toHaveCount(0, { timeout });
  for (const side of ['Steered', 'Default'] as const)
    await expect(column(page, side)).toContainText(/Ends here|The model ended the text here/, { timeout });
  await expect(column(page, 'Steered').getByRole('button').first()).toHaveAttribute('aria-label', /moved by/, {
    timeout,
  });
  const words = await Promise.all(
    (['Default', 'Steered'] as const).map(async (side) => (await column(page, side).getByRole('toolbar').textContent()) ?? ''),
  );
  const facts = await column(page, 'Steered')
    .getByRole('button')
    .evaluateAll((all) => all.map((e) => e.getAttribute('aria-label') ?? ''));
  return { words, facts };
}

test('a dashboard steers on the page itself; its link and the lab give the same text and numbers', async ({
  page,
  site,
  browser,
}) => {
  const backend = 'WASM';
  test.slow();
  await choose(page, backend);
  await page.goto(`${site.url}${featureLink(FEATURE, TEXT)}`);
  await expectLive(page, backend);
  await page.getByRole('button', { name: 'Write with it here' }).click();
  const two = await both(page);
  expect(two.words[1]).not.toBe(two.words[0]);
  for (const words of two.words) expect(words.startsWith(TEXT)).toBe(true);

  // It follows the slider; at 0 nothing is added, so both are the same.
  await page.getByRole('button', { name: /^Set the strength of .* to 0$/ }).click();
  await expect(field(page)).toHaveValue('0');
  const none = await both(page);
  expect(none.words[1]).toBe(none.words[0]);
  expect(none.words[0]).toBe(two.words[0]);
  await field(page).fill('-3');
  const minus = await both(page);
  expect(minus.words[0]).toBe(two.words[0]);
  expect(minus.words[1]).not.toBe(two.words[1]);

  // The dashboard's link has the strength, and that it writes.
  const link = await copyLink(page);
  const context = await browser.newContext();
  const fresh = await context.newPage();
  await choose(fresh, backend);
  await fresh.goto(link);
  await expectLive(fresh, backend);
  expect(await both(fresh)).toEqual(minus);

  // The lab goes on from there, and adds as much.
  const [, added = ''] =
    / = (\S+) times its decoder row/.exec((await fresh.getByText(/^Added: −3\.00 × /).textContent()) ?? '') ?? [];
  await fresh.getByRole('link', { name: 'Open in the steering lab' }).click();
  await expect(fresh.getByRole('heading', { level: 1 })).toHaveText(/^What does the model write/);
  await expectLive(fresh, backend);
  expect(await both(fresh)).toEqual(minus);
  await expect(fresh.getByText(new RegExp(`^Adds −3\\.00 × .* = ${added}, times its decoder direction`))).toBeVisible();
  await context.close();
});

test('on WebGPU, too, a dashboard’s feature steers in the lab, whose link gives a fresh profile the same text and numbers', async ({
  page,
  site,
  browser,
}) => {
  test.slow();
  // A graphics card that is emulated takes its time: the dashboard is the stored one, and few words are written.
  await choose(page, 'WebGPU', false);
  await page.goto(`${site.url}${featureLink(FEATURE, TEXT)}`);
  await page.getByRole('link', { name: 'Open in the steering lab' }).click();
  await page.getByLabel('tokens', { exact: true }).fill('3');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  // Both texts and how far each token was moved; what else the run measures is not waited for.
  const here = await both(page, 150_000);
  await expect(chip(page)).toContainText('WebGPU');
  expect(here.words[0]?.startsWith(TEXT)).toBe(true);
  expect(here.facts.length).toBeGreaterThan(0);
  const link = await copyLink(page);
  const context = await browser.newContext();
  const fresh = await context.newPage();
  await choose(fresh, 'WebGPU');
  await fresh.goto(link);
  expect(await both(fresh, 150_000)).toEqual(here);
  await expect(chip(fresh)).toContainText('WebGPU');
  await context.close();
});
