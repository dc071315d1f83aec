import { useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactElement } from 'react';
import type { TokenText } from '../../core/tokens.ts';
import { GAMMA, stripColour, withGamma, type Scheme } from '../charts/scales/colour.ts';
import { useScheme } from '../charts/scheme.ts';
import { clearFocus, setFocus, useFocus } from '../state/focus.ts';
import { cx } from '../ui/cx.ts';
import { number } from './numbers.ts';
import { StripArcs, type Arc } from './StripArcs.tsx';
import styles from './TokenStrip.module.css';
import { quoteToken, segments, type Segment } from './tokens.ts';

export interface TokenStripProps {
  readonly label: string;
  readonly tokens: readonly TokenText[];
  /** Positions selected, bounds inclusive. */
  readonly selected: { readonly from: number; readonly to: number } | null;
  /** Instead of one stretch, any positions. */
  readonly chosen?: ReadonlySet<number>;
  /** `extend`: up to there from what is selected. */
  readonly onSelect: (position: number, extend: boolean) => void;
  /** Bits per token, NaN where nothing predicts it: bars below the tokens. */
  readonly surprisal?: ArrayLike<number> | null;
  /** A value per token, with its full scale and its name: shades the tokens. */
  readonly shade?: {
    readonly values: ArrayLike<number>;
    readonly full: number;
    readonly name: string;
    readonly gamma?: number;
  } | null;
  /** Id of the token in front of every prompt: shown dimmed. */
  readonly bosId?: number | null;
  readonly arcs?: readonly Arc[];
  /** Show where each token ends, and bytes apart. */
  readonly boundaries?: boolean;
}

/** Bits of a full bar. */
export const FULL_BITS = 16;

/** A prompt as its tokens: click selects, shift-click selects a range, arrow keys move. */
export function TokenStrip(props: TokenStripProps): ReactElement {
  const { label, tokens, selected, chosen, onSelect, surprisal, shade, bosId = null, arcs, boundaries = false } = props;
  const strip = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const scheme = useScheme();
  const parts = useMemo(() => segments(tokens, !boundaries), [tokens, boundaries]);
  const found = parts.findIndex(({ to }) => to >= (at ?? selected?.to ?? 0));
  const stop = found < 0 ? parts.length - 1 : found;

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const goal = { ArrowRight: stop + 1, ArrowLeft: stop - 1, Home: 0, End: parts.length - 1 }[event.key];
    const next = goal === undefined ? undefined : parts[goal];
    if (!next) return;
    event.preventDefault();
    setAt(next.to);
    strip.current?.querySelector<HTMLElement>(`[data-position="${next.to}"]`)?.focus();
    if (event.shiftKey) onSelect(next.to, true);
  };
  return (
    <div className={cx(styles.frame, arcs && arcs.length > 0 && styles.arched)}>
      <div
        ref={strip}
        className={cx(styles.strip, boundaries && styles.boundaries)}
        role="toolbar"
        aria-label={label}
        tabIndex={-1}
        onKeyDown={onKeyDown}
      >
        {parts.map((part, i) => (
          <Mark
            key={part.from}
            part={part}
            token={tokens[part.to]}
            bos={part.from === 0 && tokens[0]?.id === bosId}
            on={chosen?.has(part.to) ?? (selected !== null && part.to >= selected.from && part.from <= selected.to)}
            stop={i === stop}
            bits={surprisal ? largest(surprisal, part) : NaN}
            value={shade ? largest(shade.values, part) : NaN}
            shade={shade ?? null}
            scheme={scheme}
            onPick={onSelect}
            onStop={setAt}
          />
        ))}
        {arcs && <StripArcs arcs={arcs} strip={strip} tokens={tokens} />}
      </div>
    </div>
  );
}

function largest(values: ArrayLike<number>, { from, to }: Segment): number {
  let most = NaN;
  for (let p = from; p <= to; p++) {
    const v = values[p] ?? NaN;
    if (!Number.isNaN(v) && !(most >= v)) most = v;
  }
  return most;
}

interface MarkProps {
  readonly part: Segment;
  readonly token: TokenText | undefined;
  readonly bos: boolean;
  readonly on: boolean;
  readonly stop: boolean;
  readonly bits: number;
  readonly value: number;
  readonly shade: { readonly full: number; readonly name: string; readonly gamma?: number } | null;
  readonly scheme: Scheme;
  readonly onPick: (position: number, extend: boolean) => void;
  readonly onStop: (position: number) => void;
}

function Mark({ part, token, bos, on, stop, bits, value, shade, scheme, onPick, onStop }: MarkProps): ReactElement {
  const hovered = useFocus((focus) => focus?.pos !== undefined && focus.pos >= part.from && focus.pos <= part.to);
  const position = part.to;
  const facts = [
    `Token ${position}, ${bos ? 'beginning of text, left out of maxima' : quoteToken(token)}`,
    Number.isNaN(bits) ? null : `surprise ${number(bits)} bits`,
    shade && !Number.isNaN(value) ? `${shade.name} ${number(value)}` : null,
  ].filter(Boolean);
  const share = shade && !bos && value > 0 && shade.full > 0 ? withGamma(value / shade.full, shade.gamma ?? GAMMA.none) : 0;
  const background = share > 0 ? stripColour(share, scheme) : undefined;
  return (
    <>
      <button
        type="button"
        data-position={position}
        className={cx(styles.token, on && styles.selected, hovered && styles.hovered, bos && styles.bos)}
        style={{ background, '--bits': Number.isNaN(bits) ? 0 : Math.min(1, bits / FULL_BITS) } as React.CSSProperties}
        tabIndex={stop ? 0 : -1}
        aria-pressed={on}
        aria-label={facts.join(', ')}
        data-tip={facts.join('\n')}
        onClick={(event: MouseEvent) => {
          onStop(position);
          onPick(position, event.shiftKey);
        }}
        onMouseEnter={() => setFocus({ pos: position })}
        onMouseLeave={clearFocus}
        onFocus={() => setFocus({ pos: position })}
        onBlur={clearFocus}
      >
        {part.leadingSpace && <i className={styles.space}> </i>}
        {bos ? 'BOS' : part.text}
      </button>
      {part.breakAfter && <span className={styles.break} aria-hidden="true" />}
    </>
  );
}
