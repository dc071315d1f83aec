import type { BrowserContext, Locator, Page } from '@playwright/test';
import { LIBRARY_NAME } from '../../app/state/library-db.ts';
import { kindOfCache } from '../../app/state/storage.ts';
import { decodeIndex, manifestPath, parseDashboardsManifest } from '../../core/dashboards/files.ts';
import { FILES_CACHE } from '../../core/files/kept.ts';
import { lab as activations } from '../../labs/activations/spec.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import { openHost } from './embedding.ts';
import { expect, instead, openSite, quiet, type Site, test } from './harness.ts';
import { ask, expectLive, expectTokens, IOI, OTHER, promptBox, readWith } from './reader.ts';

// Requests that fail are the point here.
test.use({ serviceWorkers: 'allow', quiet: false });

interface Listed {
  readonly files: readonly { readonly sha256: string }[];
  readonly saes: readonly { readonly sha256: string }[];
}

/** The app is kept, and the model with all its dictionaries. */
async function visited(page: Page, site: Site): Promise<void> {
  await expectLive(page);
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated');
  const { files, saes } = JSON.parse(site.file('models/primer/manifest.json').toString()) as Listed;
  const missing = [...files, ...saes].map(({ sha256 }) => sha256);
  const left = (): Promise<number> =>
    page.evaluate(
      async ([name, digests]) => {
        const kept = (await (await caches.open(name)).keys()).map(({ url }) => url);
        const data = await (await caches.open('vitrine-data-1')).keys();
        const manifest = data.some(({ url }) => url.endsWith('models/primer/manifest.json'));
        return digests.filter((digest) => !kept.some((url) => url.endsWith(digest))).length + (manifest ? 0 : 1);
      },
      [FILES_CACHE, missing] as const,
    );
  await expect.poll(left, { timeout: 60_000 }).toBe(0);
}

/** All dashboards are kept, too. */
async function dashboardsKept(page: Page, site: Site): Promise<void> {
  const { saes } = parseDashboardsManifest(JSON.parse(site.file(manifestPath('primer')).toString()));
  const shards = saes.flatMap(({ path }) => decodeIndex(site.file(path)).shards.map(({ sha256 }) => sha256));
  expect(shards.length).toBeGreaterThan(100);
  const left = (): Promise<number> =>
    page.evaluate(
      async ([name, digests]) => {
        const kept = new Set((await (await caches.open(name)).keys()).map(({ url }) => url.slice(url.lastIndexOf('/') + 1)));
        return digests.filter((digest) => !kept.has(digest)).length;
      },
      [FILES_CACHE, shards] as const,
    );
  await expect.poll(left, { timeout: 120_000, intervals: [2_000] }).toBe(0);
}

const cutOff = async (context: BrowserContext, site: Site): Promise<void> => {
  await context.setOffline(true);
  await site.close();
};

for (const prefix of ['/', '/people/someone/vitrine/'])
  test(`after one visit, everything works without a network, under ${prefix}`, async ({ context, page }) => {
    test.slow();
    const site = await openSite({ prefix });
    await page.goto(site.url);
    await visited(page, site);
    await dashboardsKept(page, site);
    expect(site.requests.filter((path) => !path.startsWith(prefix))).toEqual([]);
    await cutOff(context, site);

    // A new tab: the page, its recorded result, a live one, other prompts, dictionaries that were never opened.
    const tab = await context.newPage();
    await tab.goto(site.url);
    await expectLive(tab);
    await expectTokens(tab, IOI);
    expect(await tab.evaluate(() => crossOriginIsolated)).toBe(true);
    await ask(tab, OTHER);
    await readWith(tab, 'Only MLP');
    await expectLive(tab);
    // A lab whose code was never asked for.
    await tab.goto(`${site.url}#/lab/activations`);
    await expect(tab.getByRole('heading', { level: 1 })).toHaveText(activations.question);
    await expectLive(tab);
    await tab.goto(`${site.url}#/models/primer`);
    await expect(tab.getByRole('heading', { level: 1 })).toContainText('primer');
    // A dashboard that was never opened, as it is stored; and features by their names.
    await tab.goto(`${site.url}#/feature/primer/blocks.3.hook_mlp_out/700`);
    await expect(tab.getByText(/^Stored with the site, computed by the same engine on /)).toBeVisible({ timeout: 60_000 });
    await expect(tab.getByRole('list', { name: 'Examples, strongest' }).getByRole('listitem').first()).toBeVisible();
    await tab.goto(`${site.url}#/features/primer/blocks.0.attn.hook_z`);
    await expect(tab.getByRole('table').locator('tbody th > a').first()).toBeVisible();
  });

test('a reader who saves data keeps no dashboard that they did not open', async ({ page, site }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, 'connection', { value: { saveData: true } }));
  await page.goto(site.url);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expectLive(page);
  await quiet(site, 6_000);
  expect(site.requests.filter((path) => /\/dashboards\/.*\/\d+\.bin$/.test(path))).toEqual([]);
});

test('weights are kept by the engine alone: the service worker holds none', async ({ page, site }) => {
  await page.goto(site.url);
  await visited(page, site);
  const names = await page.evaluate(async () => {
    const found: string[] = [];
    for (const name of await caches.keys())
      for (const { url } of await (await caches.open(name)).keys()) found.push(`${name} ${url}`);
    return found;
  });
  expect(names.filter((line) => line.endsWith('.safetensors'))).toEqual([]);
  // Each file of the model came over the network once.
  const asked = site.requests.filter((path) => path.endsWith('.safetensors'));
  expect(new Set(asked).size).toBe(asked.length);
});

