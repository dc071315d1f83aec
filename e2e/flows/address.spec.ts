import type { Locator, Page } from '@playwright/test';
import { labFragment } from '../../core/share/address.ts';
import { lab as activations } from '../../labs/activations/spec.ts';
import { serveHub } from '../../scripts/lib/hub-server.ts';
import { sendPart, serveModels } from '../../scripts/lib/model-server.ts';
import { tinyGguf, tinyLlama, type Checkpoint } from './checkpoint.ts';
import { openHost } from './embedding.ts';
import { expect, instead, quiet, test, unreachable, type Site } from './harness.ts';
import { copyLink, downloadResult, errorNotice, expectLive, panel, promptBox, resultLine } from './reader.ts';

/** Models at addresses outside of the Hub: of this site itself, and of hosts that whoever built it has allowed, or not. */

// Refusals are printed to the console.
test.use({ quiet: false });

let made: Checkpoint | null = null;
let packed: Buffer | null = null;
const checkpoint = (site: Site): Checkpoint =>
  (made ??= tinyLlama(site.file('models/primer/tokenizer.json'), site.file('models/primer/tokenizer_config.json')));
const gguf = (site: Site): Buffer => (packed ??= tinyGguf(checkpoint(site)));

/** Puts files beside the site. @returns the ranges that were asked for of each */
function beside(site: Site, files: Readonly<Record<string, Buffer>>): readonly string[] {
  const asked: string[] = [];
  site.breaks(/^own\//, (path, response) => {
    const content = files[path.slice('own/'.length)];
    if (!content) return false;
    asked.push(`${path} ${response.req.headers.range ?? 'whole'}`);
    sendPart(response.req, response, content);
    return true;
  });
  return asked;
}

const add = (page: Page): Locator => page.getByRole('region', { name: 'Add a model from the Hub or from an address' });
const row = (page: Page, name: string): Locator => page.getByRole('article', { name });

function linkTo(model: string): string {
  const { saes: _saes, ...plain } = activations.defaults;
  return labFragment({ ...plain, model });
}

async function lookUp(page: Page, site: Site, text: string): Promise<void> {
  await page.goto(`${site.url}#/models`);
  await add(page).getByRole('textbox', { name: 'Repository or address' }).fill(text);
  await add(page).getByRole('button', { name: 'Look it up' }).click();
}

