import type { Page, Worker } from '@playwright/test';
import { labFragment } from '../../core/share/address.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import { lab as activations } from '../../labs/activations/spec.ts';
import { DICTIONARY, expect, test, WORKER } from './harness.ts';
import {
  ask,
  errorNotice,
  expectLive,
  expectRecorded,
  expectTokens,
  features,
  IOI,
  openSheet,
  OTHER,
  pickBackend,
  pressRun,
  promptBox,
  readWith,
  resultLine,
  runButton,
  stopButton,
  strip,
  useBackend,
} from './reader.ts';

// What goes wrong on purpose is complained of in the console.
test.use({ quiet: false });

/** The engine's worker; WASM threads are workers, too. */
async function engineWorker(page: Page): Promise<Worker> {
  const find = (): Worker | undefined => page.workers().find((worker) => worker.url().includes('engine.worker'));
  await expect.poll(find).toBeDefined();
  return find()!;
}

test('Stop ends a run that waits for a download; what was typed stays, and the next run works', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  await ask(page, OTHER);
  const arrive = site.holds(DICTIONARY);
  await readWith(page, 'Only MLP');
  await expect(stopButton(page)).toBeVisible();
  await stopButton(page).click();
  await expect(runButton(page)).toBeEnabled();
  await expect(errorNotice(page)).toHaveCount(0);
  await expect(resultLine(page)).toContainText('This answers what you asked before');
  await expect(promptBox(page)).toHaveValue(OTHER);
  arrive();
  await runButton(page).click();
  await expectLive(page);
  await expectTokens(page, OTHER);
});

test('Stop ends a run in the middle of its computing, and the next run works', async ({ page, site }) => {
  const words = 'one two three four five six seven eight nine ten '.repeat(9);
  const long: ExperimentSpec = {
    ...activations.defaults,
    prompts: Array.from({ length: 64 }, (_, i) => ({ text: `${i} ${words}` })),
    params: { hooks: ['blocks.*.hook_resid_post', 'blocks.*.mlp.hook_post', 'blocks.*.attn.hook_pattern'] },
  };
  await page.goto(site.url);
  await expectLive(page);
  // All 64 prompts would take long; the first of their activations are there when the run is stopped.
  await page.goto(`${site.url}${labFragment(long)}`);
  await expect(page.getByRole('combobox', { name: 'Hook', exact: true })).toBeVisible();
  await stopButton(page).click();
  await expect(runButton(page)).toBeEnabled();
  await expect(errorNotice(page)).toHaveCount(0);
  await expect(resultLine(page)).toContainText('Nothing was run yet');
  await page.goto(site.url);
  await ask(page, OTHER);
});

const DEATHS = {
  'fails with an error that nothing catches': (): void => {
    setTimeout(() => {
      throw new Error('killed by a test');
    });
  },
  'ends without a word': (): void => self.close(),
} as const;
for (const [how, die] of Object.entries(DEATHS)) {
  test(`a worker that ${how} is started again, and what was typed stays`, async ({ page, site }) => {
    await page.goto(site.url);
    await expectLive(page);
    const worker = await engineWorker(page);
    // It dies while it works: the dictionary is on its way.
    const arrive = site.holds(DICTIONARY);
    await promptBox(page).fill(OTHER);
    await readWith(page, 'Only MLP');
    await expect(stopButton(page)).toBeVisible();
    await worker.evaluate(die);
    await expect(page.getByText('The engine stopped and is starting again. What you typed is kept.')).toBeVisible();
    arrive();
    // What was running runs again by itself.
    await expectLive(page);
    await expectTokens(page, OTHER);
    await expect(promptBox(page)).toHaveValue(OTHER);
    await ask(page, IOI);
  });
}

test('a worker that dies while nothing runs is there again for the next run', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  await ask(page, OTHER);
  await (await engineWorker(page)).evaluate(() => self.close());
  await expect(page.getByText('The engine is back, on WASM.')).toBeVisible();
  await expect(promptBox(page)).toHaveValue(OTHER);
  await ask(page, IOI);
});

test('a page whose engine never starts keeps the recorded result, says so, and works once it is mended', async ({
  page,
  site,
}) => {
  const mend = site.breaks(WORKER, (_, response) => {
    response.writeHead(404).end();
    return true;
  });
  await page.goto(site.url);
  await expect(errorNotice(page)).toContainText('The engine stopped');
  await expectRecorded(page);
  mend();
  await errorNotice(page).getByRole('button', { name: 'Retry' }).click();
  await expectLive(page);
  await expect(errorNotice(page)).toHaveCount(0);
});

