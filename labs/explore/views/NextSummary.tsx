import type { ReactElement } from 'react';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import { Skeleton } from '../../../app/ui/Disclosure.tsx';
import { useFocus } from '../../../app/state/focus.ts';
import { Figure } from '../../../app/views/Figure.tsx';
import { NextTokens, type NextToken } from '../../../app/views/NextTokens.tsx';
import { number, percent, signed } from '../../../app/views/numbers.ts';
import { Waiting } from '../../../app/views/Waiting.tsx';
import { quoteToken } from '../../../app/views/tokens.ts';
import type { TokenText } from '../../../core/tokens.ts';
import { wordOf, type PanelContext } from './panel.tsx';
import styles from './explore.module.css';

/** The model's distribution at a position, most probable first. */
export function distribution({ parts }: PanelContext, position: number): (NextToken & { readonly logit: number })[] {
  if (!parts.next) return [];
  const width = parts.next.ids.shape[1] ?? 0;
  const ids = tensorData(parts.next.ids).slice(position * width, (position + 1) * width);
  const logProbs = tensorData(parts.next.logProbs).slice(position * width, (position + 1) * width);
  const logits = tensorData(parts.next.logits).slice(position * width, (position + 1) * width);
  return Array.from(ids, (id, i) => ({
    token: wordOf(parts, id),
    probability: Math.exp(logProbs[i] ?? -Infinity),
    logit: logits[i] ?? NaN,
  }));
}

export interface DistributionProps {
  readonly context: PanelContext;
  readonly most: number;
  readonly onPick?: (token: TokenText) => void;
}

/** What the model expects after the selected token. */
export function Distribution({ context, most, onPick }: DistributionProps): ReactElement {
  const { tokens, range, file } = context;
  const lit = useFocus((focus) => focus?.token);
  const all = distribution(context, range.to);
  const [first, second] = all;
  return (
    <Figure
      title={`After ${quoteToken(tokens[range.to])}`}
      caption={
        first && second
          ? `The model expects ${quoteToken(first.token)} with ${percent(first.probability)}, then ${quoteToken(second.token)} with ${percent(second.probability)}.`
          : ''
      }
      data={{
        columns: ['token', 'id', 'probability', 'logit'],
        rows: () => all.map(({ token, probability, logit }) => [token.text, token.id, probability, logit]),
        format: (x) => number(x, Number.isInteger(x) ? 6 : 3),
      }}
      file={`${file}-next-${range.to}`}
    >
      <NextTokens
        label={`Next token after ${quoteToken(tokens[range.to])}`}
        tokens={all.slice(0, most)}
        lit={lit === undefined ? [] : [lit]}
        {...(onPick ? { onPick } : {})}
      />
    </Figure>
  );
}

/** Asks why a token is expected: it is compared with the strongest other one at its position. */
export function compareWith({ parts, range, tokens, ask }: PanelContext, { text }: TokenText): void {
  const width = parts.next?.ids.shape[1] ?? 0;
  const ids = parts.next ? tensorData(parts.next.ids).slice(range.to * width, (range.to + 1) * width) : [];
  const texts = Array.from(ids, (id) => parts.vocabulary[String(id)]?.text ?? '');
  const rival = texts.find((other) => other !== text && other !== '') ?? text;
  const position = range.to === tokens.length - 1 ? -1 : range.to;
  ask((s) => ({ ...s, params: { ...s.params, position, compare: { a: text, b: rival } } }));
}

/** Beside the features: what comes next, and the way to why. */
export function NextSummary({ context }: { readonly context: PanelContext }): ReactElement {
  const { parts, setView } = context;
  const { attribution } = parts;
  if (!parts.next) return <Waiting label="The next token is on its way" rows={6} />;
  return (
    <div className={styles.stack}>
      <Distribution
        context={context}
        most={6}
        onPick={(token) => {
          setView({ tab: 'next' });
          const { a, position } = attribution ?? { a: null, position: null };
          // That comparison is there.
          if (a?.id !== token.id || position !== context.range.to) compareWith(context, token);
        }}
      />
      {attribution ? (
        <p className={styles.note}>
          {quoteToken(attribution.a)} over {quoteToken(attribution.b)}
          {attribution.position === context.tokens.length - 1 ? '' : ` after ${quoteToken(context.tokens[attribution.position])}`}
          : <b>{signed(attribution.difference)} logits</b>{' '}
          <button
            type="button"
            className={styles.link}
            onClick={() => setView({ tab: 'next', token: attribution.position, rangeEnd: null })}
          >
            What writes the difference?
          </button>
        </p>
      ) : (
        !parts.done && <Skeleton width="70%" height="24px" />
      )}
    </div>
  );
}
