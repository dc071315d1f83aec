import { readFileSync } from 'node:fs';
import type { BrowserContext, Locator, Page } from '@playwright/test';
import { libraryFile, listsFragment, type Library } from '../../core/lists/index.ts';
import { expect, test, type Site } from './harness.ts';
import { bytesOf, errorNotice, expectLive } from './reader.ts';

const SAE = 'blocks.2.hook_resid_post';
const ref = (feature: number) => ({ model: 'primer', sae: SAE, feature });
const item = (feature: number, note = '') => ({ kind: 'feature' as const, ...ref(feature), note, at: 1 });
const LIST = { id: 'sharedlist', name: 'Names', note: 'of people', prompt: 'Mary and John', created: 1, changed: 1 };
const SHARED: Library = {
  labels: [{ ...ref(7), text: 'a name', note: '', at: 1 }],
  lists: [{ ...LIST, items: [item(7, 'strong'), item(9)] }],
};

const items = (page: Page): Locator => page.getByRole('list', { name: 'Items' }).getByRole('listitem');
const lists = (page: Page): Locator => page.getByRole('region', { name: 'Your lists' }).getByRole('rowheader');

async function makeList(page: Page, site: Site, name: string): Promise<void> {
  await page.goto(`${site.url}#/lists`);
  await page.getByRole('button', { name: 'New list' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
}

async function importFile(page: Page, library: Library | string): Promise<void> {
  const text = typeof library === 'string' ? library : libraryFile(library);
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Import a file' }).click(),
  ]);
  await chooser.setFiles({ name: 'lists.json', mimeType: 'application/json', buffer: Buffer.from(text) });
}

async function exported(page: Page): Promise<Library> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('main').getByRole('button', { name: 'Export everything' }).last().click(),
  ]);
  return JSON.parse((await bytesOf(download)).toString()) as Library;
}

test('a list is made, filled where features are found, written on, and still there after a reload', async ({ page, site }) => {
  await makeList(page, site, 'Stories of two');
  await page.getByRole('textbox', { name: 'Note', exact: true }).fill('what fires on them');
  await page.getByRole('textbox', { name: 'Text to look at its features on' }).fill('Mary and John went');
  await page.getByRole('heading', { level: 1 }).click();

  await page.goto(`${site.url}#/lab/feature-search`);
  await expectLive(page);
  const first = page.locator('[data-hits] li').first();
  const name = (await first.getByRole('link').first().getAttribute('aria-label')) ?? '';
  const [, feature] = /^Feature (\d+) of/.exec(name) ?? [];
  await first.getByRole('button', { name: /^Add feature/ }).click();
  await page.getByRole('menuitem', { name: 'Stories of two' }).click();
  await expect(page.getByText('is on “Stories of two”')).toBeVisible();

  await page.goto(`${site.url}#/lists`);
  await page.getByRole('link', { name: 'Stories of two' }).click();
  await expect(items(page)).toHaveCount(1);
  await items(page)
    .getByRole('textbox', { name: /^Label of/ })
    .fill('a pair that gives');
  await page.keyboard.press('Enter');
  await items(page)
    .getByRole('textbox', { name: /^Note on/ })
    .fill('seen first on a story');
  await page.getByRole('heading', { level: 1 }).click();
  await page.reload();
  await expect(items(page)).toHaveCount(1);
  await expect(items(page).getByRole('textbox', { name: /^Note on/ })).toHaveValue('seen first on a story');
  await expect(page.getByRole('textbox', { name: 'Text to look at its features on' })).toHaveValue('Mary and John went');

  // The label stands wherever the feature does, and the dashboard opens with the list's text.
  await items(page).getByRole('link', { name: 'a pair that gives' }).click();
  await expect(page).toHaveURL(new RegExp(`#/feature/primer/.+/${feature}\\?text=Mary%20and%20John%20went$`));
  await page.goto(`${site.url}#/lab/feature-search`);
  await expectLive(page);
  await expect(page.locator('[data-hits] li').first().getByRole('link').first()).toContainText('a pair that gives');
  await page.keyboard.press('ControlOrMeta+k');
  await page.getByRole('searchbox').fill('a pair that gives');
  await expect(page.getByRole('menuitem', { name: 'a pair that gives' })).toBeVisible();
});

