import type { Locator, Page } from '@playwright/test';
import type { ErrorCode } from '../../../core/protocol/errors.ts';
import { ERRORS } from '../../../core/protocol/errors.ts';
import { labFragment } from '../../../core/share/address.ts';
import { parseSpec } from '../../../core/spec/index.ts';
import searchLab from '../../../labs/feature-search/examples.json' with { type: 'json' };
import { missing, WORKER } from '../../flows/harness.ts';
import { engineSays, type Scene, type Step } from '../stage.ts';
import { alert, alerted, intoView, over, press } from './steps.ts';
import { FEATURE, SAE } from './views.ts';

const nothing = labFragment(parseSpec({ ...searchLab[0]?.spec, view: { tab: 'token', tokenRole: 'fires', firesOn: 'qqqq' } }));
const waits =
  (label: string): Step =>
  (page) =>
    page.getByText(label).first().waitFor({ state: 'attached' });

/** A run that ends like this. */
const fails = (code: ErrorCode, message: string): Omit<Scene, 'name'> => ({
  address: '#/lab/explore',
  arrange: ({ site }) =>
    engineSays(site, { answers: [{ type: 'failed', error: { code, message, retryable: ERRORS[code].retryable } }] }),
  prepare: alerted,
  engine: true,
});

const weights = (page: Page): Locator => page.getByText(/^Weights of primer: 1\.7 of 2\.8 MB/).first();

/** Nothing there yet, nothing there at all, and what went wrong. */
export const STATES: readonly Scene[] = [
  {
    name: 'loading-lab',
    address: '#/lab/explore',
    arrange: ({ site }) => void site.holds(/^assets\/view-.*\.js$/),
    prepare: waits('Loading the lab'),
    loading: true,
    gate: true,
  },
  {
    name: 'loading-feature',
    address: `#/${FEATURE}`,
    arrange: ({ site }) => void site.holds(/^(dashboards|examples)\//),
    prepare: waits('The dashboard is on its way'),
    loading: true,
  },
  {
    name: 'loading-features',
    address: `#/features/primer/${SAE}`,
    arrange: ({ site }) => void site.holds(/^dashboards\//),
    prepare: waits('Loading what is known of the features'),
    loading: true,
  },
  {
    name: 'loading-models',
    address: '#/models',
    arrange: ({ site }) => void site.holds(/^models\/catalogue\.json$/),
    prepare: waits('Loading the catalogue'),
    loading: true,
  },
  {
    name: 'loading-explain',
    address: '#/lab/explore',
    arrange: ({ site }) => void site.holds(/^assets\/README-.*\.js$/),
    prepare: async (page, stage) => {
      await page.locator('[data-source=recorded]').waitFor();
      await press(page, 'Explain');
      await waits('Loading the explanation')(page, stage);
    },
    part: over,
    loading: true,
  },
  {
    name: 'loading-weights',
    address: '#/lab/explore',
    arrange: ({ site }) =>
      engineSays(site, { answers: [{ type: 'progress', phase: 'weights of primer', done: 1.7e6, total: 2.8e6, unit: 'bytes' }] }),
    prepare: (page) => weights(page).waitFor(),
    frame: (page) => intoView(weights(page)),
    engine: true,
  },
  { name: 'nowhere', address: '#/what/is/this', prepare: (page) => page.getByRole('heading', { level: 1 }).waitFor() },
  { name: 'embed-nowhere', address: '#/embed/lab/none', prepare: waits('There is no lab called') },
  { name: 'search-nothing', address: nothing, prepare: (page) => page.getByText(/^No stored example is about/).waitFor() },
  {
    name: 'features-nothing',
    address: `#/features/primer/${SAE}`,
    prepare: async (page) => {
      await page.getByRole('row').nth(3).waitFor();
      await page.getByRole('searchbox').fill('qqqq');
      await page.getByText('No feature fits what you typed.').waitFor();
    },
  },
  { name: 'damaged-link', address: '#/lab/explore?s=1.abc', prepare: alerted, gate: true },
  {
    name: 'engine-fails',
    address: '#/lab/explore',
    arrange: ({ site }) => void site.breaks(WORKER, missing),
    prepare: alerted,
    part: alert,
    engine: true,
  },
  {
    name: 'error-lost',
    ...fails('device-lost', 'the graphics device was lost (the driver was reset)'),
    frame: (page) => intoView(alert(page)),
    gate: true,
  },
  { name: 'error-offline', ...fails('network', 'models/primer/model.int8.safetensors could not be fetched'), part: alert },
  {
    name: 'error-dictionary',
    ...fails('not-found', 'the server has no saes/primer/blocks.1.hook_resid_post/sae.safetensors'),
    part: alert,
  },
  { name: 'error-memory', ...fails('out-of-memory', 'an array of 512 MB could not be made'), part: alert },
  {
    name: 'error-catalogue',
    address: '#/models',
    arrange: ({ site }) => void site.breaks(/^models\/catalogue\.json$/, missing),
    prepare: (page) => page.getByText(/the catalogue cannot be read/).waitFor(),
  },
  {
    name: 'lists-full',
    address: '#/lists',
    async arrange({ page }) {
      await page.addInitScript(() => {
        IDBObjectStore.prototype.put = () => {
          throw new DOMException('full', 'QuotaExceededError');
        };
      });
    },
    prepare: async (page, stage) => {
      await press(page, 'New list');
      await page.getByRole('textbox', { name: 'Name' }).fill('Features of sequences');
      await page.keyboard.press('Enter');
      await alerted(page, stage);
    },
  },
];
