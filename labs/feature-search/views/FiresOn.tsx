import { useMemo, type ReactElement } from 'react';
import { ACTIVATION_STEPS } from '../../../core/dashboards/record.ts';
import { TOKENS_KEPT, type TokenIndex } from '../../../core/dashboards/tokens.ts';
import type { SaeEntry } from '../../../app/state/catalogue.ts';
import { loadTokenIndex, useTokenIndex } from '../../../app/state/token-index.ts';
import { Part } from '../../../app/state/embed-parts.tsx';
import { Skeleton } from '../../../app/ui/Disclosure.tsx';
import { ErrorNotice } from '../../../app/ui/Notice.tsx';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Figure } from '../../../app/views/Figure.tsx';
import { figure, percent, plural } from '../../../app/views/numbers.ts';
import { siteShort } from '../../../app/views/sites.ts';
import { quoteToken } from '../../../app/views/tokens.ts';
import { Hits, type Hit } from './Hits.tsx';
import { hitsSvg } from './picture.tsx';
import type { SearchContext } from './panel.tsx';
import styles from './search.module.css';
import { TokenForm } from './TokenForm.tsx';

const SHOWN = 100;

/** Features that fire on one token, as far as the stored examples tell. Nothing is run. */
export function FiresOn({ context }: { readonly context: SearchContext }): ReactElement {
  const { props, model } = context;
  const { spec, setView } = props;
  const state = useTokenIndex(spec.model);
  return (
    <div className={styles.stack}>
      <Part id="question">
        <TokenForm
          token={spec.view.firesOn}
          hint="One token, · for a space. Words within a text begin with one; it is added where only that is known."
          onSubmit={(token) => setView({ firesOn: token })}
          action="Find"
        />
      </Part>
      <Part id="results">
        {state.state === 'failed' ? (
          <ErrorNotice error={state.error} onRetry={() => void loadTokenIndex(spec.model)} />
        ) : state.state === 'none' ? (
          <p className={styles.empty}>
            Nothing is stored about the tokens on which features of {spec.model} fire. It is made with “vitrine dashboards”.
          </p>
        ) : state.state === 'loading' || model === null ? (
          <Skeleton height="120px" label="The tokens of stored examples are on their way" />
        ) : (
          <Answer context={context} index={state.index} saes={model.saes} />
        )}
      </Part>
    </div>
  );
}

interface AnswerProps {
  readonly context: SearchContext;
  readonly index: TokenIndex;
  readonly saes: readonly SaeEntry[];
}

function Answer({ context, index, saes }: AnswerProps): ReactElement {
  const { props, names, file, text } = context;
  const { view, model } = props.spec;
  const scheme = useScheme();
  const found = useMemo(() => firesOn(index, saes, view.firesOn), [index, saes, view.firesOn]);
  if (!found) return <p className={styles.empty}>No stored example is about {quoteToken({ id: -1, text: view.firesOn })}.</p>;
  const { token, rows, left } = found;
  const word = quoteToken({ id: -1, text: token });
  const [first] = rows;
  const hits = rows.slice(0, SHOWN).map(({ sae, hook, feature, n, sample, share }): Hit => ({
    key: `${sae}/${feature}`,
    sae,
    hook,
    feature,
    value: `${n} of ${sample}`,
    amount: sample === 0 ? NaN : n / sample,
    of: 'at random',
    fact: `up to ${percent(share)}`,
  }));
  return (
    <Figure
      title={`What fires on ${word}`}
      file={`${file}-fires`}
      caption={`${plural(rows.length, 'feature has', 'features have')} it among the tokens of ${rows.length === 1 ? 'its' : 'their'} stored examples${first ? `; feature ${first.feature} of ${siteShort(first.hook)} most: ${first.n} of ${first.sample} tokens on which it is active, drawn at random, are ${word}` : ''}. “Up to”: the largest activation on it among all stored examples, as a share of the feature’s maximum. Of each feature the ${TOKENS_KEPT} commonest are known, so one that seldom fires on it is missing.${left > 0 ? ` ${plural(left, 'dictionary has', 'dictionaries have')} other weights now and ${left === 1 ? 'is' : 'are'} left out.` : ''}`}
      data={{
        columns: ['dictionary', 'feature', 'of its random sample', 'sample', 'largest on it, share of its maximum'],
        rows: () => rows.map(({ sae, feature, n, sample, share }) => [sae, feature, n, sample, share]),
        format: figure,
      }}
      svg={() =>
        hitsSvg({ title: `What fires on ${word}`, model, hits, names, legend: 'share of a random sample of its tokens' }, scheme)
      }
    >
      <Hits label={`Features that fire on ${word}`} model={model} names={names} prompt={text} hits={hits} />
    </Figure>
  );
}

export interface FiringRow {
  readonly sae: string;
  readonly hook: string;
  readonly feature: number;
  /** How many of the `sample` random tokens on which it is active are this one. */
  readonly n: number;
  readonly sample: number;
  /** Largest activation on it among the stored examples, as a share of the feature's largest. */
  readonly share: number;
}

/**
 * The features that have a token among those of their stored examples: most of the random sample first, then largest activation.
 * A word without its space is looked for with one, where only that is known. Null where nothing is known of the token.
 */
export function firesOn(
  { texts, saes: stored }: TokenIndex,
  saes: readonly SaeEntry[],
  asked: string,
): { readonly token: string; readonly rows: readonly FiringRow[]; readonly left: number } | null {
  const exact = texts.indexOf(asked);
  const at = exact >= 0 ? exact : texts.indexOf(` ${asked}`);
  const token = texts[at];
  if (token === undefined) return null;
  let left = 0;
  const rows = stored.flatMap(({ id, digest, features }): FiringRow[] => {
    const entry = saes.find((sae) => sae.id === id);
    if (!entry || entry.sha256 !== digest) {
      left++;
      return [];
    }
    return features.flatMap(({ sample, tokens }, feature) => {
      const here = tokens.find((known) => known.token === at);
      return here ? [{ sae: id, hook: entry.hookName, feature, n: here.n, sample, share: here.code / ACTIVATION_STEPS }] : [];
    });
  });
  const part = ({ n, sample }: FiringRow): number => (sample > 0 ? n / sample : 0);
  return { token, rows: rows.sort((a, b) => part(b) - part(a) || b.share - a.share), left };
}
