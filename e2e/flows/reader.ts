import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import type { Download, Locator, Page } from '@playwright/test';
import type { Provenance } from '../../core/protocol/messages.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import { expect } from './harness.ts';

/** What a reader does on the page, in the page's own words. */

/** The prompt that a first visit shows. */
export const IOI: string = firstPrompt(explore.defaults);
export const OTHER = 'When Anna and Tom went to the garden, Tom gave a book to';

function firstPrompt({ prompts: [first] }: ExperimentSpec): string {
  return first && 'text' in first ? first.text : '';
}

/** The panel of the lab on screen. */
export const panel = (page: Page): Locator => page.locator('main [data-source]');
export const promptBox = (page: Page): Locator => page.getByRole('textbox', { name: 'Prompt', exact: true });
export const strip = (page: Page): Locator => page.getByRole('toolbar', { name: 'Tokens of the prompt' });
export const features = (page: Page): Locator => page.locator('[data-features] button');
export const runButton = (page: Page): Locator => page.getByRole('button', { name: 'Run', exact: true });
export const stopButton = (page: Page): Locator => page.getByRole('button', { name: 'Stop', exact: true });
export const errorNotice = (page: Page): Locator => page.getByRole('main').getByRole('alert');
/** The line below the picture: what it is, or what works. */
export const resultLine = (page: Page): Locator => page.getByRole('main').locator('div[class*=result] > p');

/** The picture answers the question that stands above it, computed in this tab. */
export async function expectLive(page: Page, backend?: string): Promise<void> {
  // The first run on a software adapter compiles its shaders, which takes its time on a busy machine.
  await expect(resultLine(page)).toHaveText(new RegExp(`^Live: computed in this tab, on ${backend ?? '\\w+'} in `), {
    timeout: 90_000,
  });
  await expect(panel(page)).toHaveAttribute('data-source', 'live');
  await expect(panel(page)).toHaveAttribute('aria-busy', 'false');
  await expect(panel(page).locator('[data-stale]')).toHaveCount(0);
}

export async function expectRecorded(page: Page): Promise<void> {
  await expect(panel(page)).toHaveAttribute('data-source', 'recorded');
  await expect(features(page).first()).toBeVisible();
}

/** The prompt's tokens stand on the strip, in order, without what stands in front of it. */
export async function expectTokens(page: Page, text: string): Promise<void> {
  await expect.poll(async () => (await strip(page).getByRole('button').allTextContents()).slice(1).join('')).toBe(text);
}

/** Types a prompt and runs it. */
export async function ask(page: Page, text: string): Promise<void> {
  await promptBox(page).fill(text);
  await runButton(page).or(stopButton(page)).first().waitFor();
  await pressRun(page);
  await expectLive(page);
  await expectTokens(page, text);
}

/** Runs what stands above the picture, from wherever the focus is. */
export const pressRun = (page: Page): Promise<void> => page.keyboard.press('ControlOrMeta+Enter');

/** Reads with other dictionaries, named as the buttons in that window are, and runs. */
export async function readWith(page: Page, button: string): Promise<void> {
  await page.getByRole('button', { name: /^Read with/ }).click();
  await page.getByRole('dialog', { name: 'Dictionaries' }).getByRole('button', { name: button }).click();
  await closeDialog(page);
  await pressRun(page);
}

export async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name, exact: true }).click();
  await expect(page.getByRole('tab', { name, exact: true })).toHaveAttribute('aria-selected', 'true');
}

export async function openSheet(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: /Open the model sheet/ }).click();
  const sheet = page.getByRole('dialog', { name: 'Model and engine' });
  await expect(sheet).toBeVisible();
  return sheet;
}

export async function closeDialog(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

/** Picks a backend in the model sheet and leaves the sheet open. */
export async function pickBackend(page: Page, label: string): Promise<Locator> {
  const sheet = await openSheet(page);
  await sheet.getByRole('radio', { name: label, exact: true }).check();
  return sheet;
}

/** Picks a backend, waits until it runs, and closes the sheet. */
export async function useBackend(page: Page, label: string): Promise<void> {
  const sheet = await pickBackend(page, label);
  await expect(sheet.getByText('as chosen in the model sheet')).toBeVisible();
  await expect(sheet.getByText('Ready.')).toBeVisible();
  await closeDialog(page);
}

/** Opens the Share dialog, copies the link and closes the dialog. The context needs the clipboard's permissions. */
export async function copyLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Share this experiment' });
  await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(page.getByText('Link copied.')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toBe(await dialog.getByRole('textbox', { name: 'Link' }).inputValue());
  await closeDialog(page);
  return link;
}

export interface ResultFile {
  readonly spec: ExperimentSpec;
  readonly specHash: string;
  readonly provenance: Provenance;
  readonly result: unknown;
}

/** The experiment with all numbers of its result, as the Share dialog gives it. */
export async function downloadResult(page: Page): Promise<ResultFile> {
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByRole('tab', { name: 'Files' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download with the result' }).click(),
  ]);
  await closeDialog(page);
  return JSON.parse((await bytesOf(download)).toString()) as ResultFile;
}

export async function bytesOf(download: Download): Promise<Buffer> {
  return readFileSync(await download.path());
}

/** The experiment in an address, as the command line reads it. */
export function unlink(url: string): ExperimentSpec {
  const { stdout, stderr } = spawnSync('node', ['scripts/vitrine.mjs', 'unlink', url], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as ExperimentSpec;
}

/** Every number that the open tab can print: each picture viewed as its table. */
export async function tablesOf(page: Page): Promise<readonly string[]> {
  const buttons = page.getByRole('main').getByRole('button', { name: 'View as table' });
  for (let left = await buttons.count(); left > 0; left--) {
    await buttons.first().click();
    await expect(buttons).toHaveCount(left - 1);
  }
  return page.getByRole('main').locator('figure').allInnerTexts();
}

/** What is selected and every number, tab by tab; ends on the tab that was open. */
export async function pictureOf(page: Page): Promise<Readonly<Record<string, readonly string[]>>> {
  const open = (await page.getByRole('tab', { selected: true }).textContent()) ?? '';
  const tokens = await strip(page).getByRole('button').all();
  const picture: Record<string, readonly string[]> = {
    open: [open],
    strip: await Promise.all(tokens.map(async (token) => (await token.getAttribute('aria-label')) ?? '')),
    selected: await strip(page).getByRole('button', { pressed: true }).allTextContents(),
  };
  for (const name of ['Features', 'Lens', 'Attention', 'Next token']) {
    await openTab(page, name);
    if (name === 'Features')
      picture['pinned'] = await page
        .getByRole('list', { name: 'Pinned features' })
        .getByRole('button')
        .evaluateAll((all) => all.map((e) => e.getAttribute('aria-label') ?? ''));
    picture[name] = await tablesOf(page);
  }
  await openTab(page, open);
  return picture;
}
