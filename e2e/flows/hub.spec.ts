import type { Locator, Page } from '@playwright/test';
import { serveHub, type HubRequest, type HubServer } from '../../scripts/lib/hub-server.ts';
import { tinyLlama, type Checkpoint } from './checkpoint.ts';
import { expect, test as base, type Site } from './harness.ts';
import {
  closeDialog,
  copyLink,
  downloadResult,
  errorNotice,
  expectLive,
  openSheet,
  panel,
  promptBox,
  resultLine,
} from './reader.ts';

/** A Hub on this machine, which the page takes for the real one, as both are on this machine. */
interface HubFixtures {
  hub: HubServer;
}

const REPO = 'tiny/llama';
const TOKEN = 'hf_secretOfTheReader';

const test = base.extend<HubFixtures>({
  hub: async ({ page, site }, use) => {
    const files = checkpoint(site);
    const hub = await serveHub({
      [REPO]: { files, license: 'apache-2.0' },
      'tiny/gated': { files, tokens: [TOKEN], license: 'gemma' },
      'tiny/unknown': { files: { ...files, 'config.json': Buffer.from('{"model_type":"mamba"}') } },
    });
    await page.addInitScript((host) => localStorage.setItem('vitrine:hub-host', JSON.stringify(host)), hub.url);
    await use(hub);
    await hub.close();
  },
});

// The Hub is another host, and refusals are printed to the console: each test looks at what was asked of whom by itself.
test.use({ quiet: false });

let made: Checkpoint | null = null;
const checkpoint = (site: Site): Checkpoint =>
  (made ??= tinyLlama(site.file('models/primer/tokenizer.json'), site.file('models/primer/tokenizer_config.json')));