test('the address of a GGUF file: looked up, confirmed, used without asking its host again, shared, freed', async ({
  page,
  site,
  context,
  browser,
}) => {
  test.slow();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const asked = beside(site, { 'tiny.gguf': gguf(site) });
  const address = `${site.url}own/tiny.gguf`;
  await lookUp(page, site, `${address}#part`);
  const card = page.getByRole('region', { name: `What ${address} holds` });
  await expect(card).toContainText('13 MB in one file, checked by samples: its host gives no digest');
  await expect(card).toContainText('llama, 3.16 million parameters');
  await expect(card).toContainText('can run it');
  const sizes = asked.map((ask) => /bytes=(\d+)-(\d+)/.exec(ask)).map((found) => Number(found?.[2]) - Number(found?.[1]) + 1);
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(2_000_000);

  await card.getByRole('button', { name: /^Download 13 MB/ }).click();
  await expect(row(page, 'tiny.gguf')).toContainText('On this device');
  await expect(row(page, 'tiny.gguf')).toContainText(new URL(site.url).host);
  await row(page, 'tiny.gguf').getByRole('button', { name: 'Use it' }).click();
  const before = asked.length;
  await page.goto(`${site.url}#/lab/explore`);
  await expect(panel(page)).toBeVisible();
  await expectLive(page);
  const { model } = (await downloadResult(page)).provenance;
  expect(model.id).toMatch(new RegExp(`^url:${address}@[0-9a-f]{16}$`));
  expect(asked.length).toBe(before);

  // A page of its own, from the table of models and from its address.
  await page.goto(`${site.url}#/models/${model.id}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('tiny.gguf');
  await expect(page.getByRole('main')).toContainText(address);
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
  const link = await copyLink(page);

  const other = await browser.newContext();
  const visitor = await other.newPage();
  await visitor.goto(link);
  await expect(visitor.getByText('This experiment is on tiny.gguf, a model that is not on this device')).toBeVisible();
  await expect(visitor.getByText(address, { exact: true })).toBeVisible();
  await promptBox(visitor).press('ControlOrMeta+Enter');
  await quiet(site);
  expect(asked.length).toBe(before);
  await visitor.getByRole('button', { name: 'See what would be downloaded' }).click();
  await visitor.getByRole('button', { name: /^Download 13 MB/ }).click();
  await expectLive(visitor);
  await other.close();

  await page.goto(`${site.url}#/models`);
  await row(page, 'tiny.gguf').getByRole('button', { name: 'Free tiny.gguf' }).click();
  await expect(row(page, 'tiny.gguf')).toHaveCount(0);
  const kept = await page.evaluate(async () => (await (await caches.open('vitrine-hub-1')).keys()).map(({ url }) => url));
  expect(kept).toEqual([]);
});

test('a link whose file has changed since says so, and what to do', async ({ page, site }) => {
  beside(site, { 'tiny.gguf': gguf(site) });
  await page.goto(`${site.url}${linkTo(`url:${site.url}own/tiny.gguf@0123456789abcdef`)}`);
  await page.getByRole('button', { name: 'See what would be downloaded' }).click();
  await expect(errorNotice(page)).toContainText('is not the model that is meant');
  await expect(errorNotice(page)).toContainText('add its address on the models page');
});

test('an embed of a model at an address asks its host nothing before the reader says so', async ({ page, site }) => {
  const asked = beside(site, { 'tiny.gguf': gguf(site) });
  const link = linkTo(`url:${site.url}own/tiny.gguf@0123456789abcdef`);
  const host = await openHost([`${site.url}${link.replace('#/lab/', '#/embed/lab/')}`]);
  await page.goto(host.url);
  const frame = page.frameLocator('iframe');
  await expect(frame.getByText('This experiment is on tiny.gguf, a model that is not on this device')).toBeVisible();
  await expect(frame.getByText(`${site.url}own/tiny.gguf`, { exact: true })).toBeVisible();
  await quiet(site);
  expect(asked).toEqual([]);
  host.close();
});

test('a folder with safetensors, by the address of its weights, on a host that sends whole files only; a link says how they are held', async ({
  page,
  site,
  context,
  browser,
}) => {
  test.slow();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const files = checkpoint(site);
  site.breaks(/^own\//, (path, response) => {
    const content = files[path.slice('own/'.length)];
    if (content) sendPart(response.req, response, content, { ranges: false, etags: false });
    return content !== undefined;
  });
  await lookUp(page, site, `${site.url}own/model.safetensors`);
  const card = page.getByRole('region', { name: `What ${site.url}own/ holds` });
  await expect(card).toContainText('13 MB in 4 files');
  await card.getByRole('combobox', { name: 'Weights in memory' }).selectOption({ index: 2 });
  await card.getByRole('button', { name: /^Download 13 MB/ }).click();
  await expect(row(page, 'own')).toContainText('On this device');
  await row(page, 'own').getByRole('button', { name: 'Use it' }).click();
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
  expect((await downloadResult(page)).provenance.model).toMatchObject({ quantization: 'f32' });

  // The link says so: offered in the same way elsewhere, and told where it is held in another one.
  const link = await copyLink(page);
  expect(link).toMatch(/&held=f32$/);
  const other = await browser.newContext();
  const visitor = await other.newPage();
  await visitor.goto(link);
  await visitor.getByRole('button', { name: 'See what would be downloaded' }).click();
  await expect(visitor.getByRole('combobox', { name: 'Weights in memory' })).toHaveValue('f32');
  await visitor.getByRole('combobox', { name: 'Weights in memory' }).selectOption('int4');
  await visitor.getByRole('button', { name: /^Download 13 MB/ }).click();
  await expectLive(visitor);
  await expect(resultLine(visitor)).toContainText(
    'Weights are held in 4 bits here and were held as stored where this experiment',
  );
  await other.close();
});

test('a host that this site is not allowed to ask is not asked, and it is said at once what to do', async ({ page, site }) => {
  const host = await serveModels({ 'tiny.gguf': gguf(site) });
  await lookUp(page, site, `${host.url}tiny.gguf`);
  await expect(errorNotice(page)).toContainText('This page may not ask that host');
  await expect(errorNotice(page)).toContainText('drop it on the models page');
  await expect(errorNotice(page)).toContainText('MODEL_HOSTS');
  for (const wrong of [
    'http://models.example/x.gguf',
    'https://me:secret@models.example/x.gguf',
    'https://models.example/x.gguf?key=a',
  ]) {
    await lookUp(page, site, wrong);
    await expect(errorNotice(page)).toContainText('this is not the address of a model');
  }
  await quiet(site);
  expect(host.requests).toEqual([]);
  await host.close();
});

