import { reviveResult } from '../../core/protocol/wire-tensor.ts';
import type { ExploreResult } from '../../labs/explore/result.ts';
import { differences } from '../../scripts/lib/compare.ts';
import { commandLine } from '../engine/harness.ts';
import { complaintsOf, expect, test, WEIGHTS, WORKER } from './harness.ts';
import {
  ask,
  copyLink,
  downloadResult,
  expectLive,
  expectRecorded,
  expectTokens,
  features,
  IOI,
  openTab,
  OTHER,
  pictureOf,
  resultLine,
  strip,
  unlink,
  useBackend,
} from './reader.ts';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

for (const backend of ['WASM', 'WebGPU'] as const) {
  test(`from the first visit to a link that shows the same elsewhere, on ${backend}`, async ({ page, site, browser }) => {
    test.slow();
    const model = JSON.parse(site.file('models/primer/config.json').toString()) as { n_layer: number; n_head: number };
    // A fresh profile. The engine does not arrive yet: what is there now was recorded, and says so.
    let arrive = site.holds(WORKER);
    await page.goto(site.url);
    await expectRecorded(page);
    await expectTokens(page, IOI);
    await expect(page.getByText('Recorded result, new one on its way')).toBeVisible();
    await expect(resultLine(page)).toContainText('the recorded result');
    expect(site.requests.filter((path) => path.endsWith('.safetensors'))).toEqual([]);
    arrive();

    // It becomes live by itself, and says so.
    await expectLive(page, 'WASM');
    expect(site.requests.filter((path) => WEIGHTS.test(path.slice(1)))).toHaveLength(1);
    if (backend === 'WebGPU') {
      await useBackend(page, 'WebGPU');
      arrive = site.holds(WORKER);
      await page.reload();
      await expectRecorded(page);
      arrive();
      await expectLive(page, 'WebGPU');
    }

    // Another prompt: tokens, features, lens, attention, next tokens.
    await ask(page, OTHER);
    await expectLive(page, backend);
    await expect(features(page).first()).toHaveAccessibleName(/^Feature \d+ of .*: .*Activation \d/);
    await openTab(page, 'Lens');
    await expect(
      page.getByRole('table', { name: 'Most probable token at each layer and position' }).locator('td button'),
    ).toHaveCount((model.n_layer + 1) * (await strip(page).getByRole('button').count()));
    await openTab(page, 'Attention');
    await expect(page.getByRole('button', { name: /^Layer \d, head \d: / })).toHaveCount(model.n_layer * model.n_head);
    await openTab(page, 'Next token');
    await expect(page.getByRole('list', { name: /^Next token after/ }).getByRole('listitem')).toHaveCount(10);

    // A token, a feature, a head and a tab.
    await openTab(page, 'Features');
    await strip(page)
      .getByRole('button', { name: /^Token 4,/ })
      .click();
    await expect(strip(page).getByRole('button', { pressed: true })).toHaveCount(1);
    await features(page).first().click();
    await expect(page.getByRole('list', { name: 'Pinned features' }).getByRole('button')).toHaveCount(1);
    await openTab(page, 'Attention');
    await page.getByRole('button', { name: /^Layer 1, head 2: / }).click();

    // The link, in a fresh profile: the same selections, the same numbers.
    const link = await copyLink(page);
    expect(link.startsWith(`${site.url}#/lab/explore?s=`)).toBe(true);
    const here = await pictureOf(page);
    expect(here['open']).toEqual(['Attention']);
    expect(here['selected']).toHaveLength(1);
    expect(here['pinned']).toHaveLength(1);
    const file = await downloadResult(page);
    const context = await browser.newContext();
    const complaints = complaintsOf(context, site);
    const fresh = await context.newPage();
    if (backend === 'WebGPU') {
      await fresh.goto(site.url);
      await useBackend(fresh, 'WebGPU');
    }
    await fresh.goto(link);
    await expectLive(fresh, backend);
    await expectTokens(fresh, OTHER);
    expect(await pictureOf(fresh)).toEqual(here);
    await expect(fresh.getByRole('button', { name: /^Layer 1, head 2: / })).toHaveAttribute('aria-pressed', 'true');
    expect(complaints).toEqual([]);
    await context.close();

    // The command line reads the same experiment out of the link, and computes the same numbers.
    const spec = unlink(link);
    expect(spec).toEqual(file.spec);
    const line = commandLine(spec, '--backend', 'wasm');
    expect(file.specHash).toBe(line.specHash);
    expect(file.provenance.backend).toBe(backend.toLowerCase());
    expect(file.provenance.model).toEqual(line.provenance.model);
    if (backend === 'WASM') expect(differences(file.result, line.result, { relative: 1e-5, absolute: 1e-5 })).toEqual([]);
    else {
      // Ranks far down and features at their threshold may swap between backends; what follows may not.
      const [page_, cli] = [reviveResult(file.result) as ExploreResult, reviveResult(line.result) as ExploreResult];
      for (const part of [
        (r: ExploreResult) => r.tokens,
        (r: ExploreResult) => r.surprisal,
        (r: ExploreResult) => r.attention,
        (r: ExploreResult) => r.attribution?.components,
        (r: ExploreResult) => r.attribution?.difference,
      ])
        expect(differences(part(page_), part(cli), { relative: 2e-4, absolute: 2e-4 })).toEqual([]);
    }
  });
}
