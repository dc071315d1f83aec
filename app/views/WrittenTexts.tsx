import {
  Fragment,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactElement,
  type RefObject,
} from 'react';
import { tensorData } from '../../core/protocol/wire-tensor.ts';
import { differences } from '../../core/stats/differences.ts';
import type { TokenText } from '../../core/tokens.ts';
import type { Ending, ShownText, ShownTexts, Side } from '../../core/written.ts';
import { tokensSvg, type TokensPicture } from '../charts/export/plots.ts';
import { useScheme } from '../charts/scheme.ts';
import { cx } from '../ui/cx.ts';
import { Figure } from './Figure.tsx';
import { number, percent, plural } from './numbers.ts';
import { quoteToken, segments, showToken } from './tokens.ts';
import styles from './WrittenTexts.module.css';

/** Bits of a full bar. */
const FULL_BITS = 4;
const SIDES: readonly Side[] = ['default', 'steered'];
const NAMES: Readonly<Record<Side, string>> = { default: 'By itself', steered: 'Steered' };

/** A new token that is looked at. */
export interface PickedToken {
  readonly side: Side;
  readonly index: number;
}

export interface WrittenTextsProps {
  /** Null while there is none. */
  readonly shown: ShownTexts | null;
  /** What is gone on from, while `shown` does not say it. */
  readonly promptText: string;
  readonly running: boolean;
  /** No steer acts. */
  readonly idle: boolean;
  readonly bosId: number | null;
  readonly eosId: number | null;
  /** The prompt is a chat: all that its template writes is shown, but not the token that closes the model's turn. */
  readonly chat: boolean;
  readonly picked: PickedToken | null;
  readonly onPick: (token: PickedToken | null) => void;
  /** Begins the names of files. */
  readonly file: string;
}

/** What a model writes by itself and steered, side by side, as it is written. Both columns scroll together. */
export function WrittenTexts(props: WrittenTextsProps): ReactElement {
  const { shown, promptText, running, idle, bosId, eosId, chat, picked, onPick, file } = props;
  const scheme = useScheme();
  const texts = shown?.texts;
  const marks = useMemo(() => marksOf(shown), [shown]);
  const bits = useMemo(() => bitsOf(shown), [shown]);
  const boxes = { default: useRef<HTMLDivElement>(null), steered: useRef<HTMLDivElement>(null) };
  const column = (side: Side): ReactElement => (
    <section className={styles.column} aria-label={side === 'default' ? 'Default text' : 'Steered text'}>
      <h2>{NAMES[side]}</h2>
      <TextColumn
        side={side}
        box={boxes[side]}
        onScroll={() => follow(boxes[side].current, boxes[side === 'default' ? 'steered' : 'default'].current)}
        prompt={shown ? promptOf(shown.prompts[side], chat ? null : bosId) : promptText}
        text={texts?.[side] ?? null}
        marks={marks[side]}
        bits={side === 'steered' ? bits : null}
        eosId={eosId}
        chat={chat}
        running={running}
        picked={picked?.side === side ? picked.index : null}
        onPick={(index) => onPick(index === null ? null : { side, index })}
      />
    </section>
  );
  return (
    <Figure
      name="Both texts"
      caption={
        <span className={styles.legend}>
          <span>
            <i className={styles.bar} aria-hidden="true" /> how far the steering moves the distribution the token was drawn from,
            both after the same words: KL(steered ‖ default), a full bar is {FULL_BITS} bits or more
          </span>
          <span>
            <span className={styles.sample}>underlined</span> not in the other text
            {idle ? '. Nothing is steered, so both are the same' : ''}
          </span>
        </span>
      }
      data={{
        columns: ['text', 'new token', 'token', 'probability', 'moved by, bits', 'in the other text'],
        rows: () =>
          SIDES.flatMap((side) =>
            (texts?.[side].tokens ?? []).map(({ token, logProb }, i) => [
              NAMES[side].toLowerCase(),
              i + 1,
              token.text,
              Math.exp(logProb),
              side === 'steered' ? (bits?.[i] ?? NaN) : NaN,
              marks[side][i] === true ? 'no' : 'yes',
            ]),
          ),
        format: (x) => (Number.isNaN(x) ? '' : number(x)),
      }}
      file={`${file}-texts`}
      svg={() => tokensSvg(pictureOf(shown, bits), scheme)}
    >
      <div className={styles.columns}>
        {SIDES.map((side) => (
          <Fragment key={side}>{column(side)}</Fragment>
        ))}
      </div>
      {shown && picked && <TokenFacts shown={shown} picked={picked} bits={bits} eosId={eosId} />}
    </Figure>
  );
}