test('a new version says so, waits until it is taken, and loses nothing that was typed', async ({ context, page, site }) => {
  test.slow();
  await page.goto(site.url);
  await visited(page, site);
  const second = await context.newPage();
  await second.goto(`${site.url}#/lab/explore`);
  await expectLive(second);

  // The same site, built once more: its service worker differs, and so does a file that it keeps.
  const worker = site.file('sw.js').toString();
  site.breaks(/^sw\.js$/, instead(`${worker}\n/* another build */`, 'text/javascript'));
  await promptBox(page).fill('typed and not yet run');
  await page.evaluate(async () => void (await (await navigator.serviceWorker.getRegistration())?.update()));
  const offer = page.getByText('A new version of Vitrine is here. What you typed is kept.');
  await expect(offer).toBeVisible();
  await expect(promptBox(page)).toHaveValue('typed and not yet run');
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Reload' }).click()]);
  const waiting = (): Promise<boolean> =>
    page.evaluate(async () => Boolean((await navigator.serviceWorker.getRegistration())?.waiting));
  expect(await waiting()).toBe(false);
  await expect(promptBox(page)).toHaveValue('typed and not yet run');
  await expect(offer).toHaveCount(0);
  await expectLive(page);
  // The other tab is not reloaded over the reader's head.
  await expect(second.getByText('Vitrine was brought up to date in another tab.')).toBeVisible();
});

test('an embed registers no service worker, and downloads none of the app but its own page', async ({ page, site }) => {
  const host = await openHost([`${site.url}#/embed/lab/explore`]);
  await page.goto(host.url);
  await expect(page.frameLocator('iframe').getByText(/^Recorded result: /)).toBeVisible();
  await quiet(site);
  expect(site.requests.filter((path) => /sw\.js|engine\.worker/.test(path))).toEqual([]);
  host.close();
});

test('the models page lists everything that is kept in this browser, each with its size, and frees each', async ({
  page,
  site,
}) => {
  test.slow();
  await page.goto(`${site.url}#/models`);
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated');
  // What the engine, a graphics card, the reader, an earlier version and somebody else leave.
  await page.evaluate(
    async (draft) => {
      localStorage.setItem('vitrine:draft:explore', draft);
      for (const [name, url] of [
        ['vitrine-files-1', 'https://example.org/.cache/x'],
        ['vitrine-kernels', 'https://kernels.invalid/1/x/y'],
        ['vitrine-hub-1', 'https://huggingface.co/a/b/resolve/c/config.json/0'],
        ['vitrine-files-0', 'https://example.org/x'],
        ['somebody-else', 'https://example.org/x'],
      ] as const)
        await (await caches.open(name)).put(url, new Response('x'.repeat(5_000)));
    },
    JSON.stringify({ ...explore.defaults, prompts: [{ text: OTHER }] }),
  );
  await page.reload();
  const table = page.getByRole('table', { name: 'What is kept in this browser' });
  const row = (name: RegExp): Locator => table.getByRole('row', { name });
  await expect(row(/Which shaders are the fastest/)).toContainText('5 kB');

  // Nothing of ours is kept that is not of a kind in the list.
  const found = await page.evaluate(async () => ({
    caches: await caches.keys(),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
  }));
  const kinds = new Set(found.caches.map((name) => kindOfCache(name, site.url)));
  expect([...kinds].toSorted()).toEqual(['app', 'data', 'files', 'hub', 'kernels', 'older', null].toSorted());
  expect(found.caches.filter((name) => kindOfCache(name, site.url) === null)).toEqual(['somebody-else']);
  expect(found.databases).toEqual([LIBRARY_NAME]);
  expect(found.local).toContain('vitrine:draft:explore');
  expect(found.local.filter((key) => !key.startsWith('vitrine:'))).toEqual([]);
  expect(found.session).toEqual([]);

  for (const name of [
    /Which shaders/,
    /Parts of models that are no longer listed/,
    /Left by an earlier/,
    /Recorded results/,
    /Weights and dictionaries/,
    /The app itself/,
  ]) {
    await expect(row(name)).not.toContainText('nothing');
    await row(name).getByRole('button', { name: /^Free/ }).click();
    await expect(row(name).getByRole('button')).toHaveCount(0);
  }
  await expect(page.getByText('The app is no longer kept')).toBeVisible();
  const left = await page.evaluate(async () => {
    const names: string[] = [];
    for (const name of await caches.keys()) if ((await (await caches.open(name)).keys()).length > 0) names.push(name);
    return { names, workers: (await navigator.serviceWorker.getRegistrations()).length };
  });
  expect(left).toEqual({ names: ['somebody-else'], workers: 0 });

  await row(/What you last typed/)
    .getByRole('button', { name: 'Forget' })
    .click();
  await row(/What you last typed/)
    .getByRole('button', { name: 'Keep it' })
    .click();
  await row(/What you last typed/)
    .getByRole('button', { name: 'Forget' })
    .click();
  await Promise.all([
    page.waitForEvent('load'),
    row(/What you last typed/)
      .getByRole('button', { name: 'Forget it all' })
      .click(),
  ]);
  await expect(table).toBeVisible();
  expect(await page.evaluate(() => localStorage.getItem('vitrine:draft:explore'))).toBeNull();
});