test('a host that was allowed when the site was built is asked, without the reader’s token; one that lets no page read it is told', async ({
  page,
  site,
}) => {
  test.slow();
  const host = await serveModels({ 'tiny.gguf': gguf(site) });
  host.habits.exposes = false;
  const allowed = site
    .file('index.html')
    .toString()
    .replace('https://*.hf.co', `https://*.hf.co ${host.url.slice(0, -1)}`);
  site.breaks(/^(?:index\.html)?$/, instead(allowed, 'text/html; charset=utf-8'));
  await page.addInitScript(() => localStorage.setItem('vitrine:hub-token', '"hf_secretOfTheReader"'));
  host.habits.cors = false;
  await lookUp(page, site, `${host.url}tiny.gguf`);
  await expect(errorNotice(page)).toContainText('does not let pages of other sites read its files (CORS)');
  await expect(errorNotice(page)).toContainText('drop it on the models page');
  host.habits.cors = true;
  await errorNotice(page).getByRole('button', { name: 'Retry' }).click();
  await add(page)
    .getByRole('button', { name: /^Download 13 MB/ })
    .click();
  await expect(row(page, 'tiny.gguf')).toContainText('On this device');
  expect(host.requests.length).toBeGreaterThan(4);
  for (const { authorization, cookie, referrer } of host.requests)
    expect([authorization, cookie, referrer]).toEqual([null, null, null]);
  await host.close();
});

test('an address of a GGUF file of the Hub goes the Hub’s way, with its revision and that very file', async ({ page, site }) => {
  const file = gguf(site);
  const hub = await serveHub({ 'tiny/gguf': { files: { 'a-Q4_0.gguf': file.subarray(0, 1_000), 'sub/b F32.gguf': file } } });
  await page.addInitScript((url) => localStorage.setItem('vitrine:hub-host', JSON.stringify(url)), hub.url);
  const commit = hub.commit('tiny/gguf');
  await lookUp(page, site, `https://huggingface.co/tiny/gguf/blob/${commit}/sub/b%20F32.gguf?download=true`);
  const card = page.getByRole('region', { name: 'What tiny/gguf holds' });
  await expect(card.getByRole('combobox', { name: 'Which of its files' })).toHaveValue(/sub\/b%20F32\.gguf$/);
  await expect(card).toContainText('llama, 3.16 million parameters');
  expect(hub.requests.some(({ path }) => path.includes(`/revision/${commit}`))).toBe(true);
  await lookUp(page, site, 'https://huggingface.co/tiny/gguf/resolve/main/gone.gguf');
  await expect(card).toContainText('tiny/gguf has no model in gone.gguf');
  await hub.close();
});

test('too little room is told before a download, with what can be done; freed, there is enough', async ({ page, site }) => {
  test.slow();
  beside(site, { 'tiny.gguf': gguf(site) });
  await page.addInitScript(() => {
    const left = { bytes: 5_000_000 };
    Object.assign(window, { left });
    navigator.storage.estimate = () => Promise.resolve({ usage: 1_000_000, quota: 1_000_000 + left.bytes });
  });
  await lookUp(page, site, `${site.url}own/tiny.gguf`);
  const full = add(page).getByText('It needs 13 MB, and the browser has about 5.0 MB left for this site');
  await expect(full).toBeVisible();
  await add(page).getByRole('button', { name: 'Use it without keeping it' }).click();
  await expect(row(page, 'tiny.gguf')).toContainText('Not kept');
  await row(page, 'tiny.gguf').getByRole('button', { name: 'Use it', exact: true }).click();
  await page.evaluate(() => void ((window as unknown as { left: { bytes: number } }).left.bytes = 50_000_000));
  await add(page).getByRole('button', { name: 'Look it up' }).click();
  await expect(add(page).getByRole('button', { name: /^Download 13 MB/ })).toBeEnabled();
  await expect(full).toHaveCount(0);
  await page.goto(`${site.url}#/lab/explore`);
  await expectLive(page);
});

test('a download that was stopped says that there is too little room to go on', async ({ page, site }) => {
  let gone = false;
  site.breaks(/^own\//, (path, response) => {
    if (gone) return unreachable(path, response);
    sendPart(response.req, response, gguf(site));
    return true;
  });
  await page.addInitScript(() => {
    navigator.storage.estimate = () => Promise.resolve({ usage: 1_000_000, quota: 6_000_000 });
  });
  await lookUp(page, site, `${site.url}own/tiny.gguf`);
  const button = add(page).getByRole('button', { name: /^Download 13 MB/ });
  await expect(button).toBeEnabled();
  gone = true;
  await button.click();
  await expect(row(page, 'tiny.gguf')).toContainText('The network did not answer');
  await page.reload();
  await expect(row(page, 'tiny.gguf')).toContainText('It needs 13 MB, and the browser has about 5.0 MB left');
  await row(page, 'tiny.gguf').getByRole('button', { name: 'Use it without keeping it' }).click();
  await expect(row(page, 'tiny.gguf')).toContainText('Not kept');
});
