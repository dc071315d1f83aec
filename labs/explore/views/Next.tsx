import { lazy, Suspense, type ReactElement } from 'react';
import { Bars, type Bar } from '../../../app/charts/Bars.tsx';
import { barsSvg } from '../../../app/charts/export/svg.ts';
import { Legend } from '../../../app/charts/Legend.tsx';
import { useScheme } from '../../../app/charts/scheme.ts';
import { clearFocus, setFocus, useFocus } from '../../../app/state/focus.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { Skeleton } from '../../../app/ui/Disclosure.tsx';
import { Notice } from '../../../app/ui/Notice.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { nameSource, nameText } from '../../../app/views/names.ts';
import { number, plural, signed } from '../../../app/views/numbers.ts';
import { Waiting } from '../../../app/views/Waiting.tsx';
import { quoteToken } from '../../../app/views/tokens.ts';
import { siteShort } from '../../../app/views/sites.ts';
import { featureKey, parseFeatureKey } from '../lib/rows.ts';
import { byKind, byLayer, eachPart, total } from '../lib/sums.ts';
import type { Attribution } from '../result.ts';
import { compareWith, Distribution } from './NextSummary.tsx';
import type { PanelContext } from './panel.tsx';
import styles from './explore.module.css';

/** Its fields bring a list box along, which nothing else on the page needs. */
const Compare = lazy(() => import('./Compare.tsx').then((m) => ({ default: m.Compare })));

/** The distribution at the selected token, and what writes the difference of two of its tokens. */
export function NextTab({ context }: { readonly context: PanelContext }): ReactElement {
  const { parts, range, spec, ask, tokens } = context;
  if (!parts.next) return <Waiting label="The next token is on its way" rows={14} />;
  const { attribution } = parts;
  const elsewhere = attribution !== null && attribution.position !== range.to;
  const compareHere = (): void =>
    ask((s) => ({ ...s, params: { ...s.params, position: range.to === tokens.length - 1 ? -1 : range.to } }));
  return (
    <div className={styles.columns}>
      <div className={styles.stack}>
        <Suspense fallback={<Skeleton height="56px" />}>
          <Compare context={context} />
        </Suspense>
        {elsewhere && (
          <Notice
            title={`The comparison is of what follows ${quoteToken(tokens[attribution.position])}`}
            actions={
              <Button size="s" onClick={compareHere}>
                Compare after {quoteToken(tokens[range.to])}
              </Button>
            }
          >
            You have selected {quoteToken(tokens[range.to])}.
          </Notice>
        )}
        {attribution ? (
          <>
            <Components context={context} attribution={attribution} />
            <FeatureEffects context={context} attribution={attribution} />
          </>
        ) : (
          <Waiting label="The comparison is on its way" rows={14} />
        )}
      </div>
      <div className={styles.stack}>
        <Distribution context={context} most={spec.params.topTokens} onPick={(token) => compareWith(context, token)} />
        <p className={styles.note}>Press a token to compare it with the most probable other one.</p>
        {attribution && <Layers context={context} attribution={attribution} />}
      </div>
    </div>
  );
}

interface PartProps {
  readonly context: PanelContext;
  readonly attribution: Attribution;
}

const FIRST = 14;

function Components({ context, attribution }: PartProps): ReactElement {
  const scheme = useScheme();
  const parts = eachPart(attribution);
  const full = Math.max(...parts.map(({ value }) => Math.abs(value)));
  const [a, b] = [quoteToken(attribution.a), quoteToken(attribution.b)];
  const shown = parts.slice(0, FIRST);
  const rest = parts.slice(FIRST);
  const bars: Bar[] = shown.map(({ key, name, value }) => ({ key, label: name, value, text: signed(value) }));
  if (rest.length > 0) bars.push({ key: 'rest', label: `${rest.length} others`, value: total(rest), text: signed(total(rest)) });
  const strongest = parts[0];
  const meaning = `+ favours ${a}, − favours ${b}`;
  return (
    <Figure
      title={`What writes ${a} over ${b}`}
      caption={
        strongest
          ? `The largest part is ${strongest.name}, ${signed(strongest.value)} of ${signed(attribution.difference)} logits. Direct effects only: what acts through later layers counts there. The final norm’s scale is frozen at this run.`
          : ''
      }
      data={{
        columns: ['part', `logits, ${meaning}`],
        rows: () => parts.map(({ name, value }) => [name, value]),
        format: (x) => signed(x),
      }}
      file={`${context.file}-attribution-${attribution.position}`}
      svg={() =>
        barsSvg(
          {
            title: `Logit difference ${a} − ${b}, by part`,
            bars: bars.map(({ label, value, text }) => ({ label: String(label), value, text })),
            full,
            signed: true,
            legend: `logits; ${meaning}`,
          },
          scheme,
        )
      }
    >
      <Bars label={`Parts of the logit difference, ${meaning}`} bars={bars} full={full} signed labels="150px" />
      <Sum attribution={attribution} />
      <Legend kind="signed" low={signed(-full)} high={signed(full)}>
        logits; {meaning}
      </Legend>
    </Figure>
  );
}

