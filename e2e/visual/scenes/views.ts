import { labFragment } from '../../../core/share/address.ts';
import { parseSpec } from '../../../core/spec/index.ts';
import searchLab from '../../../labs/feature-search/examples.json' with { type: 'json' };
import steeringLab from '../../../labs/steering/examples.json' with { type: 'json' };
import type { Locator, Page } from '@playwright/test';
import type { Scene } from '../stage.ts';
import { explained, recorded, tab, toTop } from './steps.ts';

export const SAE = 'blocks.1.hook_resid_post';
export const FEATURE = `feature/primer/${SAE}/100`;
const sweep = labFragment(parseSpec(steeringLab.find(({ spec }) => 'sweep' in spec.params)?.spec));
const search = (view: object): string => labFragment(parseSpec({ ...searchLab[0]?.spec, view }));

const tabs = (page: Page): Promise<void> => toTop(page.getByRole('tablist'));
const curve = (page: Page): Locator => page.getByRole('figure').filter({ hasText: 'Strength against coherence' });

/** The labs and their tabs, the embeds, and what explains each. */
export const VIEWS: readonly Scene[] = [
  { name: 'home', address: '#/', prepare: recorded, whole: true, main: true, gate: true },
  { name: 'explore-lens', address: '#/lab/explore', prepare: tab('Lens'), frame: tabs, main: true, gate: true },
  { name: 'explore-attention', address: '#/lab/explore', prepare: tab('Attention'), frame: tabs, main: true },
  { name: 'explore-next', address: '#/lab/explore', prepare: tab('Next token'), frame: tabs },
  {
    name: 'explore-token',
    address: '#/lab/explore',
    prepare: async (page, stage) => {
      await recorded(page, stage);
      await page
        .getByRole('toolbar', { name: 'Tokens of the prompt' })
        .getByRole('button', { name: /^Token 4,/ })
        .click();
      await page.locator('[data-features] button').first().click();
    },
  },
  { name: 'activations', address: '#/lab/activations', prepare: recorded, main: true },
  { name: 'feature', address: `#/${FEATURE}`, prepare: recorded, main: true, gate: true },
  {
    name: 'feature-examples',
    address: `#/${FEATURE}`,
    prepare: recorded,
    frame: (page) => toTop(page.getByRole('heading', { name: 'Where it fires' })),
  },
  {
    name: 'feature-gamma',
    address: `#/embed/${FEATURE}?parts=examples`,
    prepare: async (page, stage) => {
      await recorded(page, stage);
      const slider = page.getByRole('slider', { name: 'Shade' });
      for (let i = 0; i < 4; i++) await slider.press('ArrowLeft');
    },
  },
  { name: 'dictionaries', address: '#/features/primer', prepare: (page) => page.getByRole('table').first().waitFor() },
  {
    name: 'features',
    address: `#/features/primer/${SAE}`,
    prepare: (page) => page.getByRole('row').nth(3).waitFor(),
    main: true,
    gate: true,
  },
  { name: 'search', address: '#/lab/feature-search', prepare: recorded, main: true, gate: true },
  {
    name: 'search-found',
    address: '#/lab/feature-search',
    prepare: recorded,
    frame: (page) => toTop(page.getByRole('heading', { name: 'Most active features' })),
  },
  {
    name: 'search-fires',
    address: search({ tab: 'token', tokenRole: 'fires', firesOn: ' Monday' }),
    prepare: (page) => page.locator('[data-hits] li').first().waitFor(),
  },
  {
    name: 'search-variable',
    address: search({ tab: 'variable' }),
    prepare: (page) => page.getByRole('tab', { name: 'By variable', selected: true }).waitFor(),
  },
  { name: 'steering', address: '#/lab/steering', prepare: recorded, whole: true, main: true, gate: true },
  {
    name: 'steering-sweep',
    address: sweep,
    prepare: recorded,
    frame: (page) => toTop(page.getByRole('heading', { name: /Strength against coherence/ })),
  },
  {
    name: 'steering-table',
    address: sweep,
    prepare: async (page, stage) => {
      await recorded(page, stage);
      await curve(page).getByRole('button', { name: 'View as table' }).click();
    },
    frame: (page) => toTop(curve(page)),
  },
  ...['explore', 'activations', 'feature-search', 'steering'].map((lab) => ({
    name: `explain-${lab}`,
    address: `#/lab/${lab}`,
    prepare: explained,
  })),
  { name: 'explain-feature-dashboard', address: `#/${FEATURE}`, prepare: explained },
  {
    name: 'gallery',
    address: 'embeds.html',
    prepare: async (page) => {
      const frame = page.locator('iframe').first().contentFrame();
      await frame.getByText(/^Recorded result: /).waitFor({ timeout: 60_000 });
    },
  },
  { name: 'embed', address: '#/embed/lab/explore', prepare: recorded, gate: true },
  { name: 'embed-parts', address: '#/embed/lab/explore?parts=tokens', prepare: recorded },
  { name: 'embed-feature', address: `#/embed/${FEATURE}?parts=meaning,writes,often`, prepare: recorded },
  { name: 'embed-dark', address: '#/embed/lab/steering?theme=dark', prepare: recorded },
];
