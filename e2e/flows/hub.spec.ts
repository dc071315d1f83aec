import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { labFragment } from '../../core/share/address.ts';
import { lab as activations } from '../../labs/activations/spec.ts';
import { serveHub, type HubRequest, type HubServer } from '../../scripts/lib/hub-server.ts';
import { tinyLlama, type Checkpoint } from './checkpoint.ts';
import { openHost } from './embedding.ts';
import { expect, quiet, test as base, type Site } from './harness.ts';
import {
  closeDialog,
  copyLink,
  downloadResult,
  errorNotice,
  expectLive,
  openSheet,
  OTHER,
  panel,
  pressRun,
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
  // The steps above it say these words as well.
  await expect(page.getByRole('region', { name: `What ${REPO} holds` })).toContainText('can run it');
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
      .getByLabel('Files of a model')
      .setInputFiles(
        names.map((name) => ({ name, mimeType: 'application/octet-stream', buffer: files[name] ?? Buffer.alloc(0) })),
      );
  await give(['model.safetensors', 'config.json']);
  await expect(own.getByRole('alert')).toContainText('tokenizer.json is not among the files');
  await give(['model.safetensors', 'config.json', 'tokenizer.json', 'tokenizer_config.json']);
  await expect(own).toContainText('llama, 3.16 million parameters');
  await own.getByRole('combobox', { name: 'Weights in memory' }).selectOption('int4');
  await own.getByRole('button', { name: 'Use it in every lab' }).click();
  await expect(own.getByRole('article', { name: 'model' })).toContainText('float32 as int4 weights');
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
  expect((await downloadResult(page)).provenance.model).toMatchObject({ id: 'local:model', quantization: 'int4' });

  // Removed, it is gone from the list, and what is on it says so.
  await page.goto(`${site.url}#/models`);
  const opened = own.getByRole('article', { name: 'model' });
  await expect(opened).toContainText('llama, 3.16 million parameters');
  await expect(page.getByRole('row', { name: /^model llama/ })).toBeVisible();
  await opened.getByRole('button', { name: 'Remove model' }).click();
  await expect(opened).toHaveCount(0);
  await expect(page.getByRole('row', { name: /^model llama/ })).toHaveCount(0);
  await page.goto(`${site.url}#/lab/explore`);
  await promptBox(page).fill(OTHER);
  await pressRun(page);
  await expect(errorNotice(page)).toContainText('the files of local:model are not in this tab');
});

test('a folder of this device is the model in it, with its chat template', async ({ page, site }, info) => {
  const folder = info.outputPath('My llama');
  const files: Checkpoint = {
    ...checkpoint(site),
    'adapter_model.safetensors': Buffer.from('of something else'),
    'chat_template.jinja': Buffer.from('{% for m in messages %}<{{ m.role }}> {{ m.content }}\n{% endfor %}'),
    'onnx/model.onnx': Buffer.from('no'),
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  await page.goto(`${site.url}#/models`);
  const own = page.getByRole('region', { name: 'Open files of yours' });
  await own.getByLabel('Folder of a model').setInputFiles(folder);
  await expect(own).toContainText('chat_template.jinja');
  await expect(own).not.toContainText('adapter_model');
  await own.getByRole('button', { name: 'Use it in every lab' }).click();
  await expect(own.getByRole('article', { name: 'My-llama' })).toBeVisible();
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
  expect((await downloadResult(page)).provenance.model.id).toBe('local:My-llama');
});

// Chromium gives frames of another site no storage, so what is downloaded there is not kept.
for (const [where, name] of [
  ['another site', '127.0.0.1'],
  ['the same site', 'localhost'],
] as const)
  test(`an embed on ${where} of a model of the Hub says what it is and how large; a confirmed download fetches it, then it runs`, async ({
    context,
    page,
    site,
    hub,
  }) => {
    test.slow();
    // Without storage another Hub cannot be named.
    await context.route('https://huggingface.co/**', async (route) => {
      const { pathname, search } = new URL(route.request().url());
      await route.fulfill({ response: await route.fetch({ url: `${hub.url}${pathname}${search}` }) });
    });
    const id = `hf:${REPO}@${hub.commit(REPO)}`;
    const { saes: _saes, ...plain } = activations.defaults;
    const host = await openHost([`${site.url}${labFragment({ ...plain, model: id }).replace('#/lab/', '#/embed/lab/')}`], {
      name,
    });
    await page.setViewportSize({ width: 1280, height: 1400 });
    await page.goto(host.url);
    const frame = page.frameLocator('iframe');
    await expect(frame.getByText(`This experiment is on ${REPO}, a model that is not on this device`)).toBeVisible();
    await expect(frame.getByText(hub.commit(REPO).slice(0, 12))).toBeVisible();
    await expect(frame.getByRole('link', { name: 'Open in Vitrine' })).toBeVisible();
    await expect(frame.getByRole('button', { name: 'Run it here' })).toHaveCount(0);
    await quiet(site);
    expect(hub.requests).toEqual([]);
    expect(site.requests.filter((path) => /engine\.worker|hub\.worker/.test(path))).toEqual([]);

    await frame.getByRole('button', { name: 'See what would be downloaded' }).click();
    await expect(frame.getByRole('region', { name: `What ${REPO} holds` })).toContainText('13 MB in 4 files');
    await expect(frame.getByRole('button', { name: /^Download 13 MB/ })).toBeEnabled();
    expect(hub.requests.filter((request) => request.host === 'cdn')).toEqual([]);
    await frame.getByRole('button', { name: /^Download 13 MB/ }).click();
    if (name === '127.0.0.1') {
      await expect(frame.getByText('This browser stores nothing for this page')).toBeVisible();
      await frame.getByRole('button', { name: 'Use it without keeping it' }).click();
    }
    await expect(frame.getByText(/^Live, computed in this browser: hf:tiny\/llama@/)).toBeVisible({ timeout: 90_000 });
    host.close();
  });

/** Addresses under which files of the Hub are kept. */
function keptAddresses(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const cache = await caches.open('vitrine-hub-1');
    return (await cache.keys()).map(({ url }) => url);
  });
}
