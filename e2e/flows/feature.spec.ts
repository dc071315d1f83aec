import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { encodeIndex, manifestPath, type DashboardIndex } from '../../core/dashboards/files.ts';
import { specFragment } from '../../core/share/address.ts';
import { featureLink } from '../../core/share/feature-address.ts';
import { lab } from '../../labs/feature-dashboard/spec.ts';
import { expect, instead, test, unreachable, type Site } from './harness.ts';
import { bytesOf, errorNotice, expectLive, features, pressRun, tablesOf } from './reader.ts';

const SAE = 'blocks.2.hook_resid_post';
const TEXT = 'When Anna and Tom went to the garden, Tom gave a book to';
const DASHBOARDS = /^dashboards\//;

/** Whatever the site stores is hidden, as a host without it may hide it: these tests bring what they need. */
let showStored: () => void;
test.beforeEach(({ site }) => {
  showStored = site.breaks(DASHBOARDS, instead('<!doctype html>', 'text/html'));
});

const testBox = (page: Page): Locator => page.getByRole('textbox', { name: 'Text to test' });
const tested = (page: Page): Locator => page.getByRole('toolbar', { name: 'Tokens of your text' }).getByRole('button');
const heading = (page: Page): Locator => page.getByRole('heading', { level: 1 });
const number = (page: Page): Locator => page.getByRole('textbox', { name: 'Feature, by its number' });

/** A dashboard that is computed on little text, whatever is stored: so that the test does not depend on what the site holds. */
const small = (feature: number, text = ''): string =>
  specFragment({
    ...lab.defaults,
    saes: [SAE],
    prompts: text === '' ? [] : [{ text }],
    params: { feature, mode: 'computed', documents: 8 },
  });

async function opened(page: Page, feature: number): Promise<void> {
  await expect(number(page)).toHaveValue(String(feature));
  await expectLive(page);
  await expect(page.locator('main [inert]')).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'What it writes' })).toBeVisible();
}

/** The strongest feature of Explore's first prompt: its number, and its activations token by token, as printed. */
async function strongest(page: Page, site: Site): Promise<{ readonly feature: number; readonly href: string }> {
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
  await features(page).first().waitFor();
  const link = page.getByRole('link', { name: /^Dashboard of feature \d+/ }).first();
  const href = (await link.getAttribute('href')) ?? '';
  return { href, feature: Number(/\/(\d+)\?/.exec(href)?.[1]) };
}

