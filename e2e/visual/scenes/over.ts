import type { Locator, Page } from '@playwright/test';
import { listsFragment, type Library } from '../../../core/lists/index.ts';
import type { Scene, Step } from '../stage.ts';
import { dialog, over, press, shared } from './steps.ts';
import { SAE } from './views.ts';

const DAY = Date.UTC(2026, 0, 10);
const at = { model: 'primer', sae: SAE };
const LIBRARY: Library = {
  labels: [{ ...at, feature: 100, text: 'a name of my own', note: 'seen in stories', at: DAY }],
  lists: [
    {
      id: 'visual',
      name: 'Names',
      note: 'of people',
      prompt: 'Mary and John',
      created: DAY,
      changed: DAY,
      items: [100, 101].map((feature) => ({
        kind: 'feature' as const,
        ...at,
        feature,
        note: feature === 100 ? 'strong' : '',
        at: DAY,
      })),
    },
  ],
};

/** Takes the lists of the link. */
async function keepLists(page: Page): Promise<void> {
  await press(page, 'Keep');
  await page.getByRole('region', { name: 'Your lists' }).getByRole('rowheader', { name: 'Names' }).waitFor();
}
const palette = (typed: string): Step =>
  dialog(async (page) => {
    await page.keyboard.press('ControlOrMeta+k');
    await page.getByRole('dialog').getByRole('menuitem').first().waitFor();
    await page.getByRole('searchbox').fill(typed);
  });

const said = (page: Page): Locator => page.getByText('Link copied.');

/** Lists, and all that lies over a page. */
export const OVER: readonly Scene[] = [
  { name: 'lists', address: listsFragment(LIBRARY), prepare: keepLists, main: true, gate: true },
  { name: 'lists-empty', address: '#/lists', prepare: (page) => page.getByText(/^There is no list yet/).waitFor() },
  { name: 'lists-shared', address: listsFragment(LIBRARY), prepare: (page) => page.getByText(/^This link holds/).waitFor() },
  {
    name: 'list',
    address: listsFragment(LIBRARY),
    prepare: async (page) => {
      await keepLists(page);
      await page.getByRole('region', { name: 'Your lists' }).getByRole('link', { name: 'Names' }).click();
      await page.getByRole('list', { name: 'Items' }).getByRole('listitem').nth(1).waitFor();
    },
  },
  {
    name: 'embed-lists',
    address: listsFragment(LIBRARY).replace('#/', '#/embed/'),
    prepare: (page) => page.getByText('a name of my own').first().waitFor(),
  },
  {
    name: 'list-new',
    address: '#/lists',
    prepare: async (page) => {
      await press(page, 'New list');
      await page.getByRole('textbox', { name: 'Name' }).fill('Features of sequences');
    },
  },
  { name: 'palette', address: '#/', prepare: palette(''), gate: true },
  { name: 'palette-found', address: '#/', prepare: palette('steer'), part: over },
  { name: 'palette-nothing', address: '#/', prepare: palette('qqqq'), part: over },
  { name: 'keys', address: '#/', prepare: dialog((page) => page.keyboard.press('?')), part: over, main: true },
  { name: 'dictionaries-dialog', address: '#/lab/explore', prepare: dialog((page) => press(page, /^Read with/)), part: over },
  {
    name: 'provenance',
    address: '#/lab/explore',
    prepare: dialog((page) => press(page, 'How was this computed?')),
    part: over,
    settled: true,
  },
  { name: 'share-link', address: '#/lab/explore', prepare: shared('Link'), part: over },
  { name: 'share-embed', address: '#/lab/explore', prepare: shared('Embed'), part: over },
  { name: 'share-files', address: '#/lab/explore', prepare: shared('Files'), part: over },
  { name: 'share-cite', address: '#/lab/explore', prepare: shared('Cite'), part: over },
  {
    name: 'toast',
    address: '#/lab/explore',
    prepare: async (page, stage) => {
      await shared('Link')(page, stage);
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    },
    // Said anew in each look, as it is gone after a moment.
    frame: async (page) => {
      await over(page).getByRole('button', { name: 'Copy', exact: true }).click();
      await said(page).waitFor();
      await page.mouse.move(0, 0);
    },
    part: said,
    toast: true,
  },
];