test.describe('the graphics device', () => {
  /** Keeps every device, so that a test can take it away. */
  const KEEP = `globalThis.keptDevices = []; {
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await request.apply(this, args);
      globalThis.keptDevices.push(device);
      return device;
    };
  }`;
  const lose = async (page: Page): Promise<void> => {
    const worker = await engineWorker(page);
    await worker.evaluate(() => (globalThis as unknown as { keptDevices: GPUDevice[] }).keptDevices.at(-1)!.destroy());
  };

  test('is lost once: it comes back, what was running runs again, and what was typed stays', async ({ page, site }) => {
    site.inject(KEEP);
    await page.goto(site.url);
    await useBackend(page, 'WebGPU');
    await ask(page, OTHER);
    await expectLive(page, 'WebGPU');
    // In the middle of a run.
    const arrive = site.holds(DICTIONARY);
    await readWith(page, 'Only MLP');
    await expect(stopButton(page)).toBeVisible();
    await lose(page);
    await expect(page.getByText('The engine stopped and is starting again. What you typed is kept.')).toBeVisible();
    arrive();
    await expectLive(page, 'WebGPU');
    await expect(promptBox(page)).toHaveValue(OTHER);
    await expectTokens(page, OTHER);
    await ask(page, IOI);

    // The second time it says so, and offers WASM.
    await ask(page, OTHER);
    await lose(page);
    await expect(page.getByText('The engine does not run. The model sheet says why.')).toBeVisible();
    await expect(promptBox(page)).toHaveValue(OTHER);
    const sheet = await openSheet(page);
    await expect(sheet.getByRole('alert')).toContainText('The graphics device was lost');
    await expect(sheet.getByRole('alert')).toContainText('for the second time');
    await sheet.getByRole('button', { name: 'Use WASM' }).click();
    await expect(sheet.getByText('WASM, as chosen in the model sheet.')).toBeVisible();
    await page.keyboard.press('Escape');
    await pressRun(page);
    await expectLive(page, 'WASM');
    await expect(promptBox(page)).toHaveValue(OTHER);
    await expectTokens(page, OTHER);
  });

  test('goes with the whole graphics process: the page recovers, and what was typed stays', async ({ page, site, browser }) => {
    await page.goto(site.url);
    await useBackend(page, 'WebGPU');
    await ask(page, OTHER);
    const session = await browser.newBrowserCDPSession();
    await session.send('Browser.crashGpuProcess' as 'Browser.getVersion').catch(() => undefined);
    // Back on the device, or, where the browser gives none any more, one press away from WASM.
    const back = page.getByText('The engine is back, on WebGPU.');
    const over = page.getByText('The engine does not run. The model sheet says why.');
    await expect(back.or(over).first()).toBeVisible();
    await expect(promptBox(page)).toHaveValue(OTHER);
    if (await over.isVisible()) await useBackend(page, 'WASM');
    await ask(page, IOI);
  });
});

test.describe('no WebGPU', () => {
  const NONE = `Object.defineProperty(WorkerNavigator.prototype, 'gpu', { value: undefined })`;

  test('automatic takes WASM and says why', async ({ page, site }) => {
    site.inject(NONE);
    await page.goto(site.url);
    await expectLive(page, 'WASM');
    const sheet = await openSheet(page);
    await expect(sheet.getByText('WASM, because there is no WebGPU here (the browser does not offer it).')).toBeVisible();
    await expect(sheet.getByRole('radio', { name: 'Automatic' })).toBeChecked();
  });

  test('chosen by hand it says so, and WASM is one press away', async ({ page, site }) => {
    site.inject(NONE);
    await page.goto(site.url);
    await expectLive(page, 'WASM');
    await ask(page, OTHER);
    const sheet = await pickBackend(page, 'WebGPU');
    await expect(sheet.getByRole('alert')).toContainText('This browser has no WebGPU');
    await expect(sheet.getByRole('alert')).toContainText('Use the WASM backend');
    await page.keyboard.press('Escape');
    // A run says the same, below the picture that was there.
    await pressRun(page);
    await expect(errorNotice(page)).toContainText('This browser has no WebGPU');
    await expect(strip(page)).toBeVisible();
    await openSheet(page);
    await sheet.getByRole('button', { name: 'Use WASM' }).click();
    await expect(sheet.getByText('WASM, as chosen in the model sheet.')).toBeVisible();
    await page.keyboard.press('Escape');
    await pressRun(page);
    await expectLive(page, 'WASM');
    await expect(errorNotice(page)).toHaveCount(0);
    await expect(promptBox(page)).toHaveValue(OTHER);
    await expect(features(page).first()).toBeVisible();
  });
});

test('a real Chromium without graphics takes WASM, and says why', async ({ site, playwright, browser }) => {
  const { systemChromium } = await import('../../scripts/lib/chromium.ts');
  const executablePath = systemChromium();
  const bare = await playwright.chromium.launch({
    ...(executablePath === null ? {} : { executablePath }),
    args: ['--no-sandbox', '--disable-gpu', '--disable-software-rasterizer', '--disable-features=WebGPU'],
  });
  expect(bare.version()).toBe(browser.version());
  const page = await bare.newPage();
  await page.goto(site.url);
  await expectLive(page, 'WASM');
  const sheet = await openSheet(page);
  await expect(sheet.getByText(/^WASM, because there is no WebGPU here \(.+\)\.$/)).toBeVisible();
  await bare.close();
});
