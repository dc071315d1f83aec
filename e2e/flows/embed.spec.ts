import type { Page } from '@playwright/test';
import { listsFragment } from '../../core/lists/index.ts';
import { labFragment } from '../../core/share/address.ts';
import { featureLink } from '../../core/share/feature-address.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import { openHost, type Told } from './embedding.ts';
import { DICTIONARY, expect, openSite, quiet, test, WEIGHTS, WORKER } from './harness.ts';
import { OTHER } from './reader.ts';

// The page around the embed is of another origin, which is the point.
test.use({ quiet: false });

for (const isolated of [true, false])
  test(`an embed on another origin, ${isolated ? 'with' : 'without'} isolation headers: downloads nothing before Run, tells its height, runs when asked`, async ({
    page,
  }) => {
    const site = await openSite({ isolated });
    const fragment = labFragment({ ...explore.defaults, prompts: [{ text: OTHER }] }).replace('#/lab/', '#/embed/lab/');
    const host = await openHost([`${site.url}${fragment}`]);
    await page.goto(host.url);
    const frame = page.frameLocator('iframe');
    const run = frame.getByRole('button', { name: 'Run', exact: true });
    await expect(run).toBeVisible();
    await expect(frame.getByText('Nothing is downloaded until you press Run.')).toBeVisible();
    await expect(frame.getByRole('banner')).toHaveCount(0);
    await quiet(site);
    expect(site.requests.filter((path) => /\.safetensors$|engine\.worker/.test(path))).toEqual([]);

    await run.click();
    // The first run compiles what it needs, which takes its time on a busy machine.
    await expect(frame.getByText(/^Live, computed in this browser: primer, WASM, /)).toBeVisible({ timeout: 90_000 });
    await expect(frame.locator('[data-features] button').first()).toBeVisible();
    const tokens = frame.getByRole('toolbar', { name: 'Tokens of the prompt' }).getByRole('button');
    expect((await tokens.allTextContents()).slice(1).join('')).toBe(OTHER);

    // What it tells the page around it: its height, and nothing else.
    const told = await page.evaluate(() => Reflect.get(window, 'told') as Told[]);
    expect(told.length).toBeGreaterThan(0);
    for (const { origin, data } of told) {
      expect(`${origin}/`).toBe(site.url);
      expect(Object.keys(data).toSorted()).toEqual(['height', 'type']);
      expect(data.type).toBe('vitrine:height');
    }
    const height = await frame.getByRole('main').evaluate((main) => Math.ceil(main.getBoundingClientRect().height));
    await expect.poll(() => page.evaluate(() => (Reflect.get(window, 'told') as Told[]).at(-1)?.data.height)).toBe(height);
    const link = await frame.getByRole('link', { name: 'Open in Vitrine' }).getAttribute('href');
    expect(link).toMatch(/^#\/lab\/explore\?s=1\./);
    host.close();
    await site.close();
  });

test('an embed of an experiment that ships with the site shows the recorded result, and nothing is computed', async ({
  page,
  site,
}) => {
  const host = await openHost([`${site.url}#/embed/lab/explore?theme=dark`]);
  await page.goto(host.url);
  const frame = page.frameLocator('iframe');
  await expect(frame.getByText(/^Recorded result: primer, /)).toBeVisible();
  await expect(frame.locator('html')).toHaveAttribute('data-theme', 'dark');
  await quiet(site);
  expect(site.requests.filter((path) => /\.safetensors$|engine\.worker/.test(path))).toEqual([]);
  host.close();
});

test('an embed of any feature shows its stored dashboard without engine and weights, goes on to the next, and computes when asked', async ({
  page,
  site,
}) => {
  const host = await openHost([`${site.url}#/embed/feature/primer/blocks.1.hook_resid_post/100`]);
  await page.goto(host.url);
  const frame = page.frameLocator('iframe');
  await expect(frame.getByText('Recorded result: primer, WASM.')).toBeVisible();
  await expect(frame.getByRole('heading', { name: 'Where it fires' })).toBeVisible();
  await expect(frame.getByRole('list', { name: 'Examples, strongest' }).getByRole('listitem').first()).toBeVisible();
  await expect(frame.getByText('This is read off the model’s weights')).toBeVisible();
  // The next feature, still of what is stored.
  await frame.getByRole('link', { name: 'Next feature: 101' }).click();
  await expect(frame.getByRole('textbox', { name: 'Feature, by its number' })).toHaveValue('101');
  await expect(frame.locator('[data-stale]')).toHaveCount(0);
  await quiet(site);
  expect(site.requests.filter((path) => /\.safetensors$|engine\.worker/.test(path))).toEqual([]);
  // Manifest, index and shard, once each.
  expect(site.requests.filter((path) => /\/dashboards\//.test(path))).toHaveLength(3);

  await frame.getByRole('button', { name: 'Run it here' }).click();
  await expect(frame.getByText(/^Live, computed in this browser: primer, WASM, /)).toBeVisible({ timeout: 90_000 });
  await expect(frame.getByRole('list', { name: 'Most raised' })).toBeVisible();
  host.close();
});

/** What the page around and its frames asked for; what a tab asks that was opened from them does not count. */
function askedBy(page: Page): string[] {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  return asked;
}
const engineOf = (asked: readonly string[]): readonly string[] =>
  asked.filter((url) => /\.safetensors$|engine\.worker/.test(url));

test('a link that leads out of an embed opens the site beside it; the frame stays an embed and downloads no weights', async ({
  page,
  site,
  context,
}) => {
  const feature = '#/embed/feature/primer/blocks.1.hook_resid_post/100';
  const host = await openHost([`${site.url}${feature}`, `${site.url}#/embed/lab/explore`]);
  const asked = askedBy(page);
  await page.goto(host.url);
  const [dashboard, explored] = [page.frameLocator('iframe').nth(0), page.frameLocator('iframe').nth(1)];
  await expect(dashboard.getByRole('heading', { name: 'Where it fires' })).toBeVisible();
  await expect(explored.getByText(/^Recorded result: primer, /)).toBeVisible();
  const leads = [
    [dashboard.getByRole('link', { name: 'Steer with it' }), '#/lab/steering?s='],
    [dashboard.getByRole('link', { name: 'primer', exact: true }), '#/models/primer'],
    [explored.getByRole('link', { name: /^Dashboard of feature/ }).first(), '#/feature/primer/'],
    [explored.getByRole('link', { name: /^Steer with feature/ }).first(), '#/lab/steering?s='],
  ] as const;
  for (const [link, to] of leads) {
    const [tab] = await Promise.all([context.waitForEvent('page'), link.click()]);
    expect(tab.url()).toContain(`${site.url}${to}`);
    await tab.close();
  }
  await quiet(site);
  const addresses = page.frames().map((frame) => frame.url());
  expect(addresses).toEqual([host.url, `${site.url}${feature}`, `${site.url}#/embed/lab/explore`]);
  for (const frame of [dashboard, explored]) await expect(frame.getByRole('banner')).toHaveCount(0);
  expect(engineOf(asked)).toEqual([]);
  expect(page.workers()).toEqual([]);
  host.close();
});

test('in a frame, not even the whole app starts its engine by itself', async ({ page, site }) => {
  const host = await openHost([`${site.url}#/lab/explore`]);
  const asked = askedBy(page);
  await page.goto(host.url);
  const frame = page.frameLocator('iframe');
  await expect(frame.locator('[data-features] button').first()).toBeVisible();
  await quiet(site, 3_000);
  expect(engineOf(asked)).toEqual([]);
  await frame.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(frame.locator('main [data-source]')).toHaveAttribute('data-source', 'live', { timeout: 90_000 });
  host.close();
});

test('keys of an embed: no window that nobody sees takes them', async ({ page, site }) => {
  const host = await openHost([`${site.url}#/embed/lab/explore`]);
  await page.goto(host.url);
  const frame = page.frameLocator('iframe');
  await expect(frame.getByText(/^Recorded result: primer, /)).toBeVisible();
  await frame.getByRole('tab', { name: 'Features' }).focus();
  for (const key of ['?', 'ControlOrMeta+k']) {
    await page.keyboard.press(key);
    await expect(frame.getByRole('dialog')).toHaveCount(0);
  }
  await page.keyboard.press('/');
  await expect(frame.getByRole('textbox', { name: 'Prompt' })).toBeFocused();
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(frame.getByText(/^Live, computed in this browser: primer, /)).toBeVisible({ timeout: 90_000 });
  host.close();
});

test('an embed of a lab that does not exist says so', async ({ page, site }) => {
  const host = await openHost([`${site.url}#/embed/lab/nowhere`]);
  await page.goto(host.url);
  await expect(page.frameLocator('iframe').getByText('There is no lab called “nowhere”')).toBeVisible();
  host.close();
});

const embedOf = (text: string, options = ''): string =>
  labFragment({ ...explore.defaults, prompts: [{ text }] })
    .replace('#/lab/', '#/embed/lab/')
    .replace('?', `?${options}`);

test('several embeds of one page share one engine, and outlive the one that runs it', async ({ page, site }) => {
  test.slow();
  // All of them in view: who is pressed does not scroll another away.
  await page.setViewportSize({ width: 1280, height: 2000 });
  const texts = [OTHER, 'Monday, Tuesday, Wednesday,', 'The war lasted from the year 1732 to the year 17'];
  const host = await openHost(texts.map((text) => `${site.url}${embedOf(text)}`));
  await page.goto(host.url);
  const frame = (i: number) => page.frameLocator('iframe').nth(i);
  const run = async (i: number): Promise<void> => {
    await frame(i).getByRole('button', { name: 'Run', exact: true }).click();
    await expect(frame(i).getByText(/^Live, computed in this browser: primer, /)).toBeVisible({ timeout: 90_000 });
  };
  const tokens = (i: number): Promise<readonly string[]> =>
    frame(i).getByRole('toolbar', { name: 'Tokens of the prompt' }).getByRole('button').allTextContents();
  // All at once: one of them makes the engine.
  await Promise.all([run(0), run(1), run(2)]);
  for (const [i, text] of texts.entries()) expect((await tokens(i)).slice(1).join('')).toBe(text);
  const asked = (pattern: RegExp): number => site.requests.filter((path) => pattern.test(path.slice(1))).length;
  expect(asked(WORKER)).toBe(1);
  expect(asked(WEIGHTS)).toBe(1);
  expect(asked(DICTIONARY)).toBe(1);
  const engines = (): number => page.workers().filter((worker) => worker.url().includes('engine.worker')).length;
  expect(engines()).toBe(1);

  // The frame that has the engine goes: another one notices, starts one, and shares it.
  const [owner] = page.workers().filter((worker) => worker.url().includes('engine.worker'));
  const engine = { owned: true };
  owner?.once('close', () => (engine.owned = false));
  let left = texts.length;
  for (; left > 1 && engine.owned; left--) {
    await page.evaluate(() => document.querySelector('iframe')?.remove());
    await page.waitForTimeout(1_000);
  }
  await expect.poll(engines).toBe(1);
  await frame(0).getByRole('textbox', { name: 'Prompt' }).fill('Tom and Anna');
  await run(0);
  await expect(frame(0).getByRole('toolbar', { name: 'Tokens of the prompt' })).toContainText('Anna');
  expect(engines()).toBe(1);
  host.close();
});

test('an embed shows the parts it was asked for', async ({ page, site }) => {
  const host = await openHost([`${site.url}${embedOf(OTHER, 'parts=tokens&')}`]);
  await page.goto(host.url);
  const frame = page.frameLocator('iframe');
  await expect(frame.getByRole('button', { name: 'Run it here' })).toBeVisible();
  await expect(frame.getByRole('textbox', { name: 'Prompt' })).toHaveCount(0);
  await expect(frame.getByRole('tab', { name: 'Features' })).toHaveCount(0);
  await frame.getByRole('button', { name: 'Run it here' }).click();
  const tokens = frame.getByRole('toolbar', { name: 'Tokens of the prompt' }).getByRole('button');
  await expect(tokens.first()).toBeVisible({ timeout: 90_000 });
  host.close();
});

for (const [lab, parts, there, gone] of [
  ['steering', 'texts,effects', ['Steered text', 'What it did'], ['What is added', 'Other features that it moves']],
  ['feature-search', 'results', ['Features found'], []],
] as const)
  test(`an embed of ${lab} shows its recorded result, only the parts it was asked for, and runs when asked`, async ({
    page,
    site,
  }) => {
    const host = await openHost([`${site.url}#/embed/lab/${lab}?parts=${parts}`]);
    const asked = askedBy(page);
    await page.goto(host.url);
    const frame = page.frameLocator('iframe');
    await expect(frame.getByText(/^Recorded result: primer, /)).toBeVisible();
    const part = (name: string) =>
      frame.getByRole('region', { name, exact: true }).or(frame.getByRole('list', { name, exact: true }));
    for (const name of there) await expect(part(name)).toBeVisible();
    for (const name of gone) await expect(part(name)).toHaveCount(0);
    await expect(frame.getByRole('textbox', { name: 'Prompt' })).toHaveCount(0);
    await expect(frame.getByRole('tab')).toHaveCount(0);
    await quiet(site);
    expect(engineOf(asked)).toEqual([]);
    await frame.getByRole('button', { name: 'Run it here' }).click();
    await expect(frame.getByText(/^Live, computed in this browser: primer, /)).toBeVisible({ timeout: 90_000 });
    host.close();
  });

test('an embed of a dictionary is its map or its table, and a point opens its dashboard beside', async ({
  page,
  site,
  context,
}) => {
  const dictionary = 'features/primer/blocks.2.hook_resid_post';
  const host = await openHost([
    `${site.url}#/embed/${dictionary}?theme=dark&parts=map`,
    `${site.url}#/embed/${dictionary}?parts=table`,
  ]);
  const asked = askedBy(page);
  await page.goto(host.url);
  const [map, table] = [page.frameLocator('iframe').nth(0), page.frameLocator('iframe').nth(1)];
  await expect(map.getByRole('heading', { name: 'All of them at once' })).toBeVisible();
  await expect(map.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(map.getByRole('table')).toHaveCount(0);
  await expect(map.getByRole('banner')).toHaveCount(0);
  const rows = table.getByRole('table').locator('tbody th > a');
  await expect(rows.first()).toBeVisible();
  await expect(table.getByRole('heading', { name: 'All of them at once' })).toHaveCount(0);
  const [tab] = await Promise.all([context.waitForEvent('page'), rows.first().click()]);
  expect(tab.url()).toContain(`${site.url}#/feature/primer/blocks.2.hook_resid_post/`);
  await tab.close();
  expect(page.frames()[2]?.url()).toBe(`${site.url}#/embed/${dictionary}?parts=table`);
  expect(engineOf(asked)).toEqual([]);
  host.close();
});

test('an embed of a list shows what somebody shares, with their words, and keeps nothing', async ({ page, site, context }) => {
  const feature = {
    kind: 'feature' as const,
    model: 'primer',
    sae: 'blocks.2.hook_resid_post',
    feature: 7,
    note: '<b>see</b> it',
    at: 0,
  };
  const list = { id: 'abcd1234', name: 'Names & roles', note: 'Why', prompt: OTHER, items: [feature], created: 1, changed: 1 };
  const label = { model: 'primer', sae: feature.sae, feature: 7, text: 'my word for it', note: '', at: 1 };
  const shared = listsFragment({ lists: [list], labels: [label] });
  const host = await openHost([`${site.url}${shared.replace('#/', '#/embed/')}`, `${site.url}#/embed/lists?s=1.nothing`]);
  const asked = askedBy(page);
  await page.goto(host.url);
  const [frame, damaged] = [page.frameLocator('iframe').nth(0), page.frameLocator('iframe').nth(1)];
  await expect(frame.getByRole('heading', { name: 'Names & roles' })).toBeVisible();
  await expect(frame.getByText('<b>see</b> it')).toBeVisible();
  const link = frame.getByRole('link', { name: 'my word for it' });
  expect(await link.getAttribute('href')).toBe(featureLink(feature, OTHER));
  await expect(damaged.getByRole('alert')).toContainText('This link cannot be read');
  expect(engineOf(asked)).toEqual([]);
  // What is kept is kept on the site, after a question.
  const [tab] = await Promise.all([
    context.waitForEvent('page'),
    frame.getByRole('link', { name: 'Keep it in Vitrine' }).click(),
  ]);
  expect(tab.url()).toBe(`${site.url}${shared}`);
  await expect(tab.getByText('This link holds 1 list with 1 item and 1 label')).toBeVisible();
  host.close();
});

test('a page that is isolated itself can embed it, too', async ({ page, site }) => {
  const host = await openHost([`${site.url}#/embed/lab/explore`], {
    headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'credentialless' },
  });
  await page.goto(host.url);
  const frame = page.frameLocator('iframe');
  await expect(frame.getByText(/^Recorded result: primer, /)).toBeVisible();
  host.close();
});

test('the gallery of embeds: recorded results in plain frames, as tall as what is in them, and no weights', async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}embeds.html`);
  const frames = page.locator('iframe');
  const count = await frames.count();
  expect(count).toBeGreaterThan(3);
  for (let i = 0; i < count; i++) {
    const main = frames.nth(i).contentFrame().getByRole('main');
    await expect(main).toBeVisible();
    const inside = async (): Promise<number> => main.evaluate((element) => Math.ceil(element.getBoundingClientRect().height));
    const around = async (): Promise<number> => (await frames.nth(i).boundingBox())?.height ?? 0;
    await expect.poll(async () => Math.abs((await inside()) - (await around()))).toBeLessThan(4);
    await expect(main.getByRole('alert')).toHaveCount(0);
  }
  await quiet(site);
  expect(site.requests.filter((path) => /\.safetensors$|engine\.worker/.test(path))).toEqual([]);
});
