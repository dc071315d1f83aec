import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { Prompt } from '../../core/spec/index.ts';
import type { ModelEntry } from '../state/catalogue.ts';
import { asChat, chatText, isEmptyChat, mayChat } from './prompt.ts';
import { PromptInput } from './PromptInput.tsx';

const nothing = (): void => undefined;
const model = (change: Partial<ModelEntry>): ModelEntry => change as ModelEntry;
const draw = (prompt: Prompt, of: ModelEntry | null = null): string =>
  renderToStaticMarkup(
    <PromptInput
      prompt={prompt}
      tokensText="two words"
      model={of}
      onChange={nothing}
      running={false}
      onRun={nothing}
      onStop={nothing}
    />,
  );
const runIsOff = (html: string): boolean => /<button[^>]*disabled=""[^>]*>Run</.test(html);

describe('the prompt', () => {
  it('can be a chat where the model may have a template', () => {
    expect(mayChat(null)).toBe(false);
    expect(mayChat(model({}))).toBe(false);
    expect(mayChat(model({ chat: true }))).toBe(true);
    expect(mayChat(model({ source: 'hub' }))).toBe(true);
    expect(mayChat(model({ source: 'hub', chat: false }))).toBe(false);
    expect(draw({ text: 'Hi' })).not.toContain('type="radio"');
    expect(draw({ text: 'Hi' }, model({ chat: true }))).toMatch(/<legend[^>]*>The prompt is a<.*value="text".*value="chat"/s);
    // A link to a chat can be turned into a text, whatever the model.
    expect(draw(asChat('Hi'))).toMatch(/type="radio"[^>]*checked=""[^>]*value="chat"/);
  });

  it('has one box a message, each with who says it, and names all of them', () => {
    const html = draw({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: '<b>Why?</b>' },
      ],
    });
    expect([...html.matchAll(/<textarea/g)]).toHaveLength(2);
    expect([...html.matchAll(/data-prompt/g)]).toHaveLength(1);
    for (const name of ['Who says message 1', 'Message 1, system', 'Message 2, user', 'Remove message 2', 'Add a message'])
      expect(html).toContain(name);
    expect(html).toContain('&lt;b&gt;Why?&lt;/b&gt;');
    expect(html).toContain('The model answers next.');
    expect(draw(asChat('x'))).not.toContain('Remove message');
  });

  it('says when the model goes on with its own message', () => {
    const messages = [
      { role: 'user', content: 'Why?' },
      { role: 'assistant', content: '' },
    ] as const;
    expect(draw({ messages })).toContain('The model goes on with the last message.');
    expect(runIsOff(draw({ messages }))).toBe(false);
    expect(runIsOff(draw(asChat(' ')))).toBe(true);
    expect(isEmptyChat([messages[1]])).toBe(true);
  });

  it('keeps the words between text and chat', () => {
    expect(
      chatText([
        { role: 'user', content: 'a' },
        { role: 'assistant', content: ' ' },
        { role: 'user', content: 'b' },
      ]),
    ).toBe('a\n\nb');
    expect(draw({ tokens: [1, 2] })).toContain('two words');
  });
});
