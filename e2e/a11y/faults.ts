import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Every look that a page has: both themes, on a desktop and on a phone. */
const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  Object.entries({ desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } }).map(([device, viewport]) => ({
    name: `${colorScheme}, on a ${device}`,
    colorScheme,
    viewport,
  })),
);

/** The narrowest window of WCAG 1.4.10, 1,280 px at a zoom of 200 %, and a large screen. */
const WIDTHS = [320, 640, 2560];

/** What is wrong with the page as it stands, in every look. The page is opened once: a look is a change of media and window, as a reader makes it. */
export async function faultsOfLooks(page: Page, where: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name, colorScheme, viewport } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(viewport);
    await drawn(page);
    found.push(...(await faults(page, `${where}, ${name}`)));
  }
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    await drawn(page);
    found.push(...(await layoutFaults(page)).map((fault) => `${where}, ${width} px wide: ${fault}`));
  }
  return found;
}

/** Pictures that follow the window's width are drawn again with a later frame. */
const drawn = (page: Page): Promise<unknown> =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** What is wrong with the page in this look, in words; nothing where all is well. */
export async function faults(page: Page, where: string, without: readonly string[] = []): Promise<readonly string[]> {
  // What has been scrolled below the bar counts as covered by it.
  await page.evaluate(() => window.scrollTo(0, 0));
  const { violations } = await new AxeBuilder({ page })
    .withTags(TAGS)
    .disableRules([...without])
    .analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map((node) => `${id}: ${node.html.slice(0, 160)} (${node.failureSummary?.split('\n')[1]?.trim() ?? ''})`),
  );
  return [...found, ...(await layoutFaults(page))].map((fault) => `${where}: ${fault}`);
}

/** What does not fit the window, and what is too small to be read. */
function layoutFaults(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const said: string[] = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) said.push(`scrolls sideways: ${scrollWidth} px wide on ${innerWidth}`);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!element || node.textContent?.trim() === '' || !element.checkVisibility({ checkVisibilityCSS: true })) continue;
      const size = Number.parseFloat(getComputedStyle(element).fontSize);
      if (size < 12) said.push(`text of ${size} px: ${element.outerHTML.slice(0, 120)}`);
    }
    return said.slice(0, 5);
  });
}