const add = (page: Page): Locator => page.getByRole('region', { name: 'Add a model from the Hub' });
const row = (page: Page, name = REPO): Locator => page.getByRole('article', { name });
const bodies = ({ requests }: HubServer): readonly HubRequest[] =>
  requests.filter(({ method, path }) => method === 'GET' && /\/resolve\/|\/-\//.test(path));

async function lookUp(page: Page, site: Site, repo: string): Promise<void> {
  await page.goto(`${site.url}#/models`);
  await add(page).getByRole('textbox', { name: 'Repository' }).fill(repo);
  await add(page).getByRole('button', { name: 'Look it up' }).click();
}

/** Adds the model and waits until it is on this device. */
async function addModel(page: Page, site: Site): Promise<void> {
  await lookUp(page, site, REPO);
  await add(page)
    .getByRole('button', { name: /^Download/ })
    .click();
  await expect(row(page)).toContainText('On this device');
}

test('a repository by name: looked up, confirmed, paused, taken up after a reload, explored, freed', async ({
  page,
  site,
  hub,
}) => {
  test.slow();
  await lookUp(page, site, REPO);
  const card = page.getByRole('region', { name: `What ${REPO} holds` });
  await expect(card).toContainText('apache-2.0');
  await expect(card).toContainText(hub.commit(REPO).slice(0, 12));
  await expect(card).toContainText('13 MB in 4 files, each checked against the digest');
  await expect(card).toContainText('llama, 3.16 million parameters');
  await expect(card).toContainText('can run it');
  // What it needs is known, and of its files only config.json was read.
  expect(new Set(bodies(hub).map(({ path }) => path.split('/').at(-1)))).toEqual(new Set(['config.json']));

  hub.faults.bytesPerSecond = 5_000_000;
  await card.getByRole('button', { name: /^Download 13 MB/ }).click();
  await expect(row(page)).toContainText(/[\d.]+ MB of 13 MB, [\d.]+ MB\/s/);
  const meter = row(page).getByRole('progressbar');
  // A chunk is kept by then.
  await expect.poll(async () => Number(await meter.getAttribute('value'))).toBeGreaterThan(0.4);
  await row(page).getByRole('button', { name: 'Pause' }).click();
  await expect(row(page)).toContainText('Paused:');

  await page.reload();
  await expect(row(page)).toContainText(/Paused: [48]\.\d MB of 13 MB are kept/);
  const asked = hub.requests.length;
  hub.faults.bytesPerSecond = null;
  await row(page).getByRole('button', { name: 'Go on' }).click();
  await expect(row(page)).toContainText('On this device');
  const again = hub.requests.slice(asked).filter(({ method, path }) => method === 'GET' && path.endsWith('model.safetensors'));
  expect(again.length).toBeGreaterThan(0);
  expect(again.every(({ range }) => !range?.startsWith('bytes=0-'))).toBe(true);

  await row(page).getByRole('button', { name: 'Use it' }).click();
  await page.goto(`${site.url}#/lab/explore`);
  await expect(panel(page)).toBeVisible();
  await expectLive(page);
  expect((await downloadResult(page)).provenance.model).toMatchObject({ id: `hf:${REPO}@${hub.commit(REPO)}` });

  // Nothing is downloaded a second time, and no network is needed.
  const before = hub.requests.length;
  await page.reload();
  await expectLive(page);
  expect(hub.requests.length).toBe(before);
  await hub.close();
  await page.reload();
  await expectLive(page);

  await page.goto(`${site.url}#/models`);
  await expect(page.getByRole('row', { name: new RegExp(REPO) })).toContainText(/on this device|loaded in this tab/);
  await row(page)
    .getByRole('button', { name: `Free ${REPO}` })
    .click();
  await expect(page.getByText(`${REPO} was freed.`)).toBeVisible();
  await expect(row(page)).toHaveCount(0);
  expect(await keptAddresses(page)).toEqual([]);
});

test('every lab asks the model that is chosen, or says in a sentence what is missing', async ({ page, site, hub: _hub }) => {
  test.slow();
  await addModel(page, site);
  const sheet = await openSheet(page);
  await sheet.getByRole('combobox', { name: 'Used in every lab' }).selectOption({ label: REPO });
  await closeDialog(page);
  for (const lab of ['explore', 'activations', 'steering']) {
    await page.goto(`${site.url}#/lab/${lab}`);
    await expect(page.getByRole('button', { name: /Open the model sheet/ })).toContainText('llama');
    await expectLive(page);
  }
  for (const [lab, sentence] of [
    ['feature-search', /dictionar/],
    ['feature-dashboard', /dictionar/],
  ] as const) {
    await page.goto(`${site.url}#/lab/${lab}`);
    await expect(page.getByRole('main')).toContainText(sentence);
    await expect(page.getByRole('main')).toContainText(`${REPO} comes without dictionaries`);
    await expect(page.getByText('Something went wrong inside')).toHaveCount(0);
  }
});

test('a link to a model of the Hub asks first, and only then fetches', async ({ page, site, hub, context, browser }) => {
  test.slow();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await addModel(page, site);
  await row(page).getByRole('button', { name: 'Use it' }).click();
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
  const link = await copyLink(page);

  const other = await browser.newContext();
  const visitor = await other.newPage();
  await visitor.addInitScript((host) => localStorage.setItem('vitrine:hub-host', JSON.stringify(host)), hub.url);
  const before = hub.requests.length;
  await visitor.goto(link);
  await expect(visitor.getByText(`This experiment is on ${REPO}, a model that is not on this device`)).toBeVisible();
  await expect(visitor.getByText(hub.commit(REPO).slice(0, 12))).toBeVisible();
  await promptBox(visitor).press('ControlOrMeta+Enter');
  await visitor.waitForTimeout(1_500);
  expect(hub.requests.length).toBe(before);

  await visitor.getByRole('button', { name: 'See what would be downloaded' }).click();
  await expect(visitor.getByRole('region', { name: `What ${REPO} holds` })).toContainText('13 MB');
  expect(hub.requests.slice(before).filter(({ host }) => host === 'cdn')).toEqual([]);
  await visitor.getByRole('button', { name: /^Download 13 MB/ }).click();
  await expectLive(visitor);
  await other.close();
});

test('a gated repository: the token is asked for, goes to the Hub alone, and is gone with the tab', async ({
  page,
  site,
  hub,
}) => {
  await lookUp(page, site, 'tiny/gated');
  const card = page.getByRole('region', { name: 'What tiny/gated holds' });
  await expect(card).toContainText('This repository is not open to everyone');
  await card.getByLabel('Access token').fill('hf_ofSomebodyElse');
  await card.getByRole('button', { name: 'Use this token' }).click();
  await expect(card).toContainText('of an account that may not read it');
  await card.getByRole('button', { name: 'Forget the token' }).click();
  await card.getByLabel('Access token').fill(TOKEN);
  await card.getByRole('button', { name: 'Use this token' }).click();
  await expect(card).toContainText('can run it');
  await card.getByRole('button', { name: /^Download/ }).click();
  await expect(row(page, 'tiny/gated')).toContainText('On this device');

  const bearing = hub.requests.filter(({ authorization }) => authorization !== null);
  expect(bearing.length).toBeGreaterThan(0);
  expect(bearing.every(({ host }) => host === 'hub')).toBe(true);
  expect(hub.requests.some(({ host }) => host === 'cdn')).toBe(true);
  expect(site.requests.join()).not.toContain(TOKEN);
  expect((await keptAddresses(page)).join()).not.toContain(TOKEN);
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }) + location.href)).not.toContain(TOKEN);
  await page.reload();
  await lookUp(page, site, 'tiny/gated');
  await expect(card.getByLabel('Access token').or(card.getByText('A token is set'))).toBeVisible();
  await expect(card.getByText('A token is set')).toHaveCount(0);
});

