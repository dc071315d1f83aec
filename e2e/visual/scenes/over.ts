import type { Page } from '@playwright/test';
import { listsFragment, type Library } from '../../../core/lists/index.ts';
import type { Scene, Step } from '../stage.ts';
import { dialog, press, shared } from './steps.ts';
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
    name: 'list-new',
    address: '#/lists',
    prepare: async (page) => {
      await press(page, 'New list');
      await page.getByRole('textbox', { name: 'Name' }).fill('Features of sequences');
    },
  },
  { name: 'palette', address: '#/', prepare: palette(''), gate: true },
  { name: 'palette-found', address: '#/', prepare: palette('steer'), main: true },
  { name: 'palette-nothing', address: '#/', prepare: palette('qqqq') },
  { name: 'keys', address: '#/', prepare: dialog((page) => page.keyboard.press('?')), main: true },
  { name: 'dictionaries-dialog', address: '#/lab/explore', prepare: dialog((page) => press(page, /^Read with/)) },
  {
    name: 'provenance',
    address: '#/lab/explore',
    prepare: dialog((page) => press(page, 'How was this computed?')),
    settled: true,
  },
  { name: 'share-link', address: '#/lab/explore', prepare: shared('Link'), main: true },
  { name: 'share-embed', address: '#/lab/explore', prepare: shared('Embed') },
  { name: 'share-files', address: '#/lab/explore', prepare: shared('Files') },
  { name: 'share-cite', address: '#/lab/explore', prepare: shared('Cite') },
  {
    name: 'toast',
    address: '#/lab/explore',
    prepare: async (page, stage) => {
      await shared('Link')(page, stage);
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('dialog').getByRole('button', { name: 'Copy', exact: true }).click();
      await page
        .getByText(/copied/i)
        .first()
        .waitFor();
    },
  },
];
