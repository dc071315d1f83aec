import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { decodeIndex, type DashboardIndex } from '../../core/dashboards/files.ts';
import type { FeatureRecord } from '../../core/dashboards/record.ts';
import { decodeShard } from '../../core/dashboards/shard.ts';
import { reviveResult } from '../../core/protocol/wire-tensor.ts';
import { specFragment } from '../../core/share/address.ts';
import { featureLink } from '../../core/share/feature-address.ts';
import { count, number, percent } from '../../app/views/numbers.ts';
import type { DashboardResult } from '../../labs/feature-dashboard/result.ts';
import { lab } from '../../labs/feature-dashboard/spec.ts';
import { heapOf, type Heap } from './heap.ts';
import { expect, test, type Site } from './harness.ts';
import { downloadResult, expectLive } from './reader.ts';

// Without isolation WASM has one thread, as in Node, which has made what is stored.
test.use({ serve: { isolated: false } });

const SAE = 'blocks.2.hook_resid_post';
const DOCUMENTS = 96;

const storedIndex = (file: (path: string) => Buffer): DashboardIndex => decodeIndex(file(`dashboards/primer/${SAE}/index.bin`));

/** The dashboards of one dictionary on few documents, made by the command, in place of those of the site. */
function storeFew(site: Site, folder: string): DashboardIndex {
  mkdirSync(folder, { recursive: true });
  for (const part of ['models', 'saes']) symlinkSync(resolve('public', part), join(folder, part));
  const { status, stderr } = spawnSync(
    'node',
    ['scripts/vitrine.mjs', 'dashboards', 'primer', SAE, '--documents', String(DOCUMENTS), '--site', folder, '--jobs', '1'],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  site.breaks(/^dashboards\//, (path, response) => {
    const file = join(folder, path);
    response.writeHead(existsSync(file) ? 200 : 404).end(existsSync(file) ? readFileSync(file) : '');
    return true;
  });
  return storedIndex((path) => readFileSync(join(folder, path)));
}

/** Where two results differ: numbers by more than a rounding, anything else at all. */
function differences(a: unknown, b: unknown, tolerance: (path: string) => number, path = ''): string[] {
  if (typeof a === 'number' && typeof b === 'number')
    return Math.abs(a - b) <= tolerance(path) * Math.max(1, Math.abs(a)) ? [] : [`${path}: ${a}, ${b}`];
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b))
    return differences(Array.from(a as Float32Array), Array.from(b as Float32Array), tolerance, path);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return Object.is(a, b) ? [] : [`${path}: ${String(a)}, ${String(b)}`];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) =>
    differences((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], tolerance, `${path}/${key}`),
  );
}

test('what is stored equals what the tab computes on the same documents', async ({ page, site }, info) => {
  test.slow();
  const { active } = storeFew(site, info.outputPath('site'));
  const feature = active.indexOf(Math.max(...active));
  const spec = { ...lab.defaults, saes: [SAE], params: { feature, documents: DOCUMENTS } };
  await page.goto(`${site.url}${specFragment(spec)}`);
  await expectLive(page, 'WASM');
  const on = page.getByText(
    new RegExp(`^(Stored with the site, computed by the same engine|Computed in this tab) on ${DOCUMENTS} documents`),
  );
  await expect(on).toContainText('Stored');
  const readings = async (): Promise<{
    readonly dashboard: DashboardResult['dashboard'];
    readonly printed: readonly string[];
  }> => ({
    dashboard: (reviveResult((await downloadResult(page)).result) as DashboardResult).dashboard,
    printed: await page
      .getByRole('list', { name: /^(Most (raised|lowered)|Examples)/ })
      .getByRole('listitem')
      .allInnerTexts(),
  });
  const stored = await readings();
  await on.getByRole('button', { name: 'Compute it in this tab' }).click();
  await expect(on).toContainText('Computed in this tab');
  await expectLive(page, 'WASM');
  const computed = await readings();
  if (!stored.dashboard || !computed.dashboard) throw new Error('no dashboard');
  const { origin, elsewhere, correlations: _, ...kept } = stored.dashboard;
  const { origin: made, elsewhere: none, correlations, ...again } = computed.dashboard;
  expect([origin, made]).toEqual([expect.objectContaining({ kind: 'stored', stale: [] }), { kind: 'computed', why: 'asked' }]);
  expect(kept.stats.active).toBeGreaterThan(100);
  expect(kept.groups.flatMap(({ examples }) => examples).length).toBeGreaterThan(20);
  // Activations of texts are kept in steps of the largest: one step either way, everything else to rounding.
  const step = 1.01 / 255;
  expect(differences(kept, again, (path) => (path.includes('/activations/') ? step * kept.stats.max : 1e-5))).toEqual([]);
  expect(none).toEqual([]);
  expect(elsewhere.length).toBeGreaterThan(0);
  expect(correlations?.neurons.length).toBeGreaterThan(0);
  expect(computed.printed).toEqual(stored.printed);
});

