import { expect, type Locator, type Page } from '@playwright/test';
import { keptAddress } from '../../../core/files/kept.ts';
import { labFragment } from '../../../core/share/address.ts';
import { forModel } from '../../../core/spec/for-model.ts';
import { lab as explore } from '../../../labs/explore/spec.ts';
import { tinyLlama } from '../../flows/checkpoint.ts';
import { instead, type Site } from '../../flows/harness.ts';
import { engineSays, hubWith, storageOf, type Scene, type Stage, type Step } from '../stage.ts';
import { alerted, dialog, over, press, toTop } from './steps.ts';

const REPO = 'a-group-of-people/Tiny-Llama-3M-Instruct-v0.2';
const OTHER = 'somebody/another-tiny-llama';

/** As `npm run model:add` lists what it put beside the site. */
const packaged = (id: string, name: string, size: { readonly bytes: number; readonly parameters: number }): object => ({
  id,
  name,
  family: id.startsWith('gemma') ? 'gemma3' : 'llama',
  license: id.startsWith('gemma') ? 'Gemma terms of use' : 'Apache-2.0',
  config: {},
  files: [{ path: 'model.gguf', bytes: size.bytes, sha256: '0'.repeat(64), role: 'weights' }],
  quantization: { kind: 'q4_1' },
  requires: { memoryBytes: size.bytes * 1.1 },
  parameters: size.parameters,
  saes: [],
  packages: [{}],
});
const BESIDE = {
  'smollm2-135m': packaged('smollm2-135m', 'SmolLM2 135M Instruct', { bytes: 98_362_432, parameters: 134_515_008 }),
  'much-too-large': packaged('much-too-large', 'A model of 70 billion', { bytes: 42e9, parameters: 70e9 }),
};

/** Three models of the site, one of which no browser can run, and a fourth whose files are not there. */
function manyModels({ site }: Stage): void {
  const models = ['primer', ...Object.keys(BESIDE), 'gone'].map((id) => ({ id, path: `models/${id}/manifest.json` }));
  site.breaks(/^models\/catalogue\.json$/, instead(JSON.stringify({ models }), 'application/json'));
  for (const [id, manifest] of Object.entries(BESIDE))
    site.breaks(new RegExp(`^models/${id}/manifest.json$`), instead(JSON.stringify(manifest), 'application/json'));
}

const listed = (page: Page): Promise<void> => page.getByRole('table', { name: 'Models' }).getByRole('row').nth(1).waitFor();
/** What a repository holds. */
const card = (page: Page): Locator => page.getByRole('region', { name: /^What .* holds$/ });
const row = (page: Page, repo: string): Locator => page.getByRole('article', { name: repo });
async function lookUp(page: Page, repo: string): Promise<void> {
  await listed(page);
  const add = page.getByRole('region', { name: 'Add a model from the Hub' });
  await add.getByRole('textbox', { name: 'Repository' }).fill(repo);
  await press(page, 'Look it up');
}
async function confirm(page: Page, repo: string): Promise<void> {
  await lookUp(page, repo);
  await press(page, /^Download/);
  await row(page, repo).waitFor();
}
/** The named part at the top of the window. */
const shows =
  (part: string): ((page: Page) => Promise<void>) =>
  (page) =>
    toTop(page.getByRole('region', { name: part }));

/** What primer's files weigh, as if they were kept. */
async function keepModel({ page, site }: Stage): Promise<void> {
  const { files, saes } = JSON.parse(site.file('models/primer/manifest.json').toString()) as Record<
    'files' | 'saes',
    { bytes: number; sha256: string }[]
  >;
  const kept = [...(files ?? []), ...(saes ?? [])].map(({ bytes, sha256 }) => [keptAddress(site.url, sha256), bytes] as const);
  await page.evaluate(async (all) => {
    const cache = await caches.open('vitrine-files-1');
    for (const [address, bytes] of all) await cache.put(address, new Response('', { headers: { 'content-length': `${bytes}` } }));
  }, kept);
}
/** The browser has said what it keeps, and whether the app is among it: workers that would keep it are not allowed here. */
async function counted(page: Page): Promise<void> {
  await page.getByRole('table', { name: 'What is kept in this browser' }).getByRole('row').nth(1).waitFor();
  await page.getByText('it needs the network to open').waitFor();
}
const fileOf = (site: Site): readonly { name: string; mimeType: string; buffer: Buffer }[] =>
  Object.entries(tinyLlama(site.file('models/primer/tokenizer.json'), site.file('models/primer/tokenizer_config.json')))
    .filter(([name]) => name !== 'README.md')
    .map(([name, buffer]) => ({ name, mimeType: 'application/octet-stream', buffer }));

const MEMORY = {
  type: 'memory',
  deviceBytes: 9.6e6,
  tensors: 71,
  models: [{ id: 'primer', bytes: 2.9e6, quantization: 'int8' }],
  saes: [{ id: 'primer/blocks.1.hook_resid_post', bytes: 1.6e6 }],
} as const;
/** The sheet, once the engine has said what it has to say. */
const sheet = (says: string | RegExp): Step =>
  dialog(async (page) => {
    await press(page, /Open the model sheet/);
    await page.getByRole('dialog').getByText(says).first().waitFor();
  });

