import type { Page } from '@playwright/test';
import { specFromUrl } from '../../core/share/address.ts';
import { specOfFeature } from '../../core/share/feature-address.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import { lab as search } from '../../labs/feature-search/spec.ts';
import { expect, test, WORKER } from './harness.ts';
import { ask, expectLive, expectRecorded, features, IOI, OTHER, promptBox } from './reader.ts';

const further = (page: Page) => page.getByRole('region', { name: 'Ask further' });
const question = async (page: Page, name: string): Promise<string> =>
  (await further(page).getByRole('link', { name }).getAttribute('href')) ?? '';
const strongest = async (page: Page): Promise<number> =>
  Number(/^Feature (\d+) /.exec((await features(page).first().getAttribute('aria-label')) ?? '')?.[1]);

test('further questions are asked of the prompt and the strongest feature on the page', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  await ask(page, OTHER);
  const feature = await strongest(page);
  const [sae] = explore.defaults.saes ?? [];

  const dashboard = specOfFeature(await question(page, 'What does this feature mean?'));
  expect(dashboard).toMatchObject({ model: 'primer', saes: [sae], prompts: [{ text: OTHER }], params: { feature } });
  const steering = specFromUrl(await question(page, 'Change its mind'));
  expect(steering).toMatchObject({ lab: 'steering', model: 'primer', prompts: [{ text: OTHER }] });
  expect(steering.params['steers']).toMatchObject([{ sae, feature, strength: 2 }]);
  expect(specFromUrl(await question(page, search.question))).toMatchObject({ lab: search.id, prompts: [{ text: OTHER }] });
  expect(await question(page, 'Is this dictionary any good?')).toBe(`#/features/primer/${sae}`);

  // What is typed and not yet run is what is asked.
  await promptBox(page).fill('Tom and Anna');
  await expect.poll(async () => specFromUrl(await question(page, search.question)).prompts).toEqual([{ text: 'Tom and Anna' }]);
  await further(page).getByRole('link', { name: search.question }).click();
  await expect(promptBox(page)).toHaveValue('Tom and Anna');
  // Each leads where it says.
  await page.goBack();
  await page.goto(site.url);
  await expect(promptBox(page)).toHaveValue(IOI);
  await further(page).getByRole('link', { name: 'Change its mind' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('What does the model write');
  await expect(promptBox(page)).toHaveValue(IOI);
});

test('a press on a next token asks why it is expected', async ({ page, site }) => {
  site.holds(WORKER);
  await page.goto(site.url);
  await expectRecorded(page);
  const bars = page.getByRole('list', { name: /^Next token after/ }).getByRole('button');
  // The first is what is compared in the recorded result: nothing has to be asked.
  await bars.first().click();
  await expect(page.getByRole('tab', { name: 'Next token', exact: true })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('heading', { name: /^What writes “/ })).toBeVisible();
  await expect(page.locator('main [data-stale]')).toHaveCount(0);

  await page.getByRole('tab', { name: 'Features', exact: true }).click();
  const third = (await bars.nth(2).locator('span').first().textContent()) ?? '';
  await bars.nth(2).click();
  await expect(page.getByRole('tab', { name: 'Next token', exact: true })).toHaveAttribute('aria-selected', 'true');
  await expect
    .poll(() => (specFromUrl(page.url()).params['compare'] as { readonly a: string } | null)?.a.trim())
    .toBe(third.replaceAll('·', ' ').trim());
});
