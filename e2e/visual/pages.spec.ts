import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { WORKER } from '../flows/harness.ts';
import { MODELS } from './scenes/models.ts';
import { OVER } from './scenes/over.ts';
import { STATES } from './scenes/states.ts';
import { VIEWS } from './scenes/views.ts';
import { masks, test, unnamed, type Scene, type Stage } from './stage.ts';

/** Pictures of views and states; how they are made and compared: README.md. */
const SCENES: readonly Scene[] = [...VIEWS, ...OVER, ...MODELS, ...STATES];

interface Look {
  readonly name: string;
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: 'light' | 'dark';
  readonly forcedColors?: 'active' | 'none';
  /** Of the main views only. */
  readonly main?: boolean;
}

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
const COMPARED: readonly Look[] = [
  { name: 'desktop-light', viewport: DESKTOP, colorScheme: 'light' },
  { name: 'phone-dark', viewport: PHONE, colorScheme: 'dark' },
  { name: 'wide-light', viewport: { width: 2560, height: 1440 }, colorScheme: 'light', main: true },
  { name: 'forced', viewport: DESKTOP, colorScheme: 'dark', forcedColors: 'active', main: true },
];
/** `VISUAL=gate`: the scenes that tell most, in the two looks that differ most. */
const EVERY = process.env['VISUAL'] !== 'gate';
/** `VISUAL=look`: every scene in every look, to be looked at, not compared. */
const LOOKING = process.env['VISUAL'] === 'look';
const LOOKS: readonly Look[] = LOOKING
  ? [
      ...COMPARED,
      { name: 'desktop-dark', viewport: DESKTOP, colorScheme: 'dark' },
      { name: 'phone-light', viewport: PHONE, colorScheme: 'light' },
    ]
  : COMPARED;

const fits = (scene: Scene, look: Look): boolean => scene.main === true || look.main !== true;
const fileOf = (scene: Scene, look: Look): string => `${scene.name}-${look.name}.png`;

/** Brings the page into the state of its scene, with everything drawn. */
async function open(scene: Scene, stage: Stage): Promise<void> {
  const { page, site } = stage;
  if (scene.engine !== true) site.holds(WORKER);
  await scene.arrange?.(stage);
  await page.goto(`${site.url}${scene.address}`);
  await page.getByRole('main').waitFor();
  await scene.prepare?.(page, stage);
  if (scene.loading !== true) {
    await expect(page.locator('[class*=skeleton]')).toHaveCount(0);
    await expect(unnamed(page)).toHaveCount(0);
  }
  if (scene.toast !== true) await page.evaluate(() => void (document.documentElement.dataset['noToasts'] = ''));
  await page.mouse.move(0, 0);
}

/** The same page in another look: a change of window and media, as a reader makes it. */
async function dress({ frame }: Scene, { viewport, colorScheme, forcedColors = 'none' }: Look, page: Page): Promise<void> {
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme, forcedColors, reducedMotion: 'reduce' });
  // Pictures that follow the window's width are drawn again with a later frame.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await page.evaluate(() => document.fonts.ready);
  await frame?.(page);
}

test.use({
  viewport: DESKTOP,
  colorScheme: 'light',
  contextOptions: { reducedMotion: 'reduce' },
  locale: 'en-GB',
  timezoneId: 'UTC',
});

for (const scene of SCENES)
  test(scene.name, { tag: scene.gate === true ? '@gate' : [] }, async ({ stage }) => {
    await open(scene, stage);
    const { page } = stage;
    const part = scene.part?.(page);
    const options = { mask: masks(page, scene.settled === true), ...(scene.whole === true ? { fullPage: true } : {}) };
    for (const look of LOOKS.filter((look) => fits(scene, look) && (EVERY || look.main !== true))) {
      await dress(scene, look, page);
      const kept = { ...options, path: `.cache/pictures/${fileOf(scene, look)}`, animations: 'disabled' as const };
      if (LOOKING) await (part ?? page).screenshot(kept);
      // One look that differs does not keep the others from being compared.
      else if (part) await expect.soft(part).toHaveScreenshot(fileOf(scene, look), options);
      else await expect.soft(page).toHaveScreenshot(fileOf(scene, look), options);
    }
  });

if (!LOOKING)
  test.describe('comparing', () => {
    const [look] = COMPARED;
    const scene = SCENES.find(({ name }) => name === 'features');
    if (!look || !scene) throw new Error('there is nothing to compare');

    const CHANGES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
      'the other theme': (page) => page.evaluate(() => void (document.documentElement.dataset['theme'] = 'dark')),
      'a missing panel': (page) => page.getByRole('main').locator('figure').first().evaluate(remove),
      'a column moved by 6 px': (page) =>
        page.evaluate(() => {
          for (const cell of document.querySelectorAll<HTMLElement>('[role=row] > :nth-child(4)')) cell.style.translate = '6px';
        }),
      'one word more': (page) => page.getByRole('heading', { level: 1 }).evaluate((heading) => heading.append(' anew')),
    };
    test('a page that has changed is not taken for its picture', { tag: '@gate' }, async ({ stage }, { config }) => {
      // While pictures are made, what differs would become one.
      if (config.updateSnapshots === 'all' || config.updateSnapshots === 'changed') return;
      for (const [name, change] of Object.entries(CHANGES)) {
        await open(scene, stage);
        await dress(scene, look, stage.page);
        await change(stage.page);
        const compared = expect(stage.page).toHaveScreenshot(fileOf(scene, look));
        await expect(compared, name).rejects.toThrow(/pixels .* are different/);
      }
    });

    test('every picture has a scene', { tag: '@gate' }, () => {
      const scenes = COMPARED.flatMap((look) => SCENES.filter((scene) => fits(scene, look)).map((scene) => fileOf(scene, look)));
      const pictures = readdirSync(dirname(test.info().snapshotPath('any.png')));
      expect(pictures.filter((name) => !scenes.includes(name))).toEqual([]);
    });
  });

const remove = (element: Element): void => element.remove();
