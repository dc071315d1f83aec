import { labFragment } from '../../../core/share/address.ts';
import { parseSpec } from '../../../core/spec/index.ts';
import searchLab from '../../../labs/feature-search/examples.json' with { type: 'json' };
import steeringLab from '../../../labs/steering/examples.json' with { type: 'json' };
import { expect, type Locator, type Page } from '@playwright/test';
import { unnamed, type Scene } from '../stage.ts';
import { explained, over, recorded, tab, toTop } from './steps.ts';

export const SAE = 'blocks.1.hook_resid_post';
export const FEATURE = `feature/primer/${SAE}/100`;
const sweep = labFragment(parseSpec(steeringLab.find(({ spec }) => 'sweep' in spec.params)?.spec));
const search = (view: object): string => labFragment(parseSpec({ ...searchLab[0]?.spec, view }));

const tabs = (page: Page): Promise<void> => toTop(page.getByRole('tablist'));
const curve = (page: Page): Locator => page.getByRole('figure').filter({ hasText: 'Strength against coherence' });

/** The labs and their tabs, the embeds, and what explains each. */
export const VIEWS: readonly Scene[] = [
  { name: 'home', address: '#/', prepare: recorded, main: true, gate: true },
  {
    name: 'home-below',
    address: '#/',
    prepare: recorded,
    frame: (page) => toTop(page.getByRole('heading', { name: 'Ask further' })),
  },
  { name: 'explore-features', address: '#/lab/explore', prepare: tab('Features'), frame: tabs },
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
  { name: 'activations', address: '#/lab/activations', prepare: recorded },
  {
    name: 'activations-map',
    address: '#/lab/activations',
    prepare: recorded,
    frame: (page) => toTop(page.getByRole('figure')),
  },
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
  { name: 'steering', address: '#/lab/steering', prepare: recorded, gate: true },
  {
    name: 'steering-below',
    address: '#/lab/steering',
    prepare: recorded,
    frame: (page) => toTop(page.getByRole('heading', { name: 'What it did' })),
  },
  { name: 'steering-sweep', address: sweep, prepare: recorded, part: curve },
  {
    name: 'steering-table',
    address: sweep,
    prepare: async (page, stage) => {
      await recorded(page, stage);
      await curve(page).getByRole('button', { name: 'View as table' }).click();
    },
    part: curve,
  },
  ...['explore', 'activations', 'feature-search', 'steering'].map((lab) => ({
    name: `explain-${lab}`,
    address: `#/lab/${lab}`,
    prepare: explained,
    part: over,
  })),
  { name: 'explain-feature-dashboard', address: `#/${FEATURE}`, prepare: explained, part: over },
  {
    name: 'gallery',
    address: 'embeds.html',
    prepare: async (page) => {
      const frame = page.locator('iframe').first().contentFrame();
      await frame.getByText(/^Recorded result: /).waitFor({ timeout: 60_000 });
      await expect(unnamed(frame)).toHaveCount(0);
    },
  },
  { name: 'embed', address: '#/embed/lab/explore', prepare: recorded, gate: true },
  { name: 'embed-parts', address: '#/embed/lab/explore?parts=tokens', prepare: recorded },
  { name: 'embed-feature', address: `#/embed/${FEATURE}?parts=meaning,writes,often`, prepare: recorded },
  {
    name: 'embed-features',
    address: `#/embed/features/primer/${SAE}`,
    prepare: (page) => page.getByRole('row').nth(3).waitFor(),
  },
  { name: 'embed-dark', address: '#/embed/lab/steering?theme=dark', prepare: recorded },
];
