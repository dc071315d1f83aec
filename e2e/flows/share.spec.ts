import { readSafetensors } from '../../core/files/safetensors.ts';
import { specFromUrl } from '../../core/share/address.ts';
import type { Locator, Page } from '@playwright/test';
import { openHost } from './embedding.ts';
import { expect, test } from './harness.ts';
import { bytesOf, expectLive, expectRecorded, expectTokens, IOI, promptBox } from './reader.ts';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

async function openShare(page: Page, tab: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Share this experiment' });
  await dialog.getByRole('tab', { name: tab, exact: true }).click();
  return dialog;
}
const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

test('the link says in words what is in it; one too long is offered as a file, which opens again', async ({ page, site }) => {
  await page.goto(site.url);
  await expectRecorded(page);
  const dialog = await openShare(page, 'Link');
  await expect(dialog.getByText(/^In it: model, 1 prompt, .*; no results\.$/)).toBeVisible();
  await page.keyboard.press('Escape');

  const long = Array.from({ length: 900 }, (_, i) => `w${(i * 7919) % 10007}`).join(' ');
  await promptBox(page).fill(long);
  await openShare(page, 'Link');
  await expect(dialog.getByText('This experiment is too long for a link')).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Download as a file' }).click(),
  ]);
  const file = await bytesOf(download);
  expect(JSON.parse(file.toString())).toMatchObject({ lab: 'explore', prompts: [{ text: long }] });
  await page.keyboard.press('Escape');
  await promptBox(page).fill('something else');
  const transfer = await page.evaluateHandle((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'explore.json', { type: 'application/json' }));
    return data;
  }, file.toString());
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  await expect(promptBox(page)).toHaveValue(long);
});

test.describe('the embed code', () => {
  // A page of another origin is part of it.
  test.use({ quiet: false });

  test('works as it is copied, with the theme, height and parts that the preview shows', async ({ page, site }) => {
    await page.goto(site.url);
    await expectRecorded(page);
    const dialog = await openShare(page, 'Embed');
    const preview = dialog.frameLocator('iframe');
    await expect(preview.getByText(/^Recorded result: /)).toBeVisible();
    await dialog.getByLabel('Theme').selectOption({ label: 'Dark' });
    await dialog.getByLabel('Height, pixels').fill('333');
    await dialog.getByRole('checkbox', { name: 'Prompt' }).uncheck();
    await expect(preview.locator('html')).toHaveAttribute('data-theme', 'dark');
    await expect(preview.getByRole('toolbar', { name: 'Tokens of the prompt' })).toBeVisible();
    await expect(preview.getByRole('textbox', { name: 'Prompt' })).toHaveCount(0);
    await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
    const code = await clipboard(page);
    const src = /src="([^"]+)"/.exec(code)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(specFromUrl(src).prompts).toEqual([{ text: IOI }]);
    expect(code).toContain('height="333"');

    // Nothing of the last part can be taken away: an embed of nothing is none.
    for (const box of await dialog.getByRole('checkbox').all()) if (await box.isChecked()) await box.click();
    expect(await dialog.getByRole('checkbox', { checked: true }).count()).toBe(1);

    const host = await openHost([src]);
    const other = await page.context().newPage();
    await other.goto(host.url);
    const frame = other.frameLocator('iframe');
    await expect(frame.locator('html')).toHaveAttribute('data-theme', 'dark');
    await expect(frame.getByText(/^Recorded result: /)).toBeVisible();
    await expect(frame.getByRole('textbox', { name: 'Prompt' })).toHaveCount(0);
    host.close();
  });
});

test('pictures as SVG, PNG and CSV, arrays as safetensors, and a citation that names everything', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  await expectTokens(page, IOI);
  await page.getByRole('tab', { name: 'Attention', exact: true }).click();
  const dialog = await openShare(page, 'Files');
  const take = async (name: RegExp | string): Promise<Buffer> => {
    const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name }).first().click()]);
    return bytesOf(download);
  };
  const svg = (await take(/ as SVG$/)).toString();
  expect(svg).toMatch(/^<svg xmlns=/);
  expect(
    await page.evaluate((text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror'), svg),
  ).toBeNull();
  expect((await take(/ as PNG$/)).subarray(1, 4).toString()).toBe('PNG');
  const lines = (await take(/ as CSV$/)).toString().trim().split('\r\n');
  expect(lines.length).toBeGreaterThan(10);
  const { tensors, metadata } = readSafetensors(await take('Arrays as safetensors'));
  expect(tensors.size).toBeGreaterThan(3);
  const { specHash, model, commit } = JSON.parse(metadata.get('provenance') ?? '') as {
    specHash: string;
    model: { digest: string };
    commit: string;
  };
  await dialog.getByRole('tab', { name: 'Cite' }).click();
  await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
  const citation = await clipboard(page);
  for (const part of [specHash, model.digest.slice(0, 12), commit, site.url]) expect(citation).toContain(part);
});
