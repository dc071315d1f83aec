import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { percent } from '../../app/views/numbers.ts';
import { reviveResult, tensorData } from '../../core/protocol/wire-tensor.ts';
import { labFragment } from '../../core/share/address.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import type { ExploreResult } from '../../labs/explore/result.ts';
import { lab as activations } from '../../labs/activations/spec.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import type { SteeringResult } from '../../labs/steering/result.ts';
import { lab as steering } from '../../labs/steering/spec.ts';
import { DIST } from '../../scripts/chromium-engine/index.ts';
import { differences } from '../../scripts/lib/compare.ts';
import { readGoldenJson } from '../../workers/testing/golden-files.ts';
import { LOGIT_TOLERANCE, type RealGolden } from '../../workers/testing/packaged-models.ts';
import { TOLERANCE } from '../../workers/testing/tolerances.ts';
import { commandLine } from '../engine/harness.ts';
import { expect, test } from '../flows/harness.ts';
import {
  closeDialog,
  downloadResult,
  expectLive,
  IOI,
  openSheet,
  openTab,
  panel,
  pressRun,
  resultLine,
  runButton,
  type ResultFile,
} from '../flows/reader.ts';

/** What a reader does with the models of `npm run model:add`, on the built site; run by `npm run test:models`. */
const MODELS = [
  { id: 'smollm2-135m', name: 'SmolLM2 135M Instruct', hook: 'blocks.15.hook_resid_post', chat: true },
  { id: 'gemma-3-270m', name: 'Gemma 3 270M', hook: 'blocks.9.hook_resid_post', chat: false },
].filter(({ id }) => (process.env['MODELS_ONLY']?.split(',') ?? [id]).includes(id));
const WAIT = 600_000;
const NEW_TOKENS = 8;
const REORDERED = { relative: TOLERANCE.reordering, absolute: 1e-5 };

test.describe.configure({ timeout: 3_600_000 });

/** The answer to what is asked, which may take a while. */
async function live(page: Page): Promise<void> {
  await expect(resultLine(page)).toHaveText(/^Live: /, { timeout: WAIT });
  // A newer run may have begun meanwhile, whose answer counts.
  await expect(panel(page)).toHaveAttribute('aria-busy', 'false', { timeout: WAIT });
  await expectLive(page);
}

async function choose(page: Page, name: string): Promise<void> {
  const sheet = await openSheet(page);
  await sheet.getByLabel('Used in every lab').selectOption({ label: name });
  await closeDialog(page);
}

/** Everything that the line below the picture says from now on. */
async function listen(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(globalThis, { said });
    const look = (): void => {
      const text = document.querySelector('main div[class*=result] > p')?.textContent ?? '';
      if (said.at(-1) !== text) said.push(text);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => (globalThis as unknown as { said: readonly string[] }).said);
}

/** The ten most probable next tokens after each golden position are the reference's, with its probabilities. */
function expectReference(golden: RealGolden, prompt: number, { next }: ExploreResult): void {
  const [ids, logProbs, width] = [tensorData(next.ids), tensorData(next.logProbs), next.ids.shape[1] ?? 0];
  const { positions, ids: wanted, logits, logSumExp } = golden.top[prompt]!;
  expect(next.ids.shape[0]).toBe(golden.prompts[prompt]!.length);
  for (const [at, position] of positions.entries())
    for (let rank = 0; rank < 10; rank++) {
      const place = wanted[at]!.indexOf(ids[position * width + rank]!);
      expect(place, `position ${position}, rank ${rank + 1}`).toBeGreaterThanOrEqual(0);
      const want = logits[at]![place]! - logSumExp[at]!;
      expect(Math.abs(logProbs[position * width + rank]! - want)).toBeLessThan(2 * LOGIT_TOLERANCE);
    }
}

/** The command line gives the same object when it is asked the same of that model. */
function expectCommandLine(file: ResultFile, spec: ExperimentSpec, model: string): void {
  const line = commandLine(spec, '--model', model, '--backend', 'wasm');
  expect(line.specHash).toBe(file.specHash);
  expect(line.provenance.model).toEqual(file.provenance.model);
  expect(differences(line.result, file.result, REORDERED)).toEqual([]);
}

const text = (page: Page, side: 'Default' | 'Steered'): Locator =>
  page.getByRole('region', { name: `${side} text`, exact: true }).getByRole('toolbar');
const idsOf = ({ tokens }: SteeringResult['default']): readonly number[] => tokens.map(({ token }) => token.id);

