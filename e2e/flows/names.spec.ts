import type { Page } from '@playwright/test';
import { decodeIndex } from '../../core/dashboards/files.ts';
import { matchText, nameOf } from '../../app/views/names.ts';
import { specFromUrl } from '../../core/share/address.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import { expect, type Site, test, WORKER } from './harness.ts';
import { expectRecorded, features, IOI, strip } from './reader.ts';

const [SAE = ''] = explore.defaults.saes ?? [];

const indexOf = (site: Site) => decodeIndex(site.file(`dashboards/primer/${SAE}/index.bin`));
const rows = (page: Page): Promise<string[]> =>
  features(page).evaluateAll((all) => all.map((row) => row.getAttribute('aria-label') ?? ''));

test('features of the start page are named by the curriculum, without the engine, and the reader’s own label stands before', async ({
  page,
  site,
}) => {
  // The engine never arrives.
  site.holds(WORKER);
  await page.goto(site.url);
  await expectRecorded(page);
  const index = indexOf(site);
  const called = async (): Promise<void> => {
    for (const row of await rows(page)) {
      const feature = Number(/^Feature (\d+) /.exec(row)?.[1]);
      const name = nameOf({ model: 'primer', sae: SAE, feature }, {}, { state: 'ready', index });
      const match = matchText(name);
      expect(row).toContain(`: ${name.name ?? 'No label yet'}${match === '' ? '' : `, a match with ${match}`}. Activation `);
    }
  };
  await expect(called).toPass();
  expect((await rows(page)).filter((row) => row.includes('a match with F1')).length).toBeGreaterThan(0);
  await expect(page.getByText('not a reader’s label')).toBeVisible();
  // Manifest and one index; other dictionaries are not on screen.
  expect(site.requests.filter((path) => path.includes('/dashboards/'))).toHaveLength(2);
  expect(site.requests.filter((path) => path.endsWith('.safetensors'))).toEqual([]);

  // A label of one's own stands before the match, and is not said to be one.
  const [first = ''] = await rows(page);
  const feature = Number(/^Feature (\d+) /.exec(first)?.[1]);
  await page.getByRole('link', { name: new RegExp(`^Dashboard of feature ${feature} `) }).click();
  await page.getByRole('button', { name: /^(Label|Rename) it$/ }).click();
  await page.getByRole('textbox', { name: 'Your label' }).fill('my own words');
  await page.keyboard.press('Enter');
  await page.goBack();
  await expect(features(page).first()).toHaveAccessibleName(new RegExp(`^Feature ${feature} of .*: my own words\\. Activation`));
});

test('a feature is steered with from its row, on the same text, and others are found by what they are called', async ({
  page,
  site,
}) => {
  site.holds(WORKER);
  await page.goto(site.url);
  await expectRecorded(page);
  const [first = ''] = await rows(page);
  const feature = Number(/^Feature (\d+) /.exec(first)?.[1]);
  await page.getByRole('link', { name: new RegExp(`^Steer with feature ${feature} `) }).click();
  await expect(page).toHaveURL(/#\/lab\/steering\?s=/);
  const spec = specFromUrl(page.url());
  expect(spec.prompts).toEqual([{ text: IOI }]);
  expect(spec.params['steers']).toMatchObject([{ kind: 'feature', sae: SAE, feature }]);

  const index = indexOf(site);
  const name = (id: number) => nameOf({ model: 'primer', sae: SAE, feature: id }, {}, { state: 'ready', index });
  // What is steered has its name, and its number beside it.
  const added = page.getByRole('region', { name: 'What is added' });
  await expect(added.getByRole('link').first()).toHaveText(name(feature).name ?? 'No label yet');

  const best = index.best.reduce((at, match, i) => ((match?.[1] ?? 0) > (index.best[at]?.[1] ?? 0) ? i : at), 0);
  await page.getByRole('button', { name: 'Add a feature' }).click();
  const form = page.getByRole('form', { name: 'Feature', exact: true });
  await form.getByRole('combobox', { name: /^Feature: its number or a word/ }).pressSequentially(name(best).name ?? '');
  const option = page.getByRole('listbox').getByRole('option').first();
  await expect(option).toContainText(`${best} · ${name(best).name ?? ''}`);
  await expect(option).toContainText(matchText(name(best)));
  await option.click();
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(added.getByRole('listitem')).toHaveCount(2);
  await expect(added.getByRole('link').nth(1)).toHaveText(name(best).name ?? '');
  await expect(added.getByRole('listitem').nth(1)).toContainText(`· ${best}`);
});

test('a row keeps its height when its name comes', async ({ page, site }) => {
  site.holds(WORKER);
  const arrive = site.holds(/\/index\.bin$/);
  await page.goto(site.url);
  await expectRecorded(page);
  await expect(strip(page)).toBeVisible();
  const heights = (): Promise<number[]> =>
    features(page).evaluateAll((all) => all.map((row) => Math.round(row.getBoundingClientRect().height)));
  const before = await heights();
  await expect(page.getByText('No label yet')).toHaveCount(0);
  arrive();
  await expect(features(page).filter({ hasText: 'F1' }).first()).toBeVisible();
  expect(await heights()).toEqual(before);
});