test('a removed list, item or label comes back with Undo', async ({ page, site }) => {
  await page.goto(`${site.url}${listsFragment(SHARED)}`);
  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await lists(page).getByRole('link', { name: 'Names' }).click();
  await expect(items(page)).toHaveCount(2);
  await items(page)
    .first()
    .getByRole('button', { name: /^Take feature 7/ })
    .click();
  await expect(items(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(items(page)).toHaveCount(2);
  await page.getByRole('link', { name: 'All lists' }).click();
  await page.getByRole('button', { name: 'Remove “Names”' }).click();
  await expect(page.getByText('There is no list yet')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(lists(page)).toHaveText(['Names']);
  await page.getByRole('button', { name: 'Remove the label “a name”' }).click();
  await expect(page.getByText('You have not named a feature yet')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('region', { name: 'Your labels' }).getByRole('link', { name: 'a name' })).toBeVisible();
});

test('a link shows its lists before anything is kept; a fresh profile has the same after Keep', async ({
  page,
  site,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(`${site.url}${listsFragment(SHARED)}`);
  await expect(page.getByText('This link holds 1 list with 2 items and 1 label')).toBeVisible();
  await expect(page.getByText('There is no list yet')).toBeVisible();
  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await expect(lists(page)).toHaveText(['Names']);
  const id = new URL((await lists(page).getByRole('link').getAttribute('href')) ?? '', site.url).hash;
  await page.goto(`${site.url}${id}`);
  await page.getByRole('button', { name: 'Copy a link' }).click();
  await expect(page.getByText('Link copied.')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());

  const fresh = await other(context);
  const guest = await fresh.newPage();
  await guest.goto(link);
  await guest.getByRole('button', { name: 'Keep', exact: true }).click();
  await lists(guest).getByRole('link', { name: 'Names' }).click();
  await expect(items(guest)).toHaveCount(2);
  await expect(items(guest).first()).toContainText('a name');
  await expect(
    items(guest)
      .first()
      .getByRole('textbox', { name: /^Note on/ }),
  ).toHaveValue('strong');
  await fresh.close();
});

const other = async (context: BrowserContext): Promise<BrowserContext> => {
  const browser = context.browser();
  if (!browser) throw new Error('there is no browser');
  return browser.newContext();
};

test('files: exported, imported again, merged without doubles, and kept as new', async ({ page, site }) => {
  await page.goto(`${site.url}#/lists`);
  await importFile(page, SHARED);
  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await expect(lists(page)).toHaveText(['Names']);
  const first = await exported(page);
  expect(first.lists.map(({ name }) => name)).toEqual(['Names']);

  // Another version of the same list: joined, and the label that gives way is kept in the note.
  const mine = first.lists[0]!;
  const theirs: Library = {
    labels: [{ ...ref(7), text: 'a person', note: '', at: 9e12 }],
    lists: [{ ...mine, items: [item(7, 'weak'), item(11)], changed: 9e12, name: 'People' }],
  };
  await importFile(page, theirs);
  await page.getByRole('button', { name: 'Merge with yours' }).click();
  await expect(lists(page)).toHaveText(['People']);
  for (const time of ['once', 'twice']) {
    const both = await exported(page);
    expect(
      both.lists[0]!.items.map((entry) => (entry.kind === 'feature' ? entry.feature : -1)),
      time,
    ).toEqual([7, 9, 11]);
    expect(both.lists[0]!.items[0]!.note.split('\n').sort(), time).toEqual(['strong', 'weak']);
    expect(
      both.labels.map(({ text, note }) => [text, note]),
      time,
    ).toEqual([['a person', 'Also called: a name']]);
    await importFile(page, theirs);
    await page.getByRole('button', { name: 'Merge with yours' }).click();
    await expect(page.getByRole('button', { name: 'Merge with yours' })).toHaveCount(0);
  }
  await importFile(page, theirs);
  await page.getByRole('button', { name: 'Keep as new' }).click();
  await expect(lists(page)).toHaveText(['People', 'People']);
});

test('what is not a list is refused in words, and text of others is text', async ({ page, site }) => {
  await page.goto(`${site.url}#/lists`);
  for (const [text, why] of [
    ['{}', /holds no lists/],
    ['nonsense', /is not JSON/],
    [libraryFile(SHARED).replace('"feature": 7', '"feature": -7'), /feature/],
  ] as const) {
    await importFile(page, text);
    await expect(errorNotice(page)).toContainText(why);
    await page.getByRole('button', { name: 'Dismiss' }).click();
  }
  await page.goto(`${site.url}${listsFragment(SHARED).slice(0, -9)}`);
  await expect(errorNotice(page)).toContainText('This link cannot be read');

  const evil = '<img src=x onerror="document.title=1">';
  await page.goto(
    `${site.url}${listsFragment({ labels: [{ ...ref(7), text: evil, note: evil, at: 1 }], lists: [{ ...LIST, name: evil, items: [item(7, evil)] }] })}`,
  );
  await expect(page.getByText(evil).first()).toBeVisible();
  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await lists(page).getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(evil);
  await expect(page.locator('main img')).toHaveCount(0);
});

test('tabs add to each other’s changes and show them', async ({ page, site, context }) => {
  await makeList(page, site, 'Both');
  const fragment = new URL(page.url()).hash;
  const second = await context.newPage();
  await second.goto(`${site.url}${fragment}`);
  await expect(second.getByRole('heading', { level: 1 })).toHaveText('Both');
  // Each tab writes another field of the same list.
  await Promise.all([
    page.getByRole('textbox', { name: 'Note', exact: true }).fill('from one tab'),
    second.getByRole('textbox', { name: 'Text to look at its features on' }).fill('from the other'),
  ]);
  await Promise.all([page.keyboard.press('Tab'), second.keyboard.press('Tab')]);
  for (const tab of [page, second]) {
    await expect(tab.getByRole('textbox', { name: 'Note', exact: true })).toHaveValue('from one tab');
    await expect(tab.getByRole('textbox', { name: 'Text to look at its features on' })).toHaveValue('from the other');
  }
  await second.getByRole('textbox', { name: 'Name', exact: true }).fill('Ours');
  await second.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Ours');
});

test('storage that is full: says so, loses nothing, exports, and stores all of it when there is room', async ({
  page,
  site,
  context,
}) => {
  await page.goto(`${site.url}#/lists`);
  const session = await context.newCDPSession(page);
  const origin = new URL(site.url).origin;
  // From the beginning: Chromium asks for the quota only now and then, while writes go well.
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
  await makeList(page, site, 'Before');
  await expect(errorNotice(page)).toContainText('The browser’s storage is full');
  await expect(errorNotice(page)).toContainText('1 change is on this page only');
  await page.getByRole('textbox', { name: 'Note', exact: true }).fill('x'.repeat(1_500));
  await page.keyboard.press('Tab');
  await expect(errorNotice(page)).toContainText('2 changes are on this page only');
  await page.goto(`${site.url}#/lists`);
  await expect(errorNotice(page)).toBeVisible();
  expect((await exported(page)).lists[0]).toMatchObject({ name: 'Before', note: 'x'.repeat(1_500) });
  await errorNotice(page).getByRole('button', { name: 'Retry' }).click();
  await expect(errorNotice(page)).toBeVisible();
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  await errorNotice(page).getByRole('button', { name: 'Retry' }).click();
  await expect(errorNotice(page)).toHaveCount(0);
  await page.reload();
  expect((await exported(page)).lists[0]).toMatchObject({ name: 'Before', note: 'x'.repeat(1_500) });
});

test('an experiment is put on a list from the palette, and opens from there as it was', async ({ page, site }) => {
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
  await page.keyboard.press('ControlOrMeta+k');
  await page.getByRole('searchbox').fill('new list');
  await page.getByRole('menuitem', { name: /Put this experiment on a new list/ }).click();
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(items(page)).toHaveCount(1);
  const href = await items(page).getByRole('link').getAttribute('href');
  await items(page).getByRole('link').click();
  await expectLive(page);
  expect(new URL(page.url()).hash).toBe(href);
});

test('the example file of the documentation is one that is taken', async ({ page, site }) => {
  const guide = readFileSync('docs/lists.md', 'utf8');
  const [, json] = /```json\n([\s\S]+?)```/.exec(guide) ?? [];
  await page.goto(`${site.url}#/lists`);
  await importFile(page, json ?? '');
  await expect(page.getByText(/^The file holds 1 list with/)).toBeVisible();
});
