import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatOptions } from '../../core/chat.ts';
import { promptIds, turnEnd } from '../../core/prompt-ids.ts';
import { readGoldenJson } from '../testing/goldens.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';

interface Row {
  readonly messages: readonly ChatMessage[];
  readonly end: ChatOptions['end'];
  readonly text?: string;
  readonly ids?: readonly number[];
  /** What transformers says where the template refuses. */
  readonly error?: string;
}
interface Chats {
  readonly template: string;
  readonly kind: string;
  readonly specials: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}
const golden = readGoldenJson<Readonly<Record<string, Chats>>>('chats');
const { kinds } = readGoldenJson<{ readonly kinds: Readonly<Record<string, { readonly tokenizer: unknown }>> }>('tokenizers');
const tokenizerOf = ({ template, kind, specials }: Chats): ReturnType<typeof createTokenizer> =>
  createTokenizer(kinds[kind]!.tokenizer, { ...specials, chat_template: template });

describe.each(Object.entries(golden))('a chat template in the manner of %s, against transformers', (_name, chats) => {
  const tokenizer = tokenizerOf(chats);

  it('gives the same text and ids', async () => {
    const rows = chats.rows.filter(({ error }) => error === undefined);
    expect(rows.length).toBeGreaterThan(20);
    for (const { messages, end, text, ids } of rows) {
      const found = await tokenizer.applyChat(messages, { end });
      expect(found.text, JSON.stringify([messages, end])).toBe(text);
      expect(found.ids).toEqual(ids);
    }
  });

  it('refuses the same chats, with a typed error', async () => {
    for (const { messages, end } of chats.rows.filter(({ error }) => error !== undefined))
      await expect(tokenizer.applyChat(messages, { end }), JSON.stringify([messages, end])).rejects.toMatchObject({
        code: 'bad-spec',
      });
  });
});

describe('chats as prompts', () => {
  const turns = tokenizerOf(golden['turns']!);
  const user = { role: 'user', content: 'Hello' } as const;

  it('BOS is there once, where the template writes it', async () => {
    const ids = await promptIds(turns, { messages: [user] });
    expect(ids.filter((id) => id === turns.bosId)).toHaveLength(1);
    expect(ids[0]).toBe(turns.bosId);
  });

  it('the model answers a user and goes on with its own message', async () => {
    const answer = await promptIds(turns, { messages: [user] });
    expect(turns.decode(answer)).toMatch(/<start_of_turn>model\n$/);
    const open = await promptIds(turns, { messages: [user, { role: 'assistant', content: 'Well' }] });
    expect(turns.decode(open)).toBe(`${turns.decode(answer)}Well`);
  });

  it('knows the token that closes a turn', async () => {
    for (const [name, token] of [
      ['chatml', '<|im_end|>'],
      ['headers', '<|eot_id|>'],
      ['turns', '<end_of_turn>'],
    ] as const) {
      const tokenizer = tokenizerOf(golden[name]!);
      for (const messages of [[user], [user, { role: 'assistant', content: 'No' } as const]])
        expect(tokenizer.token((await turnEnd(tokenizer, { messages }))!).text).toBe(token);
    }
    expect(await turnEnd(turns, { text: 'Hello' })).toBeNull();
  });

  it('says so where there is no template, where it cannot be read, and where there are no messages', async () => {
    const of = (template: unknown): ReturnType<typeof createTokenizer> =>
      createTokenizer(kinds['gpt2']!.tokenizer, { chat_template: template });
    const ask = (tokenizer: ReturnType<typeof of>, messages: readonly ChatMessage[] = [user]): Promise<unknown> =>
      tokenizer.applyChat(messages, { end: 'none' });
    expect(of(null).hasChat).toBe(false);
    await expect(ask(of(null))).rejects.toMatchObject({ code: 'bad-spec', message: expect.stringContaining('no chat template') });
    await expect(ask(of('{% for m in %}'))).rejects.toMatchObject({ code: 'bad-file' });
    await expect(ask(turns, [])).rejects.toMatchObject({ code: 'prompt-empty' });
    const named = of([
      { name: 'tool_use', template: 'no' },
      { name: 'default', template: 'yes' },
    ]);
    expect(await ask(named)).toMatchObject({ text: 'yes' });
    // As in transformers: the model opens, and only a chat is refused.
    expect(of([{ name: 'rag', template: 'no' }]).hasChat).toBe(false);
    expect(() => of([{ name: 'default' }])).toThrow(expect.objectContaining({ code: 'bad-file' }));
    expect(() => of(3)).toThrow(expect.objectContaining({ code: 'bad-file' }));
  });
});
