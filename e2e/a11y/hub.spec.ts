import { AxeBuilder } from '@axe-core/playwright';
import { serveHub } from '../../scripts/lib/hub-server.ts';
import { tinyLlama } from '../flows/checkpoint.ts';
import { expect, test } from '../flows/harness.ts';

test.use({ quiet: false });

for (const [look, width, colorScheme] of [
  ['wide and light', 1280, 'light'],
  ['a dark phone', 360, 'dark'],
] as const)
  test(`adding a model of the Hub, ${look}: each step is free of faults`, async ({ page, site }) => {
    test.slow();
    const files = tinyLlama(site.file('models/primer/tokenizer.json'), site.file('models/primer/tokenizer_config.json'));
    const hub = await serveHub({ 'tiny/llama': { files }, 'tiny/gated': { files, tokens: ['hf_x'] } });
    await page.addInitScript((host) => localStorage.setItem('vitrine:hub-host', JSON.stringify(host)), hub.url);
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const faults = async (): Promise<readonly string[]> => {
      await page.evaluate(() => window.scrollTo(0, 0));
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze();
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      return [
        ...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`)),
        ...(sideways ? ['scrolls sideways'] : []),
      ];
    };
    const lookUp = async (repo: string): Promise<void> => {
      await page.getByRole('textbox', { name: 'Repository' }).fill(repo);
      await page.getByRole('button', { name: 'Look it up' }).click();
    };
    try {
      await page.goto(`${site.url}#/models`);
      await lookUp('tiny/gated');
      await expect(page.getByLabel('Access token')).toBeVisible();
      expect(await faults()).toEqual([]);
      await lookUp('tiny/llama');
      const card = page.getByRole('region', { name: 'What tiny/llama holds' });
      await expect(card).toContainText('can run it');
      expect(await faults()).toEqual([]);
      hub.faults.bytesPerSecond = 500_000;
      await card.getByRole('button', { name: /^Download/ }).click();
      await expect(page.getByRole('progressbar')).toBeVisible();
      expect(await faults()).toEqual([]);
      await page.goto(`${site.url}#/lab/activations`);
      await page.goto(`${site.url}#/models/hf:tiny/llama@${hub.commit('tiny/llama')}`);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('tiny/llama');
      expect(await faults()).toEqual([]);
    } finally {
      await hub.close();
    }
  });
