import { Fragment, useMemo, type ReactElement, type ReactNode } from 'react';
import styles from './Markdown.module.css';

/** Headings, paragraphs, lists, tables, code, bold, italics and links. Anything else, HTML included, stays text. */
export function Markdown({ text }: { readonly text: string }): ReactElement {
  const blocks = useMemo(() => parseBlocks(text), [text]);
  return (
    <div className={styles.markdown}>
      {blocks.map((block, i) => (
        // Blocks of a fixed text never move.
        // oxlint-disable-next-line react/no-array-index-key
        <Fragment key={i}>{drawBlock(block, i)}</Fragment>
      ))}
    </div>
  );
}

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'code'; readonly text: string };

const LIST = /^\s*(?:[-*]|(\d+)[.)])\s+(.*)$/;

/** Splits a text into blocks. Total: whatever is not understood becomes a paragraph. */
export function parseBlocks(text: string): Block[] {
  const lines = text
    .replace(/\r\n?/g, '\n')
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .split('\n');
  const blocks: Block[] = [];
  let at = 0;
  const takeWhile = (keep: (line: string) => boolean): string[] => {
    const start = at;
    while (at < lines.length && keep(lines[at] ?? '')) at++;
    return lines.slice(start, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (line.trim() === '') at++;
    else if (heading) {
      blocks.push({ kind: 'heading', level: (heading[1] ?? '').length, text: heading[2] ?? '' });
      at++;
    } else if (line.startsWith('```')) {
      at++;
      blocks.push({ kind: 'code', text: takeWhile((l) => !l.startsWith('```')).join('\n') });
      at++;
    } else if (line.trimStart().startsWith('|') && /^\s*\|?[\s:|-]+\|?\s*$/.test(lines[at + 1] ?? '')) {
      const [head = [], , ...rows] = takeWhile((l) => l.trimStart().startsWith('|')).map(cells);
      blocks.push({ kind: 'table', head, rows });
    } else if (LIST.test(line)) {
      const ordered = LIST.exec(line)?.[1] !== undefined;
      const items: string[] = [];
      for (const l of takeWhile((l) => l.trim() !== '')) {
        const item = LIST.exec(l);
        if (item) items.push(item[2] ?? '');
        else items.push(`${items.pop() ?? ''} ${l.trim()}`.trim());
      }
      blocks.push({ kind: 'list', ordered, items });
    } else {
      const own = takeWhile((l) => l.trim() !== '' && !/^(#{1,6}\s|```)/.test(l) && !LIST.test(l));
      blocks.push({ kind: 'paragraph', text: own.map((l) => l.trim()).join(' ') });
    }
  }
  return blocks;
}

/** Cells of a table row; `\|` and a bar inside of code belong to their cell. */
function cells(line: string): string[] {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  return (inner.match(/(?:`[^`]*`|\\\||[^|])+|(?<=\|)(?=\|)/g) ?? []).map((cell) => cell.replaceAll('\\|', '|').trim());
}

/** The headings of a text, in order, with the ids under which they stand in the page. */
export function headings(text: string): readonly { readonly id: string; readonly level: number; readonly text: string }[] {
  return parseBlocks(text).flatMap((block) =>
    block.kind === 'heading' ? [{ id: headingId(block.text), level: block.level, text: block.text }] : [],
  );
}

const headingId = (text: string): string => `text-${text.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;

function drawBlock(block: Block, at: number): ReactNode {
  switch (block.kind) {
    case 'heading': {
      const Tag = `h${Math.min(6, block.level + 1)}` as 'h2';
      return <Tag id={headingId(block.text)}>{inline(block.text)}</Tag>;
    }
    case 'paragraph':
      return <p>{inline(block.text)}</p>;
    case 'code':
      return <pre>{block.text}</pre>;
    case 'list': {
      const items = block.items.map((item, i) => <li key={`${i}${item}`}>{inline(item)}</li>);
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case 'table': {
      const label = `Table ${at}: ${block.head.filter((cell) => cell !== '').join(', ')}`;
      return (
        // A wide table scrolls inside its own frame, by keyboard too.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <section className={styles.frame} aria-label={label} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {block.head.map((cell, i) =>
                  cell === '' ? (
                    <td key={`${i}${cell}`}>{'\u00a0'}</td>
                  ) : (
                    <th key={`${i}${cell}`} scope="col">
                      {inline(cell)}
                    </th>
                  ),
                )}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, r) => (
                <tr key={`${r}${row.join('|')}`}>
                  {row.map((cell, i) => (
                    <td key={`${i}${cell}`}>{inline(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      );
    }
  }
}

/** Underscores mark italics around whole words only: `hook_resid_post` is a name. */
const INLINE =
  /`([^`]+)`|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|(?<![\p{L}\p{N}_])_([^_\s][^_]*)_(?![\p{L}\p{N}_])|\[([^\]]+)\]\(([^)\s]+)\)/gu;

function inline(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, code, bold, starred, underlined, label, href] = found;
    const italic = starred ?? underlined;
    parts.push(text.slice(from, found.index));
    const key = found.index;
    if (code !== undefined) parts.push(<code key={key}>{code}</code>);
    else if (bold !== undefined) parts.push(<strong key={key}>{inline(bold)}</strong>);
    else if (italic !== undefined) parts.push(<em key={key}>{inline(italic)}</em>);
    else
      parts.push(
        safe(href ?? '') ? (
          <a key={key} href={href}>
            {label}
          </a>
        ) : (
          label
        ),
      );
    from = found.index + whole.length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** Links of a text lead to the web or inside the page, never to a script. */
const safe = (href: string): boolean => /^(https?:\/\/|#\/)/i.test(href);