test('from a feature in Explore to its dashboard: the same text on it, and the same activation', async ({ page, site }) => {
  test.slow();
  const { feature, href } = await strongest(page, site);
  expect(href).toMatch(/^#\/feature\/primer\/[\w.]+\/\d+\?text=/);
  const printed = /Activation ([^,]+),/.exec((await features(page).first().getAttribute('aria-label')) ?? '')?.[1];
  const sae = /primer\/([\w.]+)\//.exec(href)?.[1] ?? '';
  const text = decodeURIComponent(href.split('text=')[1] ?? '');
  await page.goto(`${site.url}${small(feature, text).replace(SAE, sae)}`);
  await page.reload();
  await opened(page, feature);
  // Explore's last token is selected at first; the dashboard prints the same number for it.
  await expect(tested(page).last()).toHaveAttribute('aria-label', new RegExp(`activation ${printed}$`));
});

test('j, k and the number go to other features; back and forward follow; a reload gives the same numbers', async ({
  page,
  site,
}) => {
  test.slow();
  await page.goto(`${site.url}${small(30, TEXT)}`);
  await opened(page, 30);
  const before = await tablesOf(page);
  await page.reload();
  await opened(page, 30);
  expect(await tablesOf(page)).toEqual(before);

  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('j');
  await expect(number(page)).toHaveValue('31');
  await expect.poll(() => page.evaluate(() => location.hash)).toContain(`/${SAE}/31`);
  await expect(testBox(page)).toHaveValue(TEXT);
  await expect(page).toHaveTitle(new RegExp(`^Feature 31 · ${SAE}`));
  await page.keyboard.press('k');
  await expect(number(page)).toHaveValue('30');
  await number(page).fill('7');
  await number(page).press('Enter');
  await expect.poll(() => page.evaluate(() => location.hash)).toContain(`/${SAE}/7`);
  await page.goBack();
  await expect(number(page)).toHaveValue('30');
  await page.goForward();
  await expect(number(page)).toHaveValue('7');
  // Letters that are typed are letters.
  await testBox(page).focus();
  await page.keyboard.type('jk');
  await expect(number(page)).toHaveValue('7');
  await number(page).fill('99999');
  await expect(page.getByRole('button', { name: 'Not there' })).toBeDisabled();
});

test('a text of one’s own: `/` goes there, the link has it, another browser shows the same', async ({ page, site, browser }) => {
  test.slow();
  await page.goto(`${site.url}${small(30)}`);
  await opened(page, 30);
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('/');
  await expect(testBox(page)).toBeFocused();
  await page.keyboard.type(TEXT);
  await pressRun(page);
  await expect.poll(async () => (await tested(page).allTextContents()).slice(1).join('')).toBe(TEXT);
  await expectLive(page);
  const said = (on: Page): Promise<readonly (string | null)[]> =>
    tested(on).evaluateAll((all) => all.map((e) => e.getAttribute('aria-label')));
  const here = await said(page);
  const link = await page.evaluate(() => location.href);

  const other = await browser.newContext();
  const fresh = await other.newPage();
  await fresh.goto(link);
  await opened(fresh, 30);
  await expect(testBox(fresh)).toHaveValue(TEXT);
  expect(await said(fresh)).toEqual(here);
  await other.close();
});

test('where nothing is stored the dashboard is computed in the tab, and says so', async ({ page, site }) => {
  test.slow();
  const spec = { ...lab.defaults, saes: [SAE], params: { feature: 30, documents: 6 } };
  await page.goto(`${site.url}${specFragment(spec)}`);
  await opened(page, 30);
  await expect(
    page.getByText('Nothing is stored of this dictionary, so it was computed in this tab on 6 documents'),
  ).toBeVisible();
  await page.goto(`${site.url}#/features/primer/${SAE}`);
  await expect(page.getByText('No dashboards are stored of this dictionary')).toBeVisible();
  await expect(page.getByRole('row').nth(1)).toContainText('0');
});

test.describe('without a network to the stored files', () => {
  // Requests that fail are the point here.
  test.use({ quiet: false });

  test('where what is stored cannot be fetched the dashboard is computed, and says why', async ({ page, site }) => {
    test.slow();
    showStored();
    site.breaks(DASHBOARDS, unreachable);
    const spec = { ...lab.defaults, saes: [SAE], params: { feature: 30, documents: 6 } };
    await page.goto(`${site.url}${specFragment(spec)}`);
    await opened(page, 30);
    await expect(
      page.getByText('The stored dashboard could not be fetched, so it was computed in this tab on 6 documents'),
    ).toBeVisible();
  });
});

test('a feature or a dictionary that is not there says so', async ({ page, site }) => {
  await page.goto(`${site.url}${featureLink({ model: 'primer', sae: SAE, feature: 99_999 })}`);
  await expect(errorNotice(page)).toContainText('not 99999', { timeout: 60_000 });
  await page.goto(`${site.url}${featureLink({ model: 'primer', sae: 'blocks.9.nowhere', feature: 1 })}`);
  await expect(page.getByText('primer has no dictionary “blocks.9.nowhere”')).toBeVisible();
  await page.goto(`${site.url}#/features/primer/blocks.9.nowhere`);
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
});

test('a label of one’s own is the heading, is kept, and stands in the list of features', async ({ page, site }) => {
  test.slow();
  await page.goto(`${site.url}${small(30)}`);
  await opened(page, 30);
  await page.getByRole('button', { name: 'Label it' }).click();
  await expect(page.getByRole('textbox', { name: 'Your label' })).toBeFocused();
  await page.keyboard.type('gives <b>presents</b>');
  await page.keyboard.press('Enter');
  await expect(heading(page)).toHaveText('gives <b>presents</b>');
  await page.reload();
  await expect(heading(page)).toHaveText('gives <b>presents</b>');
  await page.goto(`${site.url}#/features/primer/${SAE}`);
  await page.getByRole('searchbox').fill('presents');
  await expect(page.getByRole('row').nth(1)).toContainText('gives <b>presents</b>');
  await expect(page.getByRole('row')).toHaveCount(2);
});

test('the dashboard as a file of SAEDashboard has its numbers', async ({ page, site }) => {
  test.slow();
  await page.goto(`${site.url}${small(30)}`);
  await opened(page, 30);
  await page.getByText('Files', { exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'JSON as SAEDashboard writes it' }).click(),
  ]);
  const { features: list } = JSON.parse((await bytesOf(download)).toString()) as {
    features: { feature_index: number; frac_nonzero: number; n_prompts_total: number }[];
  };
  expect(list[0]).toMatchObject({ feature_index: 30, n_prompts_total: 8 });
  expect(list[0]?.frac_nonzero).toBeGreaterThanOrEqual(0);
});

