import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../core/chat.ts';
import type { JsonObject } from '../model/families/index.ts';
import { readGoldenJson } from '../testing/goldens.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';
import { localFiles } from '../weights/local-files.ts';
import { withChatTemplates } from '../weights/chat-templates.ts';

interface Row {
  readonly files: Readonly<Record<string, string>>;
  /** By the tokenizer of transformers; null: it says that there is no template. */
  readonly text: string | null;
  /** The template that a processor of transformers takes. */
  readonly processor: string | null;
}
const { kind, messages, rows } = readGoldenJson<{
  readonly kind: string;
  readonly messages: readonly ChatMessage[];
  readonly rows: Readonly<Record<string, Row>>;
}>('chat-files');
const { kinds } = readGoldenJson<{ readonly kinds: Readonly<Record<string, { readonly tokenizer: unknown }>> }>('tokenizers');

async function textOf(config: JsonObject | null): Promise<string | null> {
  const tokenizer = createTokenizer(kinds[kind]!.tokenizer, config ?? {});
  return tokenizer.hasChat ? (await tokenizer.applyChat(messages, { end: 'none' })).text : null;
}
/** As a folder that was dropped holds them. */
const opened = (files: Row['files']): Promise<JsonObject | null> =>
  localFiles('local:x', [
    { name: 'model.safetensors', blob: new Blob(['x']) },
    ...Object.entries(files).map(([name, text]) => ({ name, blob: new Blob([text]) })),
  ]).tokenizerConfig();

describe('chat templates in files of their own, against transformers', () => {
  it.each(Object.entries(rows))('%s', async (name, { files, text, processor }) => {
    const found = await textOf(await opened(files));
    // What only a processor reads is taken where the tokenizer has none.
    if (text === null && processor !== null) expect(found).toBe(await textOf({ chat_template: processor }));
    else expect(found).toBe(text);
    if (name === 'legacy') expect(found).toBe('legacy:Hello');
  });

  it('knows cases of every kind', () => {
    expect(Object.keys(rows).length).toBeGreaterThan(15);
    const texts = Object.values(rows).map(({ text }) => text);
    for (const text of ['config:Hello', 'jinja:Hello', 'a named one:Hello', 'listed:Hello', null]) expect(texts).toContain(text);
  });

  it('says which file is no template, and reads none that does not count', async () => {
    await expect(opened({ 'chat_template.json': '{}' })).rejects.toMatchObject({ code: 'bad-file' });
    await expect(opened({ 'chat_template.json': '{' })).rejects.toMatchObject({ code: 'bad-file' });
    const of = (path: string, bytes: Uint8Array | number, config: JsonObject | null = null): Promise<JsonObject | null> =>
      withChatTemplates(config, [{ path, bytes: typeof bytes === 'number' ? bytes : bytes.length }], () =>
        typeof bytes === 'number' ? Promise.reject(new Error('it was read')) : Promise.resolve(bytes),
      );
    await expect(of('chat_template.jinja', Uint8Array.of(0xff))).rejects.toMatchObject({ code: 'bad-file' });
    await expect(of('chat_template.jinja', 2 ** 30)).rejects.toMatchObject({ code: 'bad-file' });
    expect(await of('chat_template.json', 10, { chat_template: 'x' })).toEqual({ chat_template: 'x' });
    expect(await of('README.md', 10)).toBeNull();
  });
});
