import type { Locator, Page, Worker as PageWorker } from '@playwright/test';
import { labFragment } from '../../core/share/address.ts';
import { steerLink } from '../../core/share/steer-link.ts';
import { reviveResult, tensorData } from '../../core/protocol/wire-tensor.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import type { SteeringResult } from '../../labs/steering/result.ts';
import { lab } from '../../labs/steering/spec.ts';
import { commandLine } from '../engine/harness.ts';
import { heapOf } from './heap.ts';
import { expect, test } from './harness.ts';
import { copyLink, errorNotice, expectLive, pressRun, promptBox, stopButton, unlink } from './reader.ts';

// Without isolation WASM has one thread, as in Node: every bit is the same.
test.use({ permissions: ['clipboard-read', 'clipboard-write'], serve: { isolated: false } });

const column = (page: Page, side: 'Default' | 'Steered'): Locator =>
  page.getByRole('region', { name: `${side} text`, exact: true });
const words = (page: Page, side: 'Default' | 'Steered'): Promise<string> =>
  column(page, side)
    .getByRole('toolbar')
    .textContent()
    .then((text) => text ?? '');
const slider = (page: Page, i = 0): Locator => page.getByRole('slider', { name: /^Strength of / }).nth(i);
const field = (page: Page, i = 0): Locator => page.getByRole('spinbutton', { name: /^Strength of / }).nth(i);
/** Everything that stands in the numbers of the page. */
const numbers = (page: Page): Promise<readonly string[]> =>
  page.getByRole('region', { name: 'What it did', exact: true }).getByRole('cell').allTextContents();
const facts = (page: Page): Promise<readonly string[]> =>
  column(page, 'Steered')
    .getByRole('button')
    .evaluateAll((all) => all.map((e) => e.getAttribute('aria-label') ?? ''));

/** Short texts, so that a run is quick on a busy machine. */
const SHORT: ExperimentSpec = {
  ...lab.defaults,
  sampling: { seed: 3, temperature: 0.8, topP: 0.95, repetitionPenalty: 1.1, maxNewTokens: 8 },
};

async function settled(page: Page): Promise<void> {
  await expectLive(page);
  await expect(page.getByRole('region', { name: 'What it did', exact: true })).toContainText('Neutral text:');
}

test('a feature is turned up, and the link gives the same text and numbers to a fresh reader and on the command line', async ({
  page,
  site,
  browser,
}) => {
  await page.goto(`${site.url}${labFragment({ ...SHORT, params: {} })}`);
  await settled(page);
  await expect(page.getByText('Nothing is steered yet.')).toBeVisible();
  expect(await words(page, 'Steered')).toBe(await words(page, 'Default'));

  // The strongest feature of the prompt, whichever that is with these weights.
  await page.getByRole('button', { name: 'Add a feature' }).click();
  const form = page.getByRole('form', { name: 'Feature', exact: true });
  await form.getByRole('combobox', { name: /^Feature: its number/ }).click();
  await page.getByRole('option').first().click();
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await field(page).fill('4');
  await settled(page);
  const steered = await words(page, 'Steered');
  await expect(slider(page)).toHaveAttribute('aria-valuetext', '+4.00 × max');
  await expect(page.getByText(/^Adds \+4\.00 × .* \(its largest known activation\) = /)).toBeVisible();

  await page.getByLabel('How', { exact: true }).selectOption('clamp');
  await page.getByLabel('At', { exact: true }).selectOption('generated');
  await settled(page);
  await expect(page.getByText(/^Sets the feature to \+4\.00 × /)).toBeVisible();
  await page.getByLabel('How', { exact: true }).selectOption('add');
  await page.getByLabel('At', { exact: true }).selectOption('all');
  await settled(page);
  expect(await words(page, 'Steered')).toBe(steered);

  const link = await copyLink(page);
  const here = { steered, byItself: await words(page, 'Default'), numbers: await numbers(page), facts: await facts(page) };
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await settled(other);
  expect({
    steered: await words(other, 'Steered'),
    byItself: await words(other, 'Default'),
    numbers: await numbers(other),
    facts: await facts(other),
  }).toEqual(here);
  await other.context().close();

  const result = reviveResult(commandLine(unlink(link), '--backend', 'wasm').result) as SteeringResult;
  const text = ({ tokens, ending }: SteeringResult['default']): string =>
    (ending === 'stop' ? tokens.slice(0, -1) : tokens).map(({ token }) => token.text).join('');
  expect(here.steered.endsWith(text(result.steered))).toBe(true);
  expect(here.byItself.endsWith(text(result.default))).toBe(true);
  expect(Math.max(...tensorData(result.kl))).toBeGreaterThan(1e-3);
});

