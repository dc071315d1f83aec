import { expect, quiet, test, WEIGHTS } from './harness.ts';
import {
  ask,
  closeDialog,
  expectLive,
  expectTokens,
  openSheet,
  openTab,
  OTHER,
  pressRun,
  promptBox,
  resultLine,
  runButton,
  strip,
  useBackend,
} from './reader.ts';

test('switching the backend keeps the experiment, and the page says what runs where', async ({ page, site }) => {
  test.slow();
  await page.goto(site.url);
  await expectLive(page, 'WASM');
  await ask(page, 'Monday, Tuesday,');
  await strip(page)
    .getByRole('button', { name: /^Token 2,/ })
    .click();
  await openTab(page, 'Lens');
  for (const backend of ['CPU', 'WASM'] as const) {
    await useBackend(page, backend);
    await expect(page.getByRole('button', { name: /Open the model sheet/ })).toContainText(backend);
    await expect(promptBox(page)).toHaveValue('Monday, Tuesday,');
    await expect(page.getByRole('tab', { name: 'Lens' })).toHaveAttribute('aria-selected', 'true');
    await expect(strip(page).getByRole('button', { name: /^Token 2,/ })).toHaveAttribute('aria-pressed', 'true');
    await pressRun(page);
    await expectLive(page, backend);
    await page.getByRole('button', { name: 'How was this computed?' }).last().click();
    const sheet = page.getByRole('dialog', { name: 'How was this computed?' });
    await expect(sheet.getByText(backend, { exact: true })).toBeVisible();
    await closeDialog(page);
  }
  await expectTokens(page, 'Monday, Tuesday,');
});

test('the sheet says what is in memory; unloading frees it, and the next run loads it again', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  let sheet = await openSheet(page);
  await expect(sheet.getByRole('listitem').filter({ hasText: /^primer model, int8/ })).toBeVisible();
  await expect(sheet.getByRole('listitem').filter({ hasText: 'dictionary' })).toHaveCount(1);
  const arrays = async (): Promise<number> => {
    const text = (await sheet.getByText(/on the device in \d+ arrays/).textContent()) ?? '';
    return Number(/in (\d+) arrays/.exec(text)?.[1]);
  };
  const before = await arrays();
  expect(before).toBeGreaterThan(10);

  // The dictionary alone, then everything.
  await sheet.getByRole('button', { name: /^Unload primer\// }).click();
  await expect(sheet.getByRole('listitem').filter({ hasText: 'dictionary' })).toHaveCount(0);
  await expect.poll(arrays).toBeLessThan(before);
  await sheet.getByRole('button', { name: 'Unload everything' }).click();
  await expect(page.getByText('Everything was unloaded.')).toBeVisible();
  await expect(sheet.getByText('Nothing is loaded.')).toBeVisible();
  await closeDialog(page);

  await ask(page, OTHER);
  sheet = await openSheet(page);
  await expect(sheet.getByRole('listitem')).toHaveCount(2);
  // The same as before: nothing is left over from the first time.
  expect(await arrays()).toBe(before);
  expect(site.requests.filter((path) => WEIGHTS.test(path.slice(1))).length).toBeLessThanOrEqual(2);
});

test('where the engine is not to start by itself, nothing is downloaded before Run', async ({ page, site }) => {
  await page.goto(`${site.url}#/models`);
  const sheet = await openSheet(page);
  await sheet.getByRole('switch', { name: 'Start by itself when a page is open' }).press('Space');
  await closeDialog(page);
  await page.goto(site.url);
  await page.reload();
  await expect(resultLine(page)).toContainText('Recorded result, made with the same engine');
  await quiet(site);
  expect(site.requests.filter((path) => /\.safetensors$|engine\.worker/.test(path))).toEqual([]);
  await runButton(page).click();
  await expectLive(page);
});

test('the models page, the card of a model, and its dictionaries, each of which opens', async ({ page, site }) => {
  const manifest = JSON.parse(site.file('models/primer/manifest.json').toString()) as {
    name: string;
    saes: { id: string; hookName: string }[];
    files: { path: string; sha256: string }[];
  };
  await page.goto(`${site.url}#/models`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Models');
  await expect(page.getByRole('cell', { name: 'comes with this site' })).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: manifest.name }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(manifest.name);
  const map = page.getByRole('table', { name: /^Dictionaries by layer and site/ });
  await expect(map.getByRole('link')).toHaveCount(manifest.saes.length);
  for (const metric of ['L0', 'FVU', 'Loss added', 'Dead', 'Loss recovered']) {
    await page.getByRole('radio', { name: metric, exact: true }).check();
    await expect(map).toHaveAccessibleName(`Dictionaries by layer and site: ${metric}`);
  }
  await expect(page.getByRole('region', { name: 'Model card' }).getByRole('table').first()).toBeVisible();
  await expect(page.getByRole('region', { name: 'Files', exact: true })).toContainText(manifest.files[0]!.sha256.slice(0, 8));
  const chosen = manifest.saes.at(-1)!;
  await map.locator(`a[data-tip^="${chosen.id}:"]`).click();
  await expectLive(page);
  expect(site.requests.some((path) => path.includes(`/saes/primer/${chosen.id}/`))).toBe(true);
});