/** Brings the other column to the same share of its height. */
function follow(from: HTMLElement | null, to: HTMLElement | null): void {
  if (!from || !to) return;
  const room = (box: HTMLElement): number => box.scrollHeight - box.clientHeight;
  const top = room(from) > 0 ? Math.round((from.scrollTop / room(from)) * room(to)) : 0;
  // A column that is there already does not scroll, so the two never push each other on.
  if (Math.abs(to.scrollTop - top) > 1) to.scrollTop = top;
}

/** Which tokens of each text are not in the other. */
export function marksOf(shown: ShownTexts | null): Readonly<Record<Side, readonly boolean[]>> {
  const ids = (side: Side): number[] => shown?.texts[side].tokens.map(({ token }) => token.id) ?? [];
  const [inDefault, inSteered] = differences(ids('default'), ids('steered'));
  return { default: inDefault, steered: inSteered };
}

const bitsOf = (shown: ShownTexts | null): Float32Array | null =>
  shown?.kl ? Float32Array.from(tensorData(shown.kl), (x) => x / Math.LN2) : null;

const promptOf = (tokens: readonly TokenText[], bosId: number | null): string =>
  segments(tokens[0]?.id === bosId ? tokens.slice(1) : tokens, true)
    .map(({ text, leadingSpace, breakAfter }) => `${leadingSpace ? ' ' : ''}${text}${breakAfter ? '\n' : ''}`)
    .join('');

/** Characters of a line in a file. */
const LINE = 72;

/** Both texts as lines of a picture; the steered one is shaded by how far each token was moved. */
function pictureOf(shown: ShownTexts | null, bits: Float32Array | null): TokensPicture {
  const lines = SIDES.flatMap((side) => {
    const rows: { readonly text: string; readonly share: number }[][] = [[]];
    let length = 0;
    shown?.texts[side].tokens.forEach(({ token }, i) => {
      const text = /[^\S ]/.test(token.text) || token.bytes ? showToken(token) : token.text;
      if (length + text.length > LINE) {
        rows.push([]);
        length = 0;
      }
      length += text.length;
      rows.at(-1)?.push({ text, share: side === 'steered' ? Math.min(1, (bits?.[i] ?? 0) / FULL_BITS) : 0 });
    });
    return rows.map((tokens, i) => ({ value: i === 0 ? NAMES[side].toLowerCase() : '', tokens }));
  });
  const prompt = shown ? showToken({ id: -1, text: promptOf(shown.prompts.steered, null) }) : '';
  return {
    title: `Written after “${prompt.length > 60 ? `…${prompt.slice(-60)}` : prompt}”`,
    lines,
    legend: `colour: how far the steering moves the distribution of the token, from 0 to ${FULL_BITS} bits (KL(steered ‖ default))`,
  };
}

const ENDINGS: Readonly<Record<Ending, string>> = {
  length: 'Ends here because that many tokens were asked for.',
  stop: 'The model ended the text here.',
  context: 'Ends here because the model’s context is full.',
};

interface TextColumnProps {
  readonly side: Side;
  readonly box: RefObject<HTMLDivElement | null>;
  readonly onScroll: () => void;
  readonly prompt: string;
  readonly text: ShownText | null;
  readonly marks: readonly boolean[];
  readonly bits: Float32Array | null;
  readonly eosId: number | null;
  readonly chat: boolean;
  readonly running: boolean;
  readonly picked: number | null;
  readonly onPick: (index: number | null) => void;
}

