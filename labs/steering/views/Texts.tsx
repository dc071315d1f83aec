import { Fragment, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import type { TokenText } from '../../../core/tokens.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import { cx } from '../../../app/ui/cx.ts';
import { number, percent, plural } from '../../../app/views/numbers.ts';
import { quoteToken, segments } from '../../../app/views/tokens.ts';
import { differences } from '../lib/differences.ts';
import type { Shown, ShownText } from '../lib/shown.ts';
import type { Ending, Side } from '../result.ts';
import type { SteeringView } from '../spec.ts';
import shared from './steering.module.css';
import styles from './texts.module.css';

/** Bits of a full bar. */
const FULL_BITS = 4;

export interface TextsProps {
  readonly shown: Shown | null;
  readonly promptText: string;
  readonly running: boolean;
  /** No steer acts. */
  readonly idle: boolean;
  readonly bosId: number | null;
  readonly eosId: number | null;
  /** The prompt is a chat: all that its template writes is shown, but not the token that closes the model's turn. */
  readonly chat: boolean;
  readonly picked: SteeringView['token'];
  readonly onPick: (token: SteeringView['token']) => void;
}

/** Both texts side by side, as they are written. */
export function Texts({ shown, promptText, running, idle, bosId, eosId, chat, picked, onPick }: TextsProps): ReactElement {
  const texts = shown?.texts;
  const marks = useMemo(() => {
    const ids = (side: Side): number[] => texts?.[side].tokens.map(({ token }) => token.id) ?? [];
    const [inDefault, inSteered] = differences(ids('default'), ids('steered'));
    return { default: inDefault, steered: inSteered };
  }, [texts]);
  const measured = shown?.measured ?? null;
  const bits = useMemo(() => (measured ? Float32Array.from(tensorData(measured.kl), (x) => x / Math.LN2) : null), [measured]);
  const column = (side: Side, title: string): ReactElement => (
    <section className={styles.column} aria-label={side === 'default' ? 'Default text' : 'Steered text'}>
      <h2>{title}</h2>
      <TextColumn
        side={side}
        prompt={shown ? promptOf(shown.prompt, chat ? null : bosId) : promptText}
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
    <div>
      <div className={styles.columns}>
        {column('default', 'By itself')}
        {column('steered', 'Steered')}
      </div>
      <div className={styles.legend}>
        <span className={shared.note}>
          <i className={styles.bar} aria-hidden="true" /> how far the steering moves the distribution the token was drawn from,
          both after the same words: KL(steered ‖ default), a full bar is {FULL_BITS} bits or more
        </span>
        <span className={shared.note}>
          <span className={styles.sample}>underlined</span> not in the other text
          {idle ? '. Nothing is steered, so both are the same' : ''}
        </span>
      </div>
      {shown && picked && <TokenFacts shown={shown} picked={picked} bits={bits} eosId={eosId} />}
    </div>
  );
}

const promptOf = (tokens: readonly TokenText[], bosId: number | null): string =>
  segments(tokens[0]?.id === bosId ? tokens.slice(1) : tokens, true)
    .map(({ text, leadingSpace, breakAfter }) => `${leadingSpace ? ' ' : ''}${text}${breakAfter ? '\n' : ''}`)
    .join('');

const ENDINGS: Readonly<Record<Ending, string>> = {
  length: 'Ends here because that many tokens were asked for.',
  stop: 'The model ended the text here.',
  context: 'Ends here because the model’s context is full.',
};

interface TextColumnProps {
  readonly side: Side;
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

function TextColumn({ side, prompt, text, marks, bits, eosId, chat, running, picked, onPick }: TextColumnProps): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
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
        tabIndex={-1}
        onKeyDown={onKeyDown}
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
                title={facts.join('\n')}
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
        {text?.ending === null && running && <span className={styles.pen} aria-hidden="true" />}
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
  readonly shown: Shown;
  readonly picked: NonNullable<SteeringView['token']>;
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