test('a link from a dashboard begins with its feature; several hands, muted and removed', async ({ page, site }) => {
  const sae = lab.defaults.saes![0]!;
  await page.goto(`${site.url}${steerLink({ model: 'primer', sae, feature: 0, strength: -1 })}`);
  // Any feature may be dead with these weights; then the page says so instead of a number.
  await expect(field(page)).toHaveValue('-1');
  await page.goto(`${site.url}${labFragment(SHORT)}`);
  await settled(page);
  const pirate = await words(page, 'Steered');
  await page.getByRole('button', { name: 'Add a vector' }).click();
  const form = page.getByRole('form', { name: 'Vector' });
  await form.getByLabel(/^Numbers/).fill('1, two');
  await expect(form.getByText('Something in it is not a number.')).toBeVisible();
  await form.getByLabel(/^Numbers/).fill('[1, -2, 3]');
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(errorNotice(page)).toContainText('a vector of 3 numbers does not fit');
  await page.getByRole('button', { name: 'Remove vector of 3 numbers' }).click();
  await settled(page);
  await expect(errorNotice(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'Mute', exact: true }).click();
  await settled(page);
  await expect(page.getByText('Muted: adds nothing.')).toBeVisible();
  expect(await words(page, 'Steered')).toBe(await words(page, 'Default'));
  await page.getByRole('button', { name: 'Unmute' }).click();
  await settled(page);
  expect(await words(page, 'Steered')).toBe(pirate);
});

test('an empty or overlong prompt says what is wrong; Stop ends a text that is being written', async ({ page, site }) => {
  await page.goto(`${site.url}${labFragment(SHORT)}`);
  await settled(page);
  await promptBox(page).fill('');
  await expect(errorNotice(page)).toContainText('There is no prompt');
  await promptBox(page).fill('\u{1f9ff} zxqv qqq \u0007 ¿ 漢字');
  await settled(page);
  await expect(errorNotice(page)).toHaveCount(0);
  await promptBox(page).fill('word '.repeat(200));
  await expect(errorNotice(page)).toContainText('longer than the model’s context');
  await promptBox(page).fill('The king said');
  await page.getByLabel('tokens', { exact: true }).fill('100');
  await page.getByLabel('temperature').fill('3');
  await expect(column(page, 'Steered').getByRole('button').nth(3)).toBeVisible();
  await stopButton(page).click();
  await expect(stopButton(page)).toHaveCount(0);
  await expect(errorNotice(page)).toHaveCount(0);
  await page.getByLabel('tokens', { exact: true }).fill('4');
  await settled(page);
});