/** The whole sum in one line, so that nothing is left out. */
function Sum({ attribution }: { readonly attribution: Attribution }): ReactElement {
  const kinds = byKind(attribution);
  const sum = total(kinds);
  const off = Math.abs(sum - attribution.difference);
  return (
    <p className={styles.sum}>
      {kinds.map(({ key, name, value }) => (
        <span key={key}>
          {name} <b>{signed(value)}</b>
        </span>
      ))}
      <span
        className={styles.total}
        // It is told what the sum is off by.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        data-tip={`Measured from the logits: ${signed(attribution.difference, 6)}. The sum of all parts: ${signed(sum, 6)}.`}
      >
        sum <b>{signed(sum)}</b> · measured <b>{signed(attribution.difference)}</b>
        {off > 0.005 * Math.max(1, Math.abs(attribution.difference)) && <> · off by {number(off)}</>}
      </span>
    </p>
  );
}

function Layers({ context, attribution }: PartProps): ReactElement {
  const parts = byLayer(attribution);
  const full = Math.max(...parts.map(({ value }) => Math.abs(value)));
  const [a, b] = [quoteToken(attribution.a), quoteToken(attribution.b)];
  const blocks = parts.filter(({ key }) => key.startsWith('block'));
  const best = blocks.reduce<(typeof blocks)[number] | null>(
    (x, y) => (x && Math.abs(x.value) >= Math.abs(y.value) ? x : y),
    null,
  );
  return (
    <Figure
      title="The same sum, by block"
      caption={best ? `Block ${best.key.slice(6)} writes the most, ${signed(best.value)} logits.` : ''}
      data={{
        columns: ['part', `logits, + favours ${a}`],
        rows: () => parts.map(({ name, value }) => [name, value]),
        format: (x) => signed(x),
      }}
      file={`${context.file}-attribution-blocks-${attribution.position}`}
    >
      <Bars
        label={`Logit difference by block, + favours ${a}, − favours ${b}`}
        bars={parts.map(({ key, name, value }) => ({ key, label: name, value, text: signed(value) }))}
        full={full}
        signed
        labels="124px"
        onEnter={(key) => key.startsWith('block-') && setFocus({ layer: Number(key.slice(6)) })}
        onLeave={clearFocus}
      />
    </Figure>
  );
}

function FeatureEffects({ context, attribution }: PartProps): ReactElement | null {
  const { parts, file, names, spec } = context;
  const lit = useFocus((focus) =>
    focus?.sae !== undefined && focus.feature !== undefined ? featureKey(focus.sae, focus.feature) : null,
  );
  const [a, b] = [quoteToken(attribution.a), quoteToken(attribution.b)];
  if (attribution.features.length === 0) return null;
  const siteOf = new Map(parts.features.map((rows) => [rows.sae, siteShort(rows.hook)]));
  const one = siteOf.size === 1;
  const full = Math.max(...attribution.features.map(({ value }) => Math.abs(value)));
  const [first] = attribution.features;
  return (
    <Figure
      title="By feature"
      caption={`${first ? `Feature ${first.feature} writes ${signed(first.value)} logits directly. ` : ''}Features overlap with the parts above (a dictionary re-describes the stream), and each dictionary leaves some of it out: this list does not sum to the difference. The strongest ${plural(attribution.features.length, 'feature')}.`}
      data={{
        columns: ['dictionary', 'feature', 'label', 'activation', `logits, + favours ${a}, − favours ${b}`],
        rows: () =>
          attribution.features.map(({ sae, feature, activation, value }) => [
            sae,
            feature,
            names({ model: spec.model, sae, feature }).name ?? '',
            activation,
            value,
          ]),
        format: (x) => number(x, Number.isInteger(x) ? 6 : 3),
      }}
      file={`${file}-attribution-features-${attribution.position}`}
    >
      <Bars
        label={`Direct effect of each feature, + favours ${a}, − favours ${b}`}
        bars={attribution.features.slice(0, 12).map(({ sae, feature, activation, value }) => {
          const key = featureKey(sae, feature);
          const called = names({ model: spec.model, sae, feature });
          return {
            key,
            label: `${one ? '' : `${siteOf.get(sae) ?? sae} `}${feature} ${nameText(called)}`,
            value,
            text: signed(value),
            title: [nameText(called), nameSource(called), `activation ${number(activation)}`].filter(Boolean).join('. '),
            state: lit === key ? 'lit' : undefined,
          };
        })}
        full={full}
        signed
        labels={one ? 'minmax(120px, 40%)' : 'minmax(150px, 46%)'}
        onEnter={(key) => {
          const address = parseFeatureKey(key);
          if (address) setFocus(address);
        }}
        onLeave={clearFocus}
      />
    </Figure>
  );
}
