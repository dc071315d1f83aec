import type { Locator, Page } from '@playwright/test';
import { decodeTokenIndex } from '../../core/dashboards/tokens.ts';
import { decodeIndex, manifestPath, parseDashboardsManifest } from '../../core/dashboards/files.ts';
import { completeSpec } from '../../core/spec/index.ts';
import { ALL_SITES, lab } from '../../labs/feature-search/spec.ts';
import { expect, test, WORKER } from './harness.ts';
import { expectLive, promptBox, resultLine, runButton, strip, unlink } from './reader.ts';

const hits = (page: Page): Locator => page.locator('[data-hits] li');
const names = async (page: Page): Promise<string[]> => {
  // Names come once the page is idle.
  await expect(hits(page).getByText('…', { exact: true })).toHaveCount(0);
  return hits(page)
    .getByRole('link', { name: /^Feature/ })
    .evaluateAll((all) => all.map((link) => link.getAttribute('aria-label') ?? ''));
};
const params = (page: Page) => completeSpec(unlink(page.url()), lab).params;

test('by prompt, over all dictionaries: tokens, score and density change what is found; a link finds the same', async ({
  page,
  site,
  context,
}) => {
  test.slow();
  await page.goto(`${site.url}#/lab/feature-search`);
  await expectLive(page);
  await expect(hits(page)).toHaveCount(50);
  await expect(page.getByText(`in ${ALL_SITES.length} dictionaries; shown are the best 50`)).toBeVisible();
  const whole = await names(page);
  expect(new Set(whole).size).toBe(50);

  // One token alone: every feature that is found is active on it.
  await strip(page)
    .getByRole('button', { name: /^Token 4,/ })
    .click();
  await expectLive(page);
  await expect.poll(() => params(page).tokens).toEqual([4]);
  expect(await names(page)).not.toEqual(whole);
  await expect(page.getByText(/active on the 1 token searched/)).toBeVisible();
  // A second one joins it, and is taken off again.
  const token = strip(page).getByRole('button', { name: /^Token 6,/ });
  await token.click();
  await expect.poll(() => params(page).tokens).toEqual([4, 6]);
  await token.click();
  await expect.poll(() => params(page).tokens).toEqual([4]);
  await expectLive(page);

  await page.getByRole('combobox', { name: 'Active on' }).selectOption({ label: '≤ 1 % of text' });
  await expectLive(page);
  await expect(page.getByText(/left out as too common/)).toBeVisible();
  await page.getByRole('button', { name: 'All tokens' }).click();
  await page.getByRole('radio', { name: 'sum' }).check();
  await page.getByRole('radio', { name: 'activation', exact: true }).check();
  await expectLive(page);
  await expect.poll(() => params(page)).toMatchObject({ tokens: null, score: 'sum', rank: 'activation', maxDensity: 0.01 });
  const here = await names(page);

  const browser = context.browser();
  if (!browser) throw new Error('there is no browser');
  const fresh = await browser.newContext();
  const guest = await fresh.newPage();
  await guest.goto(page.url());
  await expectLive(guest);
  expect(await names(guest)).toEqual(here);
  await fresh.close();

  // A result opens its dashboard with the same text on it.
  const text = await promptBox(page).inputValue();
  await hits(page)
    .first()
    .getByRole('link', { name: /^Feature/ })
    .click();
  await expect(page).toHaveURL(/#\/feature\/primer\/blocks\.\d\..+\/\d+\?text=/);
  expect(decodeURIComponent(new URL(page.url()).hash.split('?text=')[1] ?? '')).toBe(text);
  await page.goBack();
  await expectLive(page);
  await hits(page)
    .first()
    .getByRole('link', { name: /^Steer/ })
    .click();
  await expect(page).toHaveURL(/#\/lab\/steering/);
});

test('another text begins with all of its tokens again', async ({ page, site }) => {
  await page.goto(`${site.url}#/lab/feature-search`);
  await expectLive(page);
  await strip(page)
    .getByRole('button', { name: /^Token 4,/ })
    .click();
  await expectLive(page);
  await promptBox(page).fill('Monday, Tuesday,');
  await runButton(page).click();
  await expectLive(page);
  expect(params(page).tokens).toBeNull();
  await expect(page.getByText('Searched: every token.')).toBeVisible();
});

test('by token: what raises and what lowers it, and a word that is no token says so', async ({ page, site }) => {
  await page.goto(`${site.url}#/lab/feature-search`);
  await expectLive(page);
  await page.getByRole('tab', { name: 'By token' }).click();
  await expectLive(page);
  const side = (name: RegExp): Promise<string[]> =>
    page
      .getByRole('list', { name })
      .getByRole('listitem')
      .evaluateAll((all) => all.map((row) => /[+−][\d.,]+/.exec(row.textContent)?.[0] ?? ''));
  for (const [name, sign] of [
    [/^Raise/, '+'],
    [/^Lower/, '−'],
  ] as const) {
    const values = await side(name);
    expect(values).toHaveLength(50);
    expect(values.every((value) => value.startsWith(sign))).toBe(true);
    const sizes = values.map((value) => Number(value.slice(1).replaceAll(',', '')));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  }
  await page.getByRole('textbox', { name: 'Token' }).fill('Monday');
  await page.keyboard.press('Enter');
  await expectLive(page);
  await expect(page.getByRole('heading', { name: 'What writes “ Monday”' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Token' }).fill('antidisestablishment');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main').getByRole('alert')).toContainText('is not one token of this model');
});

test('by label: a name that is given to a feature finds it', async ({ page, site }) => {
  await page.goto(`${site.url}#/lab/feature-search`);
  await expectLive(page);
  const name = (await names(page))[0] ?? '';
  const [, feature] = /^Feature (\d+) of/.exec(name) ?? [];
  await hits(page)
    .first()
    .getByRole('button', { name: /^Add feature/ })
    .click();
  await page.getByRole('menuitem', { name: 'New list…' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Found');
  await page.keyboard.press('Enter');
  await expect(page.getByText('is on the new list “Found”')).toBeVisible();
  await page.goto(`${site.url}#/lists`);
  await page.getByRole('link', { name: 'Found' }).click();
  await page.getByRole('textbox', { name: /^Label of/ }).fill('zebra crossing');
  await page.keyboard.press('Enter');

  await page.goto(`${site.url}#/lab/feature-search`);
  await page.getByRole('tab', { name: 'By label' }).click();
  for (const typed of ['zebra', 'crossing zeb', 'crosing']) {
    await page.getByRole('searchbox', { name: 'Words' }).fill(typed);
    await expect(hits(page).first()).toContainText('zebra crossing');
    await expect(hits(page).first().getByRole('link').first()).toHaveAttribute('href', new RegExp(`/${feature}(\\?|$)`));
  }
  await page.getByRole('searchbox', { name: 'Words' }).fill('qqqq');
  await expect(page.getByText('No feature is called anything like that.')).toBeVisible();
});

test('by variable: the features that tell it best, as the stored index ranks them', async ({ page, site }) => {
  const manifest = parseDashboardsManifest(JSON.parse(site.file(manifestPath('primer')).toString()));
  const all = manifest.saes.flatMap(({ id, path }) => {
    const index = decodeIndex(new Uint8Array(site.file(path)));
    return index.best.flatMap((best, feature) =>
      best ? [{ sae: id, feature, f1: best[1], variable: index.variables[best[0]]! }] : [],
    );
  });
  const [top] = all.filter(({ variable }) => variable.role !== null).sort((a, b) => b.f1 - a.f1);
  const same = all
    .filter(({ variable }) => JSON.stringify(variable) === JSON.stringify(top!.variable))
    .sort((a, b) => b.f1 - a.f1);
  await page.goto(`${site.url}#/lab/feature-search`);
  await page.getByRole('tab', { name: 'By variable' }).click();
  const field = page.getByRole('combobox', { name: 'Latent variable of the text' });
  await field.fill(`${top!.variable.kind} ${top!.variable.role}`);
  await page.getByRole('option').first().click();
  await expect(hits(page).first()).toContainText('F1');
  await expect(page.getByRole('figure').getByText(/better than any other/)).toBeVisible();
  // The field's first suggestion is the variable that some feature tells best.
  const shown = await names(page);
  expect(shown.length).toBeGreaterThan(0);
  expect(shown[0]).toContain(`Feature ${same[0]!.feature} of`);
});

test('by token: the features that fire on it, from stored examples and without the engine', async ({ page, site }) => {
  const manifest = parseDashboardsManifest(JSON.parse(site.file(manifestPath('primer')).toString()));
  const index = decodeTokenIndex(new Uint8Array(site.file(manifest.tokens!.path)));
  const token = index.texts.indexOf(' Monday');
  const all = index.saes.flatMap(({ id, features }) =>
    features.flatMap(({ sample, tokens }, feature) =>
      tokens.flatMap((t) => (t.token === token ? [{ id, feature, part: t.n / Math.max(1, sample), code: t.code }] : [])),
    ),
  );
  const [best] = all.sort((a, b) => b.part - a.part || b.code - a.code);
  // The engine does not come.
  const release = site.holds(WORKER);
  await page.goto(`${site.url}#/lab/feature-search`);
  await page.getByRole('tab', { name: 'By token' }).click();
  await page.getByRole('radio', { name: 'fires on it' }).check();
  await page.getByRole('textbox', { name: 'Token' }).fill('Monday');
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await expect(page.getByRole('heading', { name: /^What fires on “\s?Monday”$/ })).toBeVisible();
  await expect(hits(page).first()).toContainText('at random');
  expect((await names(page))[0]).toContain(`Feature ${best!.feature} of`);
  release();
});

test('with no dictionary there is one thing to press', async ({ page, site }) => {
  await page.goto(`${site.url}#/lab/feature-search`);
  await expectLive(page);
  await page.getByRole('button', { name: /^Read with/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Dictionaries' });
  // What is checked changes with each press.
  const checked = dialog.getByRole('checkbox', { checked: true });
  for (let left = await checked.count(); left > 0; left--) {
    await checked.first().evaluate((e: HTMLElement) => e.click());
    await expect(checked).toHaveCount(left - 1);
  }
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Search all of them' }).click();
  await expect(resultLine(page)).toHaveText(/^Live/, { timeout: 90_000 });
  await expect(hits(page)).toHaveCount(50);
});