test('what is not there, what is not open and what is too much is said, with what to do', async ({ page, site, hub }) => {
  await lookUp(page, site, 'tiny/nothing');
  await expect(errorNotice(page)).toContainText('The Hub has no such repository');
  await lookUp(page, site, 'tiny/unknown');
  await expect(errorNotice(page)).toContainText('names the model type "mamba"');
  await expect(page.getByRole('button', { name: /^Download/ })).toBeDisabled();
  hub.faults.refuse = { pattern: /api/, times: 1, status: 429, headers: { 'retry-after': '600' } };
  await lookUp(page, site, REPO);
  await expect(errorNotice(page)).toContainText('Try again in 10 minutes');
  await errorNotice(page).getByRole('button', { name: 'Retry' }).click();
  await expect(add(page)).toContainText('can run it');
  expect(bodies(hub).some(({ host }) => host === 'cdn')).toBe(false);
});

test('a broken connection is taken up where it broke; a damaged file is refused, and what was there stays usable', async ({
  page,
  site,
  hub,
}) => {
  test.slow();
  await page.goto(site.url);
  await expectLive(page);
  hub.faults.corrupt = /model\.safetensors/;
  await lookUp(page, site, REPO);
  await add(page)
    .getByRole('button', { name: /^Download/ })
    .click();
  await expect(row(page)).toContainText('is not the file that was announced');
  await page.goto(site.url);
  await expectLive(page);

  await page.goto(`${site.url}#/models`);
  hub.faults.corrupt = null;
  hub.faults.cut = { after: 1_000_000, times: 4 };
  await row(page).getByRole('button', { name: 'Go on' }).click();
  await expect(row(page)).toContainText('On this device');
  expect(hub.faults.cut.times).toBe(0);
  expect(hub.requests.some(({ range }) => /^bytes=\d*[1-9]\d{5}-/.test(range ?? ''))).toBe(true);
});

test('without room to keep it the model can be used all the same', async ({ page, site, hub }) => {
  test.slow();
  // A full storage, as the download's worker and the engine's see it.
  const full = `{ const put = Cache.prototype.put;
    Cache.prototype.put = function (request, response) {
      return String(request.url ?? request).includes('/resolve/')
        ? Promise.reject(new DOMException('full', 'QuotaExceededError'))
        : put.call(this, request, response);
    }; }`;
  site.inject(full);
  site.injectInto(/^assets\/hub\.worker-.*\.js$/, full);
  await lookUp(page, site, REPO);
  await add(page)
    .getByRole('button', { name: /^Download/ })
    .click();
  await expect(row(page)).toContainText('The browser’s storage is full');
  // It was noticed after the first part, not at the end.
  expect(hub.sent()).toBeLessThan(9_000_000);
  await row(page).getByRole('button', { name: 'Use it without keeping it' }).click();
  await expect(row(page)).toContainText('Not kept');
  await row(page).getByRole('button', { name: 'Use it', exact: true }).click();
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
  await expect(resultLine(page)).toBeVisible();
});

test('files of this device: dropped, looked at, used, and refused where they are no model', async ({ page, site }) => {
  test.slow();
  const files = checkpoint(site);
  await page.goto(`${site.url}#/models`);
  const own = page.getByRole('region', { name: 'Open files of yours' });
  const give = (names: readonly string[]): Promise<void> =>
    own
      .locator('input[type=file]')
      .setInputFiles(
        names.map((name) => ({ name, mimeType: 'application/octet-stream', buffer: files[name] ?? Buffer.alloc(0) })),
      );
  await give(['model.safetensors', 'config.json']);
  await expect(own.getByRole('alert')).toContainText('tokenizer.json is not among the files');
  await give(['model.safetensors', 'config.json', 'tokenizer.json', 'tokenizer_config.json']);
  await expect(own).toContainText('llama, 3.16 million parameters');
  await own.getByRole('button', { name: 'Use it in every lab' }).click();
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
  expect((await downloadResult(page)).provenance.model.id).toBe('local:model');
});

/** Addresses under which files of the Hub are kept. */
function keptAddresses(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const cache = await caches.open('vitrine-hub-1');
    return (await cache.keys()).map(({ url }) => url);
  });
}