function TextColumn(props: TextColumnProps): ReactElement {
  const { side, box, onScroll, prompt, text, marks, bits, eosId, chat, running, picked, onPick } = props;
  const [at, setAt] = useState(0);
  const writing = text?.ending === null && running;
  const length = text?.tokens.length ?? 0;
  // The end stays in view while it grows.
  useLayoutEffect(() => {
    if (writing && length > 0) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [writing, length, box]);
  const tokens = text?.tokens.map(({ token }) => token) ?? [];
  // What ends a text is not part of it: EOS, or what closes a turn.
  const ended = tokens.length > 0 && (tokens[tokens.length - 1]?.id === eosId || (chat && text?.ending === 'stop'));
  const end = ended ? tokens.length - 1 : tokens.length;
  const parts = segments(tokens.slice(0, end), true);
  const stop = Math.min(at, Math.max(0, parts.length - 1));
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const goal = { ArrowRight: stop + 1, ArrowLeft: stop - 1, Home: 0, End: parts.length - 1 }[event.key];
    if (goal === undefined || !parts[goal]) return;
    event.preventDefault();
    setAt(goal);
    box.current?.querySelectorAll<HTMLElement>('[data-index]')[goal]?.focus();
  };
  return (
    <>
      <div
        ref={box}
        className={styles.text}
        role="toolbar"
        aria-label={`Tokens of the ${side} text`}
        // What can be scrolled can be reached, by its tokens or by itself.
        tabIndex={parts.length === 0 ? 0 : -1}
        onKeyDown={onKeyDown}
        onScroll={onScroll}
      >
        <span className={styles.prompt}>{prompt}</span>
        {parts.map((part, i) => {
          const own = Array.from({ length: part.to - part.from + 1 }, (_, k) => part.from + k);
          const kl = bits ? Math.max(...own.map((p) => bits[p] ?? 0)) : NaN;
          const written = text?.tokens[part.to];
          const facts = [
            quoteToken(tokens[part.to]),
            written ? `probability ${percent(Math.exp(written.logProb))}` : null,
            Number.isNaN(kl) ? null : `moved by ${number(kl)} bits`,
            marks[part.to] === true ? 'not in the other text' : null,
          ].filter(Boolean);
          return (
            <Fragment key={part.from}>
              {part.leadingSpace ? ' ' : ''}
              <button
                type="button"
                data-index={part.to}
                className={cx(styles.token, own.some((p) => marks[p]) && styles.different)}
                style={{ '--kl': Number.isNaN(kl) ? 0 : Math.min(1, kl / FULL_BITS) } as React.CSSProperties}
                tabIndex={i === stop ? 0 : -1}
                aria-pressed={picked !== null && picked >= part.from && picked <= part.to}
                aria-label={facts.join(', ')}
                data-tip={facts.join('\n')}
                onClick={() => {
                  setAt(i);
                  onPick(picked === part.to ? null : part.to);
                }}
              >
                {part.text}
              </button>
              {part.breakAfter ? '\n' : ''}
            </Fragment>
          );
        })}
        {writing && <span className={styles.pen} aria-hidden="true" />}
      </div>
      <p className={styles.ending}>
        {text === null
          ? running
            ? 'On its way.'
            : 'Nothing was written yet.'
          : text.ending === null
            ? ' '
            : `${plural(end, 'new token')}. ${ENDINGS[text.ending]}`}
      </p>
    </>
  );
}

interface TokenFactsProps {
  readonly shown: ShownTexts;
  readonly picked: PickedToken;
  readonly bits: Float32Array | null;
  readonly eosId: number | null;
}

/** What else the model might have written at one token. */
function TokenFacts({ shown, picked, bits, eosId }: TokenFactsProps): ReactElement | null {
  const written = shown.texts[picked.side].tokens[picked.index];
  if (!written) return null;
  const name = (token: TokenText): string => (token.id === eosId ? 'end of text' : quoteToken(token));
  const kl = picked.side === 'steered' ? bits?.[picked.index] : undefined;
  return (
    <div className={styles.facts} aria-live="polite">
      <p>
        New token {picked.index + 1}, {picked.side === 'default' ? 'by itself' : 'steered'}: {name(written.token)}, drawn with
        probability {percent(Math.exp(written.logProb))} (before temperature and top-p).
        {kl !== undefined && ` The steering moves the distribution there by ${number(kl)} bits.`}
      </p>
      <ol>
        {written.top.map(({ token, logProb }) => (
          <li key={token.id}>
            <span className={styles.mono}>{name(token)}</span> {percent(Math.exp(logProb))}
          </li>
        ))}
      </ol>
    </div>
  );
}
