import { labFragment } from '../../core/share/address.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import { expect, instead, test } from './harness.ts';
import {
  ask,
  errorNotice,
  expectLive,
  expectTokens,
  IOI,
  OTHER,
  pressRun,
  promptBox,
  readWith,
  runButton,
  stopButton,
  strip,
} from './reader.ts';

const specOf = (text: string, change: Partial<ExperimentSpec> = {}): ExperimentSpec => ({
  ...explore.defaults,
  prompts: [{ text }],
  ...change,
});

const whole = labFragment(specOf(OTHER));
const DAMAGED = {
  'cut off': whole.slice(0, -12),
  'with a letter changed': `${whole.slice(0, 40)}${whole[40] === 'A' ? 'B' : 'A'}${whole.slice(41)}`,
  'of no format': '#/lab/explore?s=hello',
  'of a format to come': whole.replace('s=1.', 's=9.'),
  'that is empty': '#/lab/explore?s=',
  'of another lab than it names': whole.replace('/explore?', '/activations?'),
} as const;
for (const [how, fragment] of Object.entries(DAMAGED)) {
  test(`a link ${how}: says so, keeps what was there, and leads on`, async ({ page, site }) => {
    await page.goto(`${site.url}${fragment}`);
    await expect(errorNotice(page).first()).toContainText(
      /This link cannot be read|This experiment is not complete or not valid/,
    );
    await expect(promptBox(page)).toHaveValue(IOI);
    await page.getByRole('button', { name: 'Start from the lab’s first example' }).click();
    await expect(errorNotice(page)).toHaveCount(0);
    await expectLive(page);
  });
}

test('a damaged link leaves alone what the reader had typed before', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  await ask(page, OTHER);
  await page.goto(`${site.url}${DAMAGED['cut off']}`);
  await expect(errorNotice(page)).toContainText('This link cannot be read');
  await expect(promptBox(page)).toHaveValue(OTHER);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(errorNotice(page)).toHaveCount(0);
  await expect(promptBox(page)).toHaveValue(OTHER);
});

for (const fragment of ['#/lab/nowhere', '#/lab/nowhere?s=1.abc', '#/what/is/this', '#/models/nobody'])
  test(`an address that leads nowhere says so, and where to go instead: ${fragment}`, async ({ page, site }) => {
    await page.goto(`${site.url}${fragment}`);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is nothing here');
    await page
      .getByRole('navigation', { name: 'Where to go instead' })
      .getByRole('link', { name: /Explore/ })
      .click();
    await expectLive(page);
  });

test.describe('a link to what this site does not have', () => {
  test('another model', async ({ page, site }) => {
    await page.goto(`${site.url}${labFragment(specOf(OTHER, { model: 'nobody', saes: [] }))}`);
    await expect(errorNotice(page)).toContainText('This model is not in the catalogue');
    await expect(errorNotice(page)).toContainText('nobody');
    await expect(errorNotice(page)).toContainText('Pick one on the models page');
    await expect(promptBox(page)).toHaveValue(OTHER);
  });

  test('another dictionary', async ({ page, site }) => {
    await page.goto(`${site.url}${labFragment(specOf(OTHER, { saes: ['blocks.9.hook_resid_post'] }))}`);
    await expect(errorNotice(page)).toContainText('This dictionary is not in the catalogue');
    await readWith(page, 'Only MLP');
    await expectLive(page);
    await expect(errorNotice(page)).toHaveCount(0);
  });
});

test('a prompt in a link is text and nothing else', async ({ page, site }) => {
  const text = 'a <img src=x onerror="window.hacked = 1"> <script>window.hacked = 2</script> {{b}} \u202e back';
  await page.goto(`${site.url}${labFragment(specOf(text))}`);
  await expectLive(page);
  await expect(promptBox(page)).toHaveValue(text);
  expect(await page.evaluate(() => Reflect.get(window, 'hacked'))).toBeUndefined();
  expect(await page.locator('main img, main script').count()).toBe(0);
  // What would turn the order of the letters around is made visible.
  await expect(strip(page)).not.toContainText('\u202e');
});

test('a prompt longer than the model’s context says what the limit is; a shorter one works again', async ({ page, site }) => {
  const { n_positions } = JSON.parse(site.file('models/primer/config.json').toString()) as { n_positions: number };
  await page.goto(site.url);
  await expectLive(page);
  const long = 'Mary gave a drink to John. '.repeat(60);
  await promptBox(page).fill(long);
  await pressRun(page);
  await expect(errorNotice(page)).toContainText('The prompt is longer than the model’s context');
  await expect(errorNotice(page)).toContainText(String(n_positions));
  await expect(errorNotice(page)).toContainText('Shorten it');
  await expect(promptBox(page)).toHaveValue(long);
  await ask(page, OTHER);
  await expect(errorNotice(page)).toHaveCount(0);
});

test('an empty prompt says so, and the next one works', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  await promptBox(page).fill('');
  await pressRun(page);
  await expect(errorNotice(page)).toContainText('There is no prompt');
  await expect(runButton(page).or(stopButton(page)).first()).toBeVisible();
  await ask(page, OTHER);
  await expect(errorNotice(page)).toHaveCount(0);
});

test('back leads to the experiment run before, and forward again', async ({ page, site }) => {
  await page.goto(site.url);
  await expectLive(page);
  await ask(page, OTHER);
  await page.goBack();
  await expect(promptBox(page)).toHaveValue(IOI);
  await expectLive(page);
  await page.goForward();
  await expect(promptBox(page)).toHaveValue(OTHER);
  await expectLive(page);
  await expectTokens(page, OTHER);
});

const ELSEWHERE = 'The quick brown fox met Anna, and Anna met Tom';

test('an experiment too long for a link comes from a file of this site, and of no other', async ({ page, site }) => {
  site.breaks(/^shared\/big\.json$/, instead(JSON.stringify(specOf(ELSEWHERE)), 'application/json'));
  site.breaks(/^shared\/other\.json$/, instead('{"v":1,"lab":"explore"}', 'application/json'));
  // A host may answer with its start page for what it does not have.
  site.breaks(/^shared\/nothing\.json$/, instead('<!doctype html>', 'text/html'));
  await page.goto(`${site.url}#/lab/explore?src=shared/big.json`);
  await expect(promptBox(page)).toHaveValue(ELSEWHERE);
  await expectLive(page);
  await expectTokens(page, ELSEWHERE);
  // The file was read once: what can be shared is the experiment itself.
  await expect(page).toHaveURL(/#\/lab\/explore\?s=1\./);

  const refused = {
    'shared/other.json': 'This experiment is not complete or not valid',
    'shared/nothing.json': 'A file is not where it should be',
    'https://example.com/big.json': 'This link cannot be read',
    '//example.com/big.json': 'This link cannot be read',
  };
  for (const [src, said] of Object.entries(refused)) {
    await page.goto('about:blank');
    await page.goto(`${site.url}#/lab/explore?src=${encodeURIComponent(src)}`);
    await expect(errorNotice(page)).toContainText(said);
    await expect(promptBox(page)).toHaveValue(ELSEWHERE);
  }
});
