import fc from 'fast-check';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { Markdown, parseBlocks } from './Markdown.tsx';

const html = (text: string): string => renderToStaticMarkup(<Markdown text={text} />).replace(/ (class|id)="[^"]*"/g, '');

describe('markdown', () => {
  it('draws headings, paragraphs, lists, code and inline marks', () => {
    expect(html('# Title\n\nSome *soft* and **loud** `code`,\nand a [link](https://a.b/c).')).toBe(
      '<div><h2>Title</h2><p>Some <em>soft</em> and <strong>loud</strong> <code>code</code>, and a <a href="https://a.b/c">link</a>.</p></div>',
    );
    expect(html('- one\n- two\n  more\n\n1. first')).toBe(
      '<div><ul><li>one</li><li>two more</li></ul><ol><li>first</li></ol></div>',
    );
    expect(html('```\na < b\n```')).toBe('<div><pre>a &lt; b</pre></div>');
  });

  it('takes underscores around words for italics, and those in names for names', () => {
    expect(html('_By token._ a hook_resid_post b_c_ (_new only_) __init__')).toBe(
      '<div><p><em>By token.</em> a hook_resid_post b_c_ (<em>new only</em>) __init__</p></div>',
    );
  });

  it('keeps bars inside of code in their cell, and empty cells in their place', () => {
    const [table] = parseBlocks('| a | b | c |\n|---|---|---|\n| `max|x|` |  | z |\n| 1 || 3 |');
    expect(table).toEqual({
      kind: 'table',
      head: ['a', 'b', 'c'],
      rows: [
        ['`max|x|`', '', 'z'],
        ['1', '', '3'],
      ],
    });
  });

  it('skips the front matter of a model card', () => {
    expect(parseBlocks('---\nlicense: x\n---\n\nText')).toEqual([{ kind: 'paragraph', text: 'Text' }]);
  });

  it('text stays text: no markup, and no link to a script', () => {
    expect(html('<img src=x onerror=alert(1)>')).not.toContain('<img');
    expect(html('[press](javascript:alert(1))')).not.toContain('href');
    expect(html('[press](data:text/html,x)')).not.toContain('href');
  });

  it('ends for any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '|', '-', '`', '#', '\n', ' ', '*', '1', '.'), maxLength: 80 }),
        (text) => {
          parseBlocks(text);
          return true;
        },
      ),
    );
  });
});
