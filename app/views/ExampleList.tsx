import { memo, useMemo, useState, type ReactElement, type ReactNode } from 'react';
import type { TokenText } from '../../core/tokens.ts';
import { GAMMA, stripColour, withGamma, type Scheme } from '../charts/scales/colour.ts';
import { useScheme } from '../charts/scheme.ts';
import { cx } from '../ui/cx.ts';
import { tipGroup } from '../ui/Tips.tsx';
import styles from './ExampleList.module.css';
import { windowOf, type ExampleContext } from './example-window.ts';
import { number } from './numbers.ts';
import { quoteToken, segments, type Segment } from './tokens.ts';

export interface ExampleItem {
  readonly key: string;
  readonly tokens: readonly TokenText[];
  /** One a token; 0 where inactive. */
  readonly values: ArrayLike<number>;
  /** The token that the example is about. */
  readonly position: number;
  /** Its value, as precise as it is known. */
  readonly value: number;
  /** Where the text comes from. */
  readonly source: ReactNode;
  /** Further texts whose window reads the same. */
  readonly repeats: number;
}

export interface ExampleListProps {
  readonly label: string;
  readonly items: readonly ExampleItem[];
  /** Value of full colour, the same in all rows. */
  readonly full: number;
  readonly context: ExampleContext;
  /** Start a new line where the text does. */
  readonly breaks: boolean;
  /** Print each value below its token. */
  readonly values: boolean;
  readonly bosId: number | null;
  /** Share of full colour is the share of `full` to this power. */
  readonly gamma?: number;
  /** Puts a text into the test box. */
  readonly onTry?: (item: ExampleItem) => void;
  /** Makes a button of how many texts read the same. */
  readonly unfolds?: {
    readonly isOpen: (item: ExampleItem) => boolean;
    readonly onToggle: (item: ExampleItem) => void;
  };
  /** Further actions of a row. */
  readonly actions?: (item: ExampleItem) => ReactNode;
  /** What lies below one of the rows: what one of its buttons has asked for. */
  readonly below?: { readonly key: string; readonly shown: ReactNode } | null;
}

/** Texts with the values of their tokens, one a row, each around the token it is about. A press on a row shows all of its text. */
export function ExampleList(props: ExampleListProps): ReactElement {
  const { label, items, full, context, breaks, values, bosId, gamma = GAMMA.none, onTry, unfolds, actions, below } = props;
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const scheme = useScheme();
  const toggle = (key: string): void => {
    const next = new Set(opened);
    if (!next.delete(key)) next.add(key);
    setOpened(next);
  };
  return (
    <ul className={styles.list} aria-label={label}>
      {items.map((item) => {
        const shown = opened.has(item.key) ? 'full' : context;
        return (
          <li key={item.key} className={styles.row}>
            <span className={styles.value}>
              <span className="visually-hidden">Activation </span>
              {number(item.value)}
              <span className="visually-hidden"> on {quoteToken(item.tokens[item.position])}: </span>
            </span>
            <Text item={item} full={full} context={shown} {...{ breaks, values, bosId, gamma, scheme }} />
            <span className={styles.source}>
              <span>{item.source}</span>
              {item.repeats > 0 && (
                <span className={styles.repeats}>
                  {unfolds ? (
                    <button type="button" aria-expanded={unfolds.isOpen(item)} onClick={() => unfolds.onToggle(item)}>
                      {repeatsText(item)}
                    </button>
                  ) : (
                    repeatsText(item)
                  )}
                </span>
              )}
              <span className={styles.actions}>
                {context !== 'full' && (
                  <button type="button" aria-pressed={opened.has(item.key)} onClick={() => toggle(item.key)}>
                    {opened.has(item.key) ? 'Less' : 'Whole text'}
                  </button>
                )}
                {onTry && (
                  <button type="button" onClick={() => onTry(item)}>
                    Try it
                  </button>
                )}
                {actions?.(item)}
              </span>
            </span>
            {below?.key === item.key && <div className={styles.below}>{below.shown}</div>}
          </li>
        );
      })}
    </ul>
  );
}

const repeatsText = ({ repeats }: ExampleItem): string => `and ${repeats} more that ${repeats === 1 ? 'reads' : 'read'} the same`;

interface TextProps {
  readonly item: ExampleItem;
  readonly full: number;
  readonly context: ExampleContext;
  readonly breaks: boolean;
  readonly values: boolean;
  readonly bosId: number | null;
  readonly gamma: number;
  readonly scheme: Scheme;
}

const reading = { 'aria-label': 'Text: arrow keys go over its active tokens', ...tipGroup };

/** Spans, not buttons: a page has thousands of these tokens. Their values are in their tips, in the table and under `values`. */
const Text = memo(function Text({ item, full, context, ...rest }: TextProps): ReactElement {
  const { tokens, position } = item;
  const parts = useMemo(() => segments(tokens, true), [tokens]);
  const { from, to } = windowOf(tokens.length, position, context, tokens[0]?.id === rest.bosId);
  const seen = parts.filter((part) => part.to >= from && part.from <= to);
  const mark = (part: Segment): ReactElement => <Mark key={part.from} part={part} item={item} full={full} {...rest} />;
  if (context === 'stacked') {
    const at = seen.findIndex((part) => part.to >= position);
    return (
      <span className={cx(styles.text, styles.stacked)} {...reading}>
        <span className={styles.before}>
          <span>
            {from > 1 && <i className={styles.more}>…</i>}
            {seen.slice(0, at).map(mark)}
          </span>
        </span>
        <span className={styles.after}>
          {seen.slice(at).map(mark)}
          {to < tokens.length - 1 && <i className={styles.more}>…</i>}
        </span>
      </span>
    );
  }
  return (
    <span className={styles.text} {...reading}>
      {from > 1 && <i className={styles.more}>…</i>}
      {seen.map(mark)}
      {to < tokens.length - 1 && <i className={styles.more}>…</i>}
    </span>
  );
});

interface MarkProps extends Omit<TextProps, 'context'> {
  readonly part: Segment;
}

function Mark({ part, item, full, breaks, values, bosId, gamma, scheme }: MarkProps): ReactElement {
  let value = 0;
  for (let p = part.from; p <= part.to; p++) value = Math.max(value, item.values[p] ?? 0);
  const bos = part.from === 0 && item.tokens[0]?.id === bosId;
  const on = value > 0 && full > 0;
  const here = item.position >= part.from && item.position <= part.to;
  return (
    <>
      <span
        className={cx(styles.token, here && styles.here, bos && styles.bos)}
        style={on ? { background: stripColour(withGamma(value / full, gamma), scheme) } : undefined}
        data-tip={on ? `${quoteToken(item.tokens[part.to])}\nactivation ${number(value)}` : undefined}
        tabIndex={on ? -1 : undefined}
        data-value={values && on ? number(value, 2) : undefined}
      >
        {bos ? 'BOS' : `${part.leadingSpace ? ' ' : ''}${part.text}`}
      </span>
      {breaks && part.breakAfter && <br />}
    </>
  );
}
