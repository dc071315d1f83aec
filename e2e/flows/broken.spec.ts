import { expect, instead, MANIFEST, missing, test, unreachable, WEIGHTS, type Answer, type Site } from './harness.ts';
import {
  ask,
  closeDialog,
  errorNotice,
  expectLive,
  expectRecorded,
  expectTokens,
  IOI,
  openSheet,
  OTHER,
  pressRun,
  promptBox,
  readWith,
  runButton,
} from './reader.ts';

// What goes wrong on purpose is complained of in the console.
test.use({ quiet: false });

const weightsOf = (site: Site): Buffer => {
  const { files } = JSON.parse(site.file('models/primer/manifest.json').toString()) as {
    files: { path: string; role: string }[];
  };
  const { path } = files.find(({ role }) => role === 'weights')!;
  return site.file(`models/primer/${path}`);
};

interface Damage {
  readonly pattern: RegExp;
  readonly answer: (site: Site) => Answer;
  readonly says: readonly string[];
  /** Whether a press is offered that tries again. */
  readonly retry: boolean;
}

const DAMAGES: Readonly<Record<string, Damage>> = {
  'a manifest that is missing': {
    pattern: MANIFEST,
    answer: () => missing,
    says: ['A file is not where it should be', 'models/primer/manifest.json', 'Reload the page'],
    retry: true,
  },
  'a page in place of the manifest': {
    pattern: MANIFEST,
    answer: (site) => instead(site.file('index.html'), 'text/html'),
    says: ['A file is not where it should be', 'models/primer/manifest.json'],
    retry: true,
  },
  'a manifest that is no JSON': {
    pattern: MANIFEST,
    answer: () => instead('{"id": "primer", ', 'application/json'),
    says: ['A file is damaged or not what it says', 'models/primer/manifest.json is not JSON'],
    retry: false,
  },
  'weights that are cut off': {
    pattern: WEIGHTS,
    answer: (site) => instead(weightsOf(site).subarray(0, 100_000), 'application/octet-stream'),
    says: ['A file ended too early', 'Try again'],
    retry: true,
  },
  'weights of which one bit is wrong': {
    pattern: WEIGHTS,
    answer: (site) => {
      const bytes = Buffer.from(weightsOf(site));
      const at = Math.floor(bytes.length / 2);
      bytes[at] = bytes[at]! ^ 1;
      return instead(bytes, 'application/octet-stream');
    },
    says: ['A file is not the one the manifest lists', 'Try again'],
    retry: true,
  },
  'a network that breaks off': {
    pattern: /^(models|saes)\//,
    answer: () => unreachable,
    says: ['The network did not answer', 'Check the connection and try again'],
    retry: true,
  },
};

for (const [what, { pattern, answer, says, retry }] of Object.entries(DAMAGES)) {
  test(`${what}: a clear message below the recorded result, and it works once it is mended`, async ({ page, site }) => {
    const mend = site.breaks(pattern, answer(site));
    await page.goto(site.url);
    for (const text of says) await expect(errorNotice(page)).toContainText(text);
    await expectRecorded(page);
    await expectTokens(page, IOI);
    // Another prompt fails as the first did, and stays as it was typed.
    await promptBox(page).fill(OTHER);
    await pressRun(page);
    await expect(runButton(page)).toBeVisible();
    await expect(errorNotice(page)).toContainText(says[0] ?? '');
    mend();
    if (retry) await errorNotice(page).getByRole('button', { name: 'Retry' }).click();
    else await pressRun(page);
    await expectLive(page);
    await expectTokens(page, OTHER);
    await expect(promptBox(page)).toHaveValue(OTHER);
    await expect(errorNotice(page)).toHaveCount(0);
  });
}

test('a site without a catalogue says on the models page that it cannot be read', async ({ page, site }) => {
  site.breaks(/^models\/catalogue\.json$/, missing);
  await page.goto(`${site.url}#/models`);
  await expect(page.getByRole('main')).toContainText('the catalogue cannot be read');
});

test('without a network, what is loaded goes on; a dictionary that is not there says so and comes once it can', async ({
  page,
  site,
  context,
}) => {
  await page.goto(site.url);
  await expectLive(page);
  const online = site.breaks(/./, unreachable);
  await context.setOffline(true);
  await ask(page, OTHER);
  await readWith(page, 'Only MLP');
  await expect(errorNotice(page)).toContainText('The network did not answer');
  await expect(promptBox(page)).toHaveValue(OTHER);
  online();
  await context.setOffline(false);
  await errorNotice(page).getByRole('button', { name: 'Retry' }).click();
  await expectLive(page);
  await expect(errorNotice(page)).toHaveCount(0);
});

test('weights come from this browser’s store on the second visit, and from the network where that store is damaged', async ({
  page,
  site,
}) => {
  await page.goto(site.url);
  await expectLive(page);
  const asked = (): number => site.requests.filter((path) => WEIGHTS.test(path.slice(1))).length;
  await expect
    .poll(async () => page.evaluate(async () => (await (await caches.open('vitrine-files-1')).keys()).length))
    .toBeGreaterThan(2);
  await page.reload();
  await expectLive(page);
  expect(asked()).toBe(1);
  await page.evaluate(async () => {
    const cache = await caches.open('vitrine-files-1');
    for (const key of await cache.keys()) await cache.put(key, new Response('damaged'));
  });
  await page.reload();
  await expectLive(page);
  expect(asked()).toBe(2);
});

const STORES = {
  'is forbidden': `CacheStorage.prototype.open = () => Promise.reject(new DOMException('forbidden', 'SecurityError'))`,
  'is full': `Cache.prototype.put = () => Promise.reject(new DOMException('full', 'QuotaExceededError'))`,
  'is not there': `delete globalThis.caches; Object.defineProperty(globalThis, 'caches', { value: undefined })`,
} as const;
for (const [how, script] of Object.entries(STORES)) {
  test(`storage that ${how} changes nothing`, async ({ page, site }) => {
    site.inject(script);
    await page.addInitScript(() => {
      Object.defineProperty(window, 'localStorage', {
        get: () => {
          throw new DOMException('forbidden', 'SecurityError');
        },
      });
    });
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    await page.goto(site.url);
    await expectLive(page);
    await ask(page, OTHER);
    await openSheet(page);
    await closeDialog(page);
    expect(errors).toEqual([]);
  });
}