test('the texts that the site stores of a feature have in this tab the numbers that are stored', async ({ page, site }) => {
  test.slow();
  const { active } = storedIndex(site.file);
  const feature = active.indexOf(Math.max(...active));
  await page.goto(`${site.url}${featureLink({ model: 'primer', sae: SAE, feature })}`);
  await expectLive(page, 'WASM');
  await expect(page.getByText(/^Stored with the site/)).toBeVisible();
  for (const band of [/^strongest/, /^any, at random/]) {
    await page.getByRole('tab', { name: band }).click();
    const rows = page.getByRole('list', { name: /^Examples/ }).getByRole('listitem');
    for (const row of [rows.first(), rows.last()]) {
      const [, value, position] = /Activation\s+(\S+)[\s\S]*token (\d+)/.exec((await row.textContent()) ?? '') ?? [];
      await row.hover();
      await row.getByRole('button', { name: 'Try it' }).click();
      await expectLive(page, 'WASM');
      const token = page
        .getByRole('toolbar', { name: 'Tokens of your text' })
        .getByRole('button', { name: new RegExp(`^Token ${position},`) });
      await expect(token).toHaveAttribute('aria-label', new RegExp(`activation ${value}$`));
    }
  }
});

test('texts that read the same as an example are folded under it, and unfold by keyboard', async ({ page, site }) => {
  test.slow();
  const index = storedIndex(site.file);
  const records = decodeShard(site.file(index.shards[0]?.path ?? ''), index);
  const most = (record: FeatureRecord): number =>
    Math.max(0, ...(record.groups[0]?.examples.map(({ repeats }) => repeats) ?? []));
  const { feature, groups } = records.reduce((a, b) => (most(b) > most(a) ? b : a));
  const { repeats } = groups[0]?.examples.find((e) => e.repeats > 0) ?? { repeats: 0 };
  await page.goto(`${site.url}${featureLink({ model: 'primer', sae: SAE, feature })}`);
  await expectLive(page, 'WASM');
  const button = page.getByRole('button', { name: /^and \d+ more that reads? the same$/ }).first();
  await expect(button).toHaveText(new RegExp(`^and ${repeats} more`));
  await button.focus();
  await page.keyboard.press('Enter');
  await expect(button).toHaveAttribute('aria-expanded', 'true');
  const texts = page.getByRole('list', { name: 'Texts that read the same' }).getByRole('listitem');
  await expect(texts.first()).toBeVisible({ timeout: 60_000 });
  expect(await texts.count()).toBeGreaterThanOrEqual(repeats);
  // The token that the example is about is that of each of them.
  const row = page
    .getByRole('list', { name: /^Examples/ })
    .getByRole('listitem')
    .filter({ has: button });
  const about = / on (“.+?”):/.exec((await row.first().textContent()) ?? '')?.[1] ?? '';
  for (const text of await texts.all()) await expect(text).toContainText(` on ${about}:`);
  await button.press('Enter');
  await expect(texts).toHaveCount(0);
});