/** An index as the command writes it, with numbers made up: what a list of features shows must not depend on the weights. */
function storeIndex(site: Site): void {
  showStored();
  const manifest = JSON.parse(readFileSync('public/models/primer/manifest.json', 'utf8')) as {
    saes: { id: string; sha256: string; dSae: number; hookName: string; architecture: string }[];
  };
  const sae = manifest.saes.find(({ id }) => id === SAE)!;
  const numbers = <T>(of: (f: number) => T): T[] => Array.from({ length: sae.dSae }, (_, f) => of(f));
  const digest = '0'.repeat(64);
  const making = {
    format: 'vitrine-dashboards/1' as const,
    generator: 1,
    model: { id: 'primer', digest, quantization: 'int8' as const },
    corpus: { seed: 1, documents: 10, tokens: 1_000, shares: [], sample: '' },
  };
  const index: DashboardIndex = {
    ...making,
    sae: { id: SAE, digest, hook: sae.hookName, architecture: sae.architecture, dSae: sae.dSae },
    saes: [SAE],
    active: numbers((f) => (f % 10 === 3 ? 0 : 1 + (f % 500))),
    max: numbers((f) => (f % 10 === 3 ? 0 : 1 + f / 100)),
    variables: [
      { place: 'before', kind: 'name', role: 'indirect-object', value: null },
      { place: 'at', kind: 'place', role: null, value: 'zoo' },
    ],
    best: numbers((f) => (f % 10 === 3 ? null : [f % 2, f === 40 ? 1 : (f % 90) / 100])),
    perShard: sae.dSae,
    shards: [{ path: 'dashboards/primer/none.bin', bytes: 1, sha256: digest }],
  };
  const path = `dashboards/primer/${SAE}/index.bin`;
  site.breaks(/^dashboards\/.*index\.bin$/, instead(Buffer.from(encodeIndex(index)), 'application/octet-stream'));
  site.breaks(
    new RegExp(`^${manifestPath('primer').replaceAll('.', '\\.')}$`),
    instead(JSON.stringify({ ...making, saes: [{ id: SAE, digest, path, bytes: 1, sha256: digest }] }), 'application/json'),
  );
}

test('the features of a dictionary: sorted, filtered, drawn, and each opens', async ({ page, site }) => {
  storeIndex(site);
  // Where a feature opens, its dashboard is asked for, which this index has made up.
  site.breaks(/^dashboards\/primer\/none\.bin$/, instead(Buffer.alloc(1), 'application/octet-stream'));
  await page.goto(`${site.url}#/features/primer`);
  await page
    .getByRole('link', { name: /./ })
    .and(page.locator(`[data-tip^="${SAE}"]`))
    .click();
  const row = (i: number): Locator => page.getByRole('row').nth(i + 1);
  await expect(row(0)).toContainText('1.00');
  await expect(row(0).getByRole('link')).toHaveText('40');
  await expect(row(0)).toContainText('right before name, indirect object');
  // Of a thousand rows only those in view are in the page; the table says how many there are.
  expect(await page.getByRole('row').count()).toBeLessThan(60);
  const total = Number(await page.getByRole('table').getAttribute('aria-rowcount')) - 1;

  await page.getByRole('button', { name: /^Active on/ }).click();
  await expect(page.getByRole('columnheader', { name: /^Active on/ })).toHaveAttribute('aria-sort', 'descending');
  await expect(row(0)).toContainText('50.0');
  await page.getByRole('searchbox').fill('zoo');
  await expect(page.getByText(new RegExp(`^\\d+ of ${total.toLocaleString('en')} features$`))).toBeVisible();
  await expect(row(0)).toContainText('place “zoo”');
  await page.getByRole('searchbox').fill('');
  await page.getByRole('switch', { name: 'hide those never active' }).check({ force: true });
  await expect(page.getByText(/of 1,024 features$/).last()).toBeVisible();

  const table = page.getByRole('region', { name: `Features of ${SAE}` });
  await table.focus();
  await page.keyboard.press('End');
  await expect.poll(() => table.evaluate((e) => e.scrollTop)).toBeGreaterThan(1_000);
  await row(3).getByRole('link').click();
  await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/^#\/feature\/primer\//);
});

test('an embed shows the parts that its address names, and nothing is downloaded until asked', async ({ page, site }) => {
  await page.goto(`${site.url}#/embed/feature/primer/${SAE}/30?parts=test&text=${encodeURIComponent(TEXT)}`);
  await expect(testBox(page)).toHaveValue(TEXT);
  await expect(page.getByText('This dashboard is not open yet')).toBeVisible();
  await page.waitForTimeout(500);
  expect(site.requests.filter((path) => /safetensors|dashboards/.test(path))).toEqual([]);
});
