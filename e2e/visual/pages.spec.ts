import type { Page } from '@playwright/test';
import { listsFragment, type Library } from '../../core/lists/index.ts';
import { labFragment } from '../../core/share/address.ts';
import { parseSpec } from '../../core/spec/index.ts';
import searchLab from '../../labs/feature-search/examples.json' with { type: 'json' };
import steeringLab from '../../labs/steering/examples.json' with { type: 'json' };
import { expect, missing, test, WORKER, type Site } from '../flows/harness.ts';

/** Pictures of views and states; how they are made and compared: README.md. The engine is held back: nothing seen here is timed. */
interface Scene {
  readonly name: string;
  readonly fragment: string;
  /** Before the page is opened. */
  readonly arrange?: (site: Site) => void;
  /** Brings the page into the state that is pictured. */
  readonly prepare?: (page: Page) => Promise<void>;
  /** The window only; else the whole page. */
  readonly window?: boolean;
  /** The engine is not held back: the scene is of what becomes of it. */
  readonly engine?: boolean;
}

const SAE = 'blocks.1.hook_resid_post';
const FEATURE = `feature/primer/${SAE}/100`;
const at = { model: 'primer', sae: SAE };
const LIBRARY: Library = {
  labels: [{ ...at, feature: 100, text: 'a name of my own', note: 'seen in stories', at: 1 }],
  lists: [
    {
      id: 'visual',
      name: 'Names',
      note: 'of people',
      prompt: 'Mary and John',
      created: 1,
      changed: 1,
      items: [100, 101].map((feature) => ({
        kind: 'feature' as const,
        ...at,
        feature,
        note: feature === 100 ? 'strong' : '',
        at: 1,
      })),
    },
  ],
};
const sweepExample = steeringLab.find(({ spec }) => 'sweep' in spec.params)?.spec;
const searchView = (view: object): string => labFragment(parseSpec({ ...searchLab[0]?.spec, view }));

/** The recorded result is there, and the engine, which is held back, was asked for a live one: outside of a frame it always is. */
const recorded = async (page: Page): Promise<void> => {
  const panel = page.locator('[data-source]').first();
  await expect(panel).toHaveAttribute('data-source', 'recorded', { timeout: 60_000 });
  if (!page.url().includes('#/embed/')) await expect(panel).toHaveAttribute('aria-busy', 'true');
};
const tab =
  (name: string) =>
  async (page: Page): Promise<void> => {
    await recorded(page);
    await page.getByRole('tab', { name, exact: true }).click();
  };
const dialog =
  (open: (page: Page) => Promise<void>) =>
  async (page: Page): Promise<void> => {
    await recorded(page);
    await open(page);
    await expect(page.getByRole('dialog').first()).toBeVisible();
    await expect(page.getByRole('dialog').locator('[class*=skeleton]')).toHaveCount(0);
  };
const share = (name: string): ((page: Page) => Promise<void>) =>
  dialog(async (page) => {
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('dialog').getByRole('tab', { name, exact: true }).click();
  });

/** Takes the lists of the link. */
const keepLists = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await page.getByRole('region', { name: 'Your lists' }).getByRole('rowheader', { name: 'Names' }).waitFor();
};

/** Frames of the gallery as far as they are in the window, each with its recorded result. */
async function gallery(page: Page): Promise<void> {
  const frame = page.locator('iframe').first().contentFrame();
  await frame.getByText(/^Recorded result: /).waitFor({ timeout: 60_000 });
}