/** Models, where they come from, and what is kept of them. */
const hubWithRepo = async (stage: Stage): Promise<void> => void (await hubWith(stage, REPO));

export const MODELS: readonly Scene[] = [
  {
    name: 'models',
    address: '#/models',
    arrange: manyModels,
    async prepare(page) {
      await listed(page);
      await counted(page);
    },
    whole: true,
    settled: true,
    main: true,
    gate: true,
  },
  {
    name: 'models-hub',
    address: '#/models',
    arrange: hubWithRepo,
    async prepare(page) {
      await lookUp(page, REPO);
      await card(page).getByText('can run it').waitFor();
      // From here on nothing arrives, so that no speed is told.
      await page.route('https://huggingface.co/**', () => new Promise(() => {}));
      await press(page, /^Download/);
      await expect(row(page, REPO)).toContainText('nothing of 13 MB');
    },
    frame: shows('From the Hub'),
    settled: true,
  },
  {
    name: 'models-kept',
    address: '#/models',
    arrange: hubWithRepo,
    async prepare(page) {
      await confirm(page, REPO);
      await expect(row(page, REPO)).toContainText('On this device');
    },
    frame: shows('From the Hub'),
    settled: true,
  },
  {
    name: 'models-confirm',
    address: '#/models',
    arrange: hubWithRepo,
    async prepare(page) {
      await lookUp(page, REPO);
      await card(page).getByText('can run it').waitFor();
      await counted(page);
    },
    frame: (page) => toTop(card(page)),
    settled: true,
    gate: true,
  },
  {
    name: 'models-gated',
    address: '#/models',
    arrange: async (stage) => void (await hubWith(stage, OTHER, ['hf_x'])),
    async prepare(page) {
      await lookUp(page, OTHER);
      await page.getByLabel('Access token').waitFor();
      await counted(page);
    },
    frame: (page) => toTop(card(page)),
    settled: true,
  },
  {
    name: 'models-own-file',
    address: '#/models',
    async prepare(page, { site }) {
      await listed(page);
      await page.getByLabel('Files of a model').setInputFiles([...fileOf(site)]);
      await page.getByText('3.16 million parameters').waitFor();
    },
    frame: shows('Open files of yours'),
    settled: true,
  },
  {
    name: 'models-own-file-refused',
    address: '#/models',
    async prepare(page, stage) {
      await listed(page);
      await page.getByLabel('Files of a model').setInputFiles(fileOf(stage.site).filter(({ name }) => name.startsWith('model')));
      await alerted(page, stage);
    },
    frame: shows('Open files of yours'),
    settled: true,
  },
  {
    name: 'storage',
    address: '#/lists',
    async prepare(page, stage) {
      await keepModel(stage);
      await page.goto(`${stage.site.url}#/models`);
      await counted(page);
    },
    frame: shows('Kept in this browser'),
    settled: true,
    gate: true,
  },
  {
    name: 'storage-nearly-full',
    address: '#/lists',
    arrange: ({ page }) => storageOf(page, { usage: 9.72e9, quota: 10e9 }),
    async prepare(page, stage) {
      await keepModel(stage);
      await page.goto(`${stage.site.url}#/models`);
      await counted(page);
    },
    frame: shows('Kept in this browser'),
    settled: true,
  },
  {
    name: 'storage-full',
    address: '#/models',
    async arrange(stage) {
      await hubWith(stage, REPO);
      stage.site.injectInto(
        /^assets\/hub\.worker-.*\.js$/,
        `Cache.prototype.put = () => Promise.reject(new DOMException('full', 'QuotaExceededError'))`,
      );
    },
    async prepare(page) {
      await confirm(page, REPO);
      await row(page, REPO).getByText('The browser’s storage is full').waitFor();
    },
    frame: shows('From the Hub'),
    settled: true,
  },
  {
    name: 'consent',
    address: labFragment({ ...explore.defaults, model: `hf:${REPO}@${'5c1a'.repeat(10)}` }),
    prepare: (page) => page.getByRole('button', { name: 'See what would be downloaded' }).waitFor(),
    loading: true,
    gate: true,
  },
  {
    name: 'no-dictionaries',
    address: labFragment(forModel(explore.defaults, 'smollm2-135m', [])),
    arrange: manyModels,
    prepare: (page) => page.getByText(/comes without dictionaries/).waitFor(),
    loading: true,
  },
  {
    name: 'model',
    address: '#/models/primer',
    prepare: (page) => page.getByRole('region', { name: 'Model card' }).getByRole('table').first().waitFor(),
  },
  {
    name: 'model-files',
    address: '#/models/primer',
    async prepare(page) {
      await page.getByRole('region', { name: 'Model card' }).getByRole('table').first().waitFor();
    },
    frame: shows('Files'),
  },
  {
    name: 'model-sheet',
    address: '#/lab/explore',
    arrange: ({ site }) => engineSays(site, { news: [MEMORY] }),
    prepare: sheet(/in 71 arrays/),
    part: over,
    engine: true,
  },
  {
    name: 'model-sheet-lost',
    address: '#/lab/explore',
    arrange: ({ site }) =>
      engineSays(site, { news: [{ type: 'device-lost', reason: 'the driver was reset', recovering: false }] }),
    prepare: sheet('The graphics device was lost'),
    part: over,
    engine: true,
  },
];
