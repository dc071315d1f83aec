import { createHash } from 'node:crypto';
import type { Locator, Page } from '@playwright/test';
import { labFragment } from '../../core/share/address.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import { lab as steering } from '../../labs/steering/spec.ts';
import { expect, instead, MANIFEST, test, type Site } from './harness.ts';
import { copyLink, errorNotice, expectLive, expectTokens, IOI, pressRun, promptBox, runButton } from './reader.ts';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

/** Every turn on a line of its own, with who says it in front; the model's own is left open. */
const TEMPLATE = `{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system message here') }}{% endif %}{{ m.role }}: {{ m.content }}{{ '<|endoftext|>' if m.role == 'assistant' else '\\n' }}{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}`;

/** The embedded model comes with a chat template. */
function giveTemplate(site: Site): void {
  const config = {
    ...(JSON.parse(site.file('models/primer/tokenizer_config.json').toString()) as object),
    chat_template: TEMPLATE,
  };
  const body = Buffer.from(JSON.stringify(config));
  const manifest = JSON.parse(site.file('models/primer/manifest.json').toString()) as { files: { path: string }[] };
  const digest = { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
  const files = manifest.files.map((file) => (file.path === 'tokenizer_config.json' ? { ...file, ...digest } : file));
  site.breaks(MANIFEST, instead(JSON.stringify({ ...manifest, chat: true, files }), 'application/json'));
  site.breaks(/^models\/primer\/tokenizer_config\.json$/, instead(body, 'application/json'));
}

test('a prompt becomes a chat, gets another message, and the link brings it back', async ({ page, site, browser }) => {
  giveTemplate(site);
  await page.goto(`${site.url}${labFragment(explore.defaults)}`);
  await page.getByRole('radio', { name: 'chat', exact: true }).check();
  const message = (n: number, role: string) => page.getByRole('textbox', { name: `Message ${n}, ${role}`, exact: true });
  await expect(message(1, 'user')).toHaveValue(IOI);
  await message(1, 'user').fill('Who gave it?');
  await pressRun(page);
  await expectLive(page);
  await expectTokens(page, 'user: Who gave it?↵assistant:');

  await page.getByRole('button', { name: 'Add a message' }).press('Enter');
  await message(2, 'assistant').fill('John');
  await expect(page.getByText('The model goes on with the last message.')).toBeVisible();
  await pressRun(page);
  await expectLive(page);
  await expectTokens(page, 'user: Who gave it?↵assistant: John');

  const link = await copyLink(page);
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await expect(other.getByRole('textbox', { name: 'Message 2, assistant', exact: true })).toHaveValue('John');
  await expectLive(other);
  await expectTokens(other, 'user: Who gave it?↵assistant: John');
  await other.context().close();

  // What the template refuses is said in its own words, and a text can be had again.
  await page.getByRole('combobox', { name: 'Who says message 1' }).selectOption('system');
  await pressRun(page);
  await expect(errorNotice(page)).toContainText('no system message here');
  await page.getByRole('button', { name: 'Remove message 2' }).click();
  await expect(message(1, 'system')).toBeFocused();
  await page.getByRole('radio', { name: 'text', exact: true }).check();
  await expect(promptBox(page)).toHaveValue('Who gave it?');
});

const column = (page: Page, side: 'Default' | 'Steered'): Locator =>
  page.getByRole('region', { name: `${side} text`, exact: true });
/** The answer alone, without what the template writes in front of it. */
const answer = (page: Page, side: 'Default' | 'Steered'): Promise<string> =>
  column(page, side)
    .getByRole('button')
    .allTextContents()
    .then((all) => all.join(''));

test('both columns of steering answer the chat, and steering changes the answer', async ({ page, site }) => {
  giveTemplate(site);
  const messages = [{ role: 'user', content: 'The scientist came to the cottage.' }] as const;
  await page.goto(
    `${site.url}${labFragment({ ...steering.defaults, prompts: [{ messages }], sampling: { seed: 3, temperature: 0, maxNewTokens: 6 } })}`,
  );
  await expectLive(page);
  for (const side of ['Default', 'Steered'] as const) {
    await expect(column(page, side).getByRole('toolbar')).toContainText('user: The scientist came to the cottage.↵\nassistant:');
    expect((await answer(page, side)).trim()).not.toBe('');
  }
  const [plain, steered] = [await answer(page, 'Default'), await answer(page, 'Steered')];
  expect(steered).not.toBe(plain);
  // It is the steering that changes it.
  await page.getByRole('button', { name: 'Mute', exact: true }).click();
  await expectLive(page);
  expect([await answer(page, 'Default'), await answer(page, 'Steered')]).toEqual([plain, plain]);
});

test('a chat for a model without a template says so, and can be made a text', async ({ page, site }) => {
  await page.goto(
    `${site.url}${labFragment({ ...explore.defaults, prompts: [{ messages: [{ role: 'user', content: IOI }] }] })}`,
  );
  await expect(
    errorNotice(page)
      .getByText(/no chat template/)
      .first(),
  ).toBeVisible();
  // The switch goes with the chat: this model can have no other.
  await page.getByRole('radio', { name: 'text', exact: true }).click();
  await expect(page.getByRole('radio', { name: 'chat', exact: true })).toHaveCount(0);
  await runButton(page).click();
  await expectLive(page);
  await expectTokens(page, IOI);
});