test('where a value of heads comes from is told below its example, and adds up to it', async ({ page, site }) => {
  const link = featureLink({ model: 'primer', sae: 'blocks.2.attn.hook_z', feature: 100 });
  await page.goto(`${site.url}${link}`);
  await expectLive(page, 'WASM');
  const row = page
    .getByRole('list', { name: /^Examples/ })
    .getByRole('listitem')
    .first();
  const button = row.getByRole('button', { name: 'Where from' });
  await button.press('Enter');
  await expect(button).toHaveAttribute('aria-expanded', 'true');
  const sentence = row.getByText(/before its nonlinearity/);
  await expect(sentence).toBeVisible({ timeout: 30_000 });
  const amount = String.raw`([+−]\d+(?:\.\d+)?)`;
  const [, ...told] =
    new RegExp(`nonlinearity ${amount}, .* add ${amount} and the encoder’s constant ${amount}`).exec(
      (await sentence.textContent()) ?? '',
    ) ?? [];
  const [value = NaN, added = NaN, constant = NaN] = told.map((text) => Number(text.replace('−', '-')));
  const activation = Number(/^Activation ([\d.]+)/.exec((await row.textContent()) ?? '')?.[1]);
  // Three digits each.
  expect(Math.abs(added + constant - value)).toBeLessThan(0.02);
  expect(Math.abs(activation - value)).toBeLessThan(0.02);
  await button.press('Enter');
  await expect(sentence).toHaveCount(0);
});

test('ten dashboards in ten tabs: each has its own numbers, none disturbs another, and none takes more than one does', async ({
  context,
  site,
}) => {
  test.slow();
  const { active, max, corpus } = storedIndex(site.file);
  const alive = active.flatMap((n, f) => (n > 0 ? [f] : []));
  const chosen = Array.from({ length: 10 }, (_, i) => alive[Math.floor(((i + 0.5) * alive.length) / 10)] ?? 0);
  const tabs: { readonly page: Page; readonly feature: number; readonly heap: Heap }[] = [];
  const often = (page: Page): Locator => page.getByRole('figure').filter({ hasText: 'How often, how strongly' });
  const shows = async (page: Page, feature: number): Promise<void> => {
    const n = active[feature] ?? 0;
    await expect(page.getByRole('textbox', { name: 'Feature, by its number' })).toHaveValue(String(feature));
    await expect(often(page)).toContainText(
      `Active on ${percent(n / corpus.tokens)} of ${count(corpus.tokens)} tokens (${count(n)})`,
    );
    await expect(often(page)).toContainText(`at most ${number(max[feature] ?? 0)}`);
  };
  for (const feature of chosen) {
    const page = await context.newPage();
    await page.goto(`${site.url}${featureLink({ model: 'primer', sae: SAE, feature })}`);
    await expectLive(page, 'WASM');
    await shows(page, feature);
    tabs.push({ page, feature, heap: await heapOf(page) });
  }
  const engines = tabs.map(({ page }) => page.workers().filter((worker) => worker.url().includes('engine.worker')).length);
  expect(engines).toEqual(chosen.map(() => 1));
  // What one tab does, another does not notice.
  const [first] = tabs;
  if (!first) throw new Error('no tab');
  await first.page.getByRole('textbox', { name: 'Text to test' }).fill('Anna met Tom and Tom gave');
  await first.page.keyboard.press('ControlOrMeta+Enter');
  await expect(first.page.getByRole('toolbar', { name: 'Tokens of your text' }).getByRole('button')).not.toHaveCount(0);
  for (const { page, feature } of tabs) await shows(page, feature);
  for (const { page } of tabs.slice(1)) await expect(page.getByRole('textbox', { name: 'Text to test' })).toHaveValue('');
  // The tenth tab is no heavier than the first was, and the first has not grown with the others.
  const last = tabs.at(-1)?.heap;
  const now = await heapOf(first.page);
  for (const heap of [last, now]) {
    expect(heap?.page).toBeLessThan(1.3 * first.heap.page + 2e6);
    expect(heap?.workers).toBeLessThan(1.3 * first.heap.workers + 2e6);
  }
});