const SCENES: readonly Scene[] = [
  { name: 'home', fragment: '#/', prepare: recorded },
  { name: 'explore-lens', fragment: '#/lab/explore', prepare: tab('Lens') },
  { name: 'explore-attention', fragment: '#/lab/explore', prepare: tab('Attention') },
  { name: 'explore-next', fragment: '#/lab/explore', prepare: tab('Next token') },
  { name: 'activations', fragment: '#/lab/activations', prepare: recorded },
  { name: 'feature', fragment: '#/lab/feature-dashboard', prepare: recorded },
  { name: 'feature-page', fragment: `#/${FEATURE}`, prepare: recorded },
  {
    name: 'feature-gamma',
    fragment: `#/embed/${FEATURE}?parts=examples`,
    prepare: async (page) => {
      await recorded(page);
      const slider = page.getByRole('slider', { name: 'Shade' });
      for (let i = 0; i < 4; i++) await slider.press('ArrowLeft');
    },
  },
  {
    name: 'features',
    fragment: `#/features/primer/${SAE}`,
    prepare: (page) => page.getByRole('row').nth(3).waitFor(),
    window: true,
  },
  { name: 'search', fragment: '#/lab/feature-search', prepare: recorded },
  {
    name: 'search-fires',
    fragment: searchView({ tab: 'token', tokenRole: 'fires', firesOn: ' Monday' }),
    prepare: (page) => page.locator('[data-hits] li').first().waitFor(),
    window: true,
  },
  {
    name: 'search-nothing',
    fragment: searchView({ tab: 'token', tokenRole: 'fires', firesOn: 'qqqq' }),
    prepare: (page) => page.getByText(/^No stored example is about/).waitFor(),
    window: true,
  },
  { name: 'steering', fragment: '#/lab/steering', prepare: recorded },
  { name: 'steering-sweep', fragment: labFragment(parseSpec(sweepExample)), prepare: recorded },
  {
    name: 'steering-table',
    fragment: labFragment(parseSpec(sweepExample)),
    prepare: async (page) => {
      await recorded(page);
      const figure = page.getByRole('figure').filter({ hasText: 'Strength against coherence' });
      await figure.getByRole('button', { name: 'View as table' }).click();
    },
  },
  { name: 'lists-empty', fragment: '#/lists', prepare: (page) => page.getByRole('button', { name: 'New list' }).waitFor() },
  { name: 'lists', fragment: listsFragment(LIBRARY), prepare: keepLists },
  {
    name: 'list',
    fragment: listsFragment(LIBRARY),
    prepare: async (page) => {
      await keepLists(page);
      await page.getByRole('region', { name: 'Your lists' }).getByRole('link', { name: 'Names' }).click();
      await page.getByRole('list', { name: 'Items' }).getByRole('listitem').nth(1).waitFor();
    },
  },
  {
    name: 'lists-shared',
    fragment: listsFragment(LIBRARY),
    prepare: (page) => page.getByRole('heading', { level: 1 }).waitFor(),
    window: true,
  },
  { name: 'gallery', fragment: 'embeds.html', prepare: gallery, window: true },
  { name: 'embed', fragment: '#/embed/lab/explore', prepare: recorded },
  { name: 'embed-parts', fragment: '#/embed/lab/explore?parts=tokens', prepare: recorded },
  { name: 'nowhere', fragment: '#/what/is/this' },
  {
    name: 'damaged-link',
    fragment: '#/lab/explore?s=1.abc',
    prepare: (page) => page.getByRole('alert').first().waitFor(),
    window: true,
  },
  { name: 'palette', fragment: '#/', prepare: dialog((page) => page.keyboard.press('ControlOrMeta+k')), window: true },
  { name: 'keys', fragment: '#/', prepare: dialog((page) => page.keyboard.press('?')), window: true },
  {
    name: 'explain',
    fragment: '#/lab/explore',
    prepare: dialog((page) => page.getByRole('button', { name: 'Explain', exact: true }).click()),
    window: true,
  },
  { name: 'share-link', fragment: '#/lab/explore', prepare: share('Link'), window: true },
  { name: 'share-embed', fragment: '#/lab/explore', prepare: share('Embed'), window: true },
  { name: 'share-files', fragment: '#/lab/explore', prepare: share('Files'), window: true },
  { name: 'share-cite', fragment: '#/lab/explore', prepare: share('Cite'), window: true },
  {
    name: 'toast',
    fragment: '#/lab/explore',
    prepare: async (page) => {
      await share('Link')(page);
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('dialog').getByRole('button', { name: 'Copy', exact: true }).click();
      await page
        .getByText(/copied/i)
        .first()
        .waitFor();
    },
    window: true,
  },
  {
    name: 'engine-fails',
    fragment: '#/lab/explore',
    arrange: (site) => void site.breaks(WORKER, missing),
    engine: true,
    prepare: (page) => page.getByRole('alert').first().waitFor({ timeout: 60_000 }),
    window: true,
  },
];

test.use({ quiet: false });

/** Both themes and both ends of the widths; `VISUAL=all` draws each scene in all four. */
const LOOKS = [
  { device: 'desktop', colorScheme: 'light' },
  { device: 'phone', colorScheme: 'dark' },
  ...(process.env['VISUAL'] === 'all'
    ? ([
        { device: 'desktop', colorScheme: 'dark' },
        { device: 'phone', colorScheme: 'light' },
      ] as const)
    : []),
] as const;
const VIEWPORTS = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } } as const;

for (const { device, colorScheme } of LOOKS)
  test.describe(`${device}, ${colorScheme}`, () => {
    const viewport = VIEWPORTS[device];
    test.use({ colorScheme, viewport, reducedMotion: 'reduce', locale: 'en-GB', timezoneId: 'UTC' } as object);
    for (const scene of SCENES)
      test(scene.name, async ({ page, site }) => {
        const release = scene.engine === true ? () => undefined : site.holds(WORKER);
        scene.arrange?.(site);
        await page.goto(`${site.url}${scene.fragment}`);
        await page.getByRole('main').waitFor();
        await scene.prepare?.(page);
        await expect(page.locator('[class*=skeleton]')).toHaveCount(0);
        await page.evaluate(() => document.fonts.ready);
        await expect(page).toHaveScreenshot(`${scene.name}-${device}-${colorScheme}.png`, {
          fullPage: scene.window !== true,
          animations: 'disabled',
          caret: 'hide',
          // What this machine or this build tells of itself, and the address that a test's server happens to have.
          mask: [
            page.locator('[data-volatile]'),
            page.getByRole('textbox', { name: 'Link' }),
            page.getByRole('dialog').locator('pre, iframe'),
            page.locator('time'),
          ],
          maxDiffPixelRatio: 0.001,
        });
        release();
      });
  });