for (const { id, name, hook, chat } of MODELS) {
  const golden = readGoldenJson<RealGolden>(`real-${id}`);

  test(`${name}: loaded, explored, its activations read, and steered`, async ({ page, site }) => {
    expect(existsSync(join(DIST, 'models', id)), `npm run model:add ${id} puts it there`).toBe(true);
    await test.step('chosen in the sheet and loaded, with progress that moves', async () => {
      await page.goto(site.url);
      await live(page);
      const said = await listen(page);
      await choose(page, name);
      await live(page);
      const seen = (await said()).flatMap((line) => /^Model: ([\d.]+) of ([\d.]+) MB/.exec(line)?.slice(1).map(Number) ?? []);
      const done = seen.filter((_, i) => i % 2 === 0);
      // The page draws what it can; the engine tells much more (real-models.test.ts).
      expect(new Set(done).size).toBeGreaterThan(4);
      expect(done).toEqual([...done].sort((a, b) => a - b));
      expect(done.at(-1)! / seen.at(-1)!).toBeGreaterThan(0.9);
    });

    await test.step('explored: the reference’s next tokens, on the page and on the command line', async () => {
      const file = await downloadResult(page);
      const result = reviveResult(file.result) as ExploreResult;
      expectReference(golden, 0, result);
      await openTab(page, 'Next token');
      const width = result.next.logProbs.shape[1]!;
      const last = [...tensorData(result.next.logProbs)].slice(-width);
      const bars = page.getByRole('list', { name: /^Next token after/ }).getByRole('listitem');
      await expect(bars).toHaveCount(width);
      for (const [i, logProb] of last.entries()) await expect(bars.nth(i)).toContainText(percent(Math.exp(logProb)));
      for (const tab of ['Features', 'Lens', 'Attention']) await openTab(page, tab);
      expectCommandLine(file, explore.defaults, id);
    });

    await test.step('activations', async () => {
      await page.goto(`${site.url}#/lab/activations`);
      await pressRun(page);
      await live(page);
      const file = await downloadResult(page);
      expect(file.provenance.model.id).toBe(id);
      expectCommandLine(file, activations.defaults, id);
    });

    await test.step('steered along the difference of two texts', async () => {
      const sampling = { seed: 7, temperature: 0, maxNewTokens: NEW_TOKENS };
      const { saes: _none, ...plain } = steering.defaults;
      await page.goto(`${site.url}${labFragment({ ...plain, model: id, prompts: [{ text: IOI }], params: {}, sampling })}`);
      await live(page);
      const before = reviveResult((await downloadResult(page)).result) as SteeringResult;
      const greedy = golden.greedy.find(({ prompt }) => prompt === 0)!.tokens;
      expect(idsOf(before.default)).toEqual(greedy.slice(0, NEW_TOKENS));
      expect(idsOf(before.steered)).toEqual(idsOf(before.default));

      await page.getByRole('button', { name: 'Add a contrast pair' }).click();
      const form = page.getByRole('form', { name: 'Contrast pair' });
      await form.getByLabel('Towards').fill('I love this! It is wonderful, and I am so happy.');
      await form.getByLabel('Away from').fill('I hate this. It is terrible, and I am so sad.');
      await form.getByLabel('Where').selectOption(hook);
      await form.getByRole('button', { name: 'Use these texts' }).click();
      await page.getByRole('spinbutton', { name: /^Strength of / }).fill('6');
      if (await runButton(page).isVisible()) await pressRun(page);
      await expect(text(page, 'Steered')).not.toHaveText((await text(page, 'Default').textContent())!, { timeout: WAIT });
      await live(page);
      const file = await downloadResult(page);
      const after = reviveResult(file.result) as SteeringResult;
      expect(idsOf(after.default)).toEqual(idsOf(before.default));
      expect(idsOf(after.steered)).not.toEqual(idsOf(after.default));
      expectCommandLine(file, file.spec, id);
    });
  });

  if (chat)
    test(`${name}: a chat is explored and answered`, async ({ page, site }) => {
      const prompt = golden.prompts.length - 1;
      await page.goto(
        `${site.url}${labFragment({ v: 1, lab: 'explore', labV: 1, model: id, prompts: [{ text: IOI }], params: {} })}`,
      );
      await page.getByRole('radio', { name: 'chat', exact: true }).check();
      await page.getByRole('textbox', { name: 'Message 1, user', exact: true }).fill('What is the opposite of hot?');
      await pressRun(page);
      await live(page);
      expectReference(golden, prompt, reviveResult((await downloadResult(page)).result) as ExploreResult);

      const messages = [{ role: 'user', content: 'What is the opposite of hot?' }] as const;
      const sampling = { seed: 7, temperature: 0, maxNewTokens: 24 };
      await page.goto(
        `${site.url}${labFragment({ v: 1, lab: 'steering', labV: 1, model: id, prompts: [{ messages }], params: {}, sampling })}`,
      );
      await live(page);
      const { default: answer } = reviveResult((await downloadResult(page)).result) as SteeringResult;
      const greedy = golden.greedy.find((one) => one.prompt === prompt)!.tokens;
      expect(idsOf(answer)).toEqual(greedy.slice(0, answer.tokens.length));
      expect(answer.tokens.length).toBeGreaterThan(3);
      await expect(text(page, 'Default')).toContainText('What is the opposite of hot?');
    });
}
