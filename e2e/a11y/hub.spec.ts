import { serveHub } from '../../scripts/lib/hub-server.ts';
import { tinyLlama } from '../flows/checkpoint.ts';
import { expect, test } from '../flows/harness.ts';
import { faultsOfLooks } from './faults.ts';

test.use({ quiet: false });

test('adding a model of the Hub: each step is free of faults in every look', async ({ page, site }) => {
  test.slow();
  const files = tinyLlama(site.file('models/primer/tokenizer.json'), site.file('models/primer/tokenizer_config.json'));
  const hub = await serveHub({ 'tiny/llama': { files }, 'tiny/gated': { files, tokens: ['hf_x'] } });
  await page.addInitScript((host) => localStorage.setItem('vitrine:hub-host', JSON.stringify(host)), hub.url);
  const found: string[] = [];
  const lookUp = async (repo: string): Promise<void> => {
    await page.getByRole('textbox', { name: 'Repository' }).fill(repo);
    await page.getByRole('button', { name: 'Look it up' }).click();
  };
  try {
    await page.goto(`${site.url}#/models`);
    await lookUp('tiny/gated');
    await expect(page.getByLabel('Access token')).toBeVisible();
    found.push(...(await faultsOfLooks(page, 'a repository that asks for a token')));
    await lookUp('tiny/llama');
    const card = page.getByRole('region', { name: 'What tiny/llama holds' });
    await expect(card).toContainText('can run it');
    found.push(...(await faultsOfLooks(page, 'what a repository holds')));
    hub.faults.bytesPerSecond = 300_000;
    await card.getByRole('button', { name: /^Download/ }).click();
    await expect(page.getByRole('progressbar')).toBeVisible();
    found.push(...(await faultsOfLooks(page, 'a download')));
    await page.goto(`${site.url}#/lab/activations`);
    await page.goto(`${site.url}#/models/hf:tiny/llama@${hub.commit('tiny/llama')}`);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('tiny/llama');
    found.push(...(await faultsOfLooks(page, 'a model that is on its way')));
    expect(found).toEqual([]);
  } finally {
    await hub.close();
  }
});
