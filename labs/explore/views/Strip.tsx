import { useMemo, useState, type ReactElement } from 'react';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import type { Prompt } from '../../../core/spec/index.ts';
import { useFocus } from '../../../app/state/focus.ts';
import { Toggle } from '../../../app/ui/Segmented.tsx';
import { number } from '../../../app/views/numbers.ts';
import { chatText, isChat } from '../../../app/views/prompt.ts';
import { StripPlace } from '../../../app/views/StripPlace.tsx';
import { FULL_BITS, TokenStrip } from '../../../app/views/TokenStrip.tsx';
import { quoteToken } from '../../../app/views/tokens.ts';
import { attentionReader, strongestKeys, tellingHead } from '../lib/attention-view.ts';
import { featureKey, fullScale } from '../lib/rows.ts';
import type { PanelContext } from './panel.tsx';
import styles from './explore.module.css';

/** The prompt's tokens, shaded by the feature one is on (or the only pinned one), with arcs for the head that is open. */
export function Strip({ context }: { readonly context: PanelContext }): ReactElement {
  const { parts, tokens, traces, range, bosId, spec, setView } = context;
  const { view } = spec;
  const [boundaries, setBoundaries] = useState(false);
  const focused = useFocus((focus) =>
    focus?.sae !== undefined && focus.feature !== undefined ? featureKey(focus.sae, focus.feature) : null,
  );
  const pinned = view.pinned.length === 1 && view.tab === 'features' ? (view.pinned[0] ?? null) : null;
  const trace = traces.get(focused ?? pinned ?? '');
  const surprisal = useMemo(() => (parts.surprisal ? tensorData(parts.surprisal) : null), [parts.surprisal]);
  const shade = useMemo(
    () =>
      trace
        ? { values: trace.values, full: fullScale(trace, view.normalise, 1), name: `feature ${trace.feature}`, gamma: view.gamma }
        : null,
    [trace, view.normalise, view.gamma],
  );
  const arcs = useMemo(() => {
    if (view.tab !== 'attention' || !parts.attention) return [];
    const reader = attentionReader(parts.attention, view.pattern);
    const head = view.head ?? tellingHead(reader, range.to);
    const keys = strongestKeys(reader, head, range.to, 8);
    const most = keys[0]?.weight ?? 0;
    return keys
      .filter(({ weight }) => weight > 0.04 * most)
      .map(({ key, weight }) => ({ from: range.to, to: key, weight: weight / most }));
  }, [view.tab, view.pattern, view.head, parts.attention, range.to]);

  return (
    <div className={styles.strip}>
      <TokenStrip
        label="Tokens of the prompt"
        tokens={tokens}
        selected={range}
        surprisal={surprisal}
        shade={shade}
        bosId={bosId}
        arcs={arcs}
        boundaries={boundaries}
        onSelect={(position, extend) =>
          setView(extend ? { token: view.token ?? tokens.length - 1, rangeEnd: position } : { token: position, rangeEnd: null })
        }
      />
      <div className={styles.stripNote}>
        <p>{trace ? shadeSentence(context, trace.feature, trace.values) : surpriseSentence(context, surprisal)}</p>
        <Toggle label="Boundaries" checked={boundaries} onChange={setBoundaries} />
      </div>
    </div>
  );
}

/** The same before the tokens are there. */
export function StripWaiting({ prompt }: { readonly prompt: Prompt | undefined }): ReactElement {
  const text = isChat(prompt) ? chatText(prompt.messages) : prompt && 'text' in prompt ? prompt.text : '';
  return (
    <div className={styles.strip}>
      <StripPlace label="The tokens are on their way" text={text} />
      <div className={styles.stripNote}>
        <p>{surprise('They come with the tokens.')}</p>
      </div>
    </div>
  );
}

const surprise = (most: string): string =>
  `Bars: the model’s surprise, full at ${FULL_BITS} bits. ${most} Pick a token, or shift-click for several.`;

function surpriseSentence({ tokens }: PanelContext, surprisal: ArrayLike<number> | null): string {
  if (!surprisal) return `Bars: the model’s surprise at each token, in bits.`;
  let at = -1;
  for (let p = 1; p < surprisal.length; p++) if (at < 0 || (surprisal[p] ?? 0) > (surprisal[at] ?? 0)) at = p;
  return surprise(at < 0 ? '' : `Most at ${quoteToken(tokens[at])}, ${number(surprisal[at] ?? NaN)} bits.`);
}

function shadeSentence({ tokens, bosId }: PanelContext, feature: number, values: ArrayLike<number>): string {
  let at = -1;
  let active = 0;
  for (let p = 0; p < values.length; p++) {
    if (!((values[p] ?? 0) > 0)) continue;
    active++;
    if (tokens[p]?.id !== bosId && (at < 0 || (values[p] ?? 0) > (values[at] ?? 0))) at = p;
  }
  const most =
    at < 0 ? 'on nothing but the beginning of the text' : `most on ${quoteToken(tokens[at])}, ${number(values[at] ?? 0)}`;
  return `Shaded: feature ${feature}, active on ${active} of ${tokens.length} tokens, ${most}.`;
}
