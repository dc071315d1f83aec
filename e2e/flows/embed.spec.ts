import { labFragment } from '../../core/share/address.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import { openHost, type Told } from './embedding.ts';
import { expect, openSite, test } from './harness.ts';
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
    await page.waitForLoadState('networkidle');
    expect(site.requests.filter((path) => /\.safetensors$|engine\.worker/.test(path))).toEqual([]);

    await run.click();
    await expect(frame.getByText(/^Live, computed in this frame: primer, WASM, /)).toBeVisible();
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
  await page.waitForLoadState('networkidle');
  expect(site.requests.filter((path) => /\.safetensors$|engine\.worker/.test(path))).toEqual([]);
  host.close();
});

test('an embed of a lab that does not exist says so', async ({ page, site }) => {
  const host = await openHost([`${site.url}#/embed/lab/nowhere`]);
  await page.goto(host.url);
  await expect(page.frameLocator('iframe').getByText('There is no lab called “nowhere”')).toBeVisible();
  host.close();
});