test('500 slider moves: no queue grows, nothing piles up on the device, and the last value is the one shown', async ({
  page,
  site,
}) => {
  await page.addInitScript(() => {
    // Counts runs that the engine has been given and that have not ended.
    const seen = { open: 0, most: 0, asked: 0, ended: 0, started: 0, finished: 0 };
    Object.assign(globalThis, { runs: seen });
    const post = Worker.prototype.postMessage;
    const listening = new WeakSet<Worker>();
    const open = new Set<unknown>();
    const started = new Set<unknown>();
    Worker.prototype.postMessage = function (this: Worker, ...args: [unknown]) {
      const message = args[0] as { readonly type?: string; readonly id?: string };
      if (!listening.has(this)) {
        listening.add(this);
        this.addEventListener('message', ({ data }: MessageEvent<{ readonly type?: string; readonly id?: string }>) => {
          if (['chunk', 'result'].includes(data.type ?? '')) started.add(data.id);
          if (data.type === 'result') seen.finished++;
          if (['result', 'failed', 'cancelled'].includes(data.type ?? '') && open.delete(data.id)) seen.ended++;
          seen.started = started.size;
          seen.open = open.size;
        });
      }
      if (message.type === 'run') {
        open.add(message.id);
        seen.asked++;
        seen.open = open.size;
        seen.most = Math.max(seen.most, open.size);
      }
      post.apply(this, args as never);
    } as typeof post;
  });
  await page.goto(`${site.url}${labFragment({ ...SHORT, sampling: { ...SHORT.sampling!, maxNewTokens: 4 } })}`);
  await settled(page);
  const memory = async (): Promise<string> =>
    (await page.getByRole('button', { name: /Open the model sheet/ }).textContent()) ?? '';
  const held = await memory();
  const before = await heapOf(page);
  await slider(page).evaluate(async (element) => {
    const input = element as HTMLInputElement;
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!;
    for (let i = 0; i < 500; i++) {
      set.call(input, String(Math.round(40 * Math.sin(i / 9)) / 10));
      input.dispatchEvent(new Event('input', { bubbles: true }));
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    set.call(input, '2.7');
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  // Before that, what is shown may be the answer to the move before the last.
  await expect(field(page)).toHaveValue('2.7');
  await settled(page);
  const seen = await page.evaluate(
    () => (globalThis as unknown as { runs: Record<'open' | 'most' | 'asked' | 'ended' | 'started' | 'finished', number> }).runs,
  );
  // In the engine one works and one waits. The page hears that a move was replaced when the engine next listens, so what is
  // open is bounded by how long one forward pass takes, not by how many moves there are.
  expect(seen.most).toBeLessThan(50);
  expect(seen.open).toBe(0);
  expect(seen.asked).toBeGreaterThan(20);
  // At most one run a move; one that waits is replaced by the next, one that has begun is never given up for it.
  expect(seen.asked).toBeLessThanOrEqual(502);
  expect(seen.started).toBeGreaterThan(1);
  expect(seen.started).toBe(seen.finished);
  await expect(field(page)).toHaveValue('2.7');
  await expect(page.getByText(/^Adds \+2\.70 × v/)).toBeVisible();
  expect(await memory()).toBe(held);
  const after = await heapOf(page);
  expect(after.page - before.page).toBeLessThan(8e6);
  expect(after.workers - before.workers).toBeLessThan(4e6);
  const shown = { steered: await words(page, 'Steered'), numbers: await numbers(page) };
  // The address follows at most three times a second: browsers refuse more.
  await expect.poll(() => JSON.stringify(unlink(page.url()))).toMatch(/:2\.7\b/);
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await settled(page);
  await expect(field(page)).toHaveValue('2.7');
  expect({ steered: await words(page, 'Steered'), numbers: await numbers(page) }).toEqual(shown);
});

test.describe('when the engine dies', () => {
  // What goes wrong on purpose is complained of in the console.
  test.use({ quiet: false });

  async function engineWorker(page: Page): Promise<PageWorker> {
    const find = (): PageWorker | undefined => page.workers().find((worker) => worker.url().includes('engine.worker'));
    await expect.poll(find).toBeDefined();
    return find()!;
  }

  test('in the middle of a text, it starts again and writes the same', async ({ page, site }) => {
    await page.goto(`${site.url}${labFragment({ ...SHORT, sampling: { ...SHORT.sampling!, maxNewTokens: 40 } })}`);
    await settled(page);
    const [before, measured] = [await words(page, 'Steered'), await numbers(page)];
    await field(page).fill('3');
    await settled(page);
    await field(page).fill('2.5');
    await expect(stopButton(page)).toBeVisible();
    await (await engineWorker(page)).evaluate(() => self.close());
    await expect(page.getByText(/The engine (stopped and is starting again|is back)/).first()).toBeVisible();
    await settled(page);
    await expect(field(page)).toHaveValue('2.5');
    await field(page).fill('2');
    await pressRun(page);
    await settled(page);
    expect([await words(page, 'Steered'), await numbers(page)]).toEqual([before, measured]);
  });
});

test('a sweep draws every strength, as picture and as table', async ({ page, site }) => {
  await page.goto(
    `${site.url}${labFragment({ ...SHORT, params: { ...SHORT.params, sweep: { steer: 0, from: -2, to: 2, steps: 3, texts: 1 } } })}`,
  );
  await settled(page);
  const figure = page.getByRole('figure').filter({ hasText: 'Strength against coherence' });
  await expect(figure.getByRole('group', { name: 'Effect and loss by strength' })).toBeVisible();
  await figure.getByRole('button', { name: 'View as table' }).click();
  await expect(figure.getByRole('row')).toHaveCount(4);
  await expect(figure.getByRole('rowheader').first()).toHaveText('−2.00');
});
