import { useMemo, type ReactElement } from 'react';
import { Part } from '../../../app/state/embed-parts.tsx';
import { Segmented } from '../../../app/ui/Segmented.tsx';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Figure } from '../../../app/views/Figure.tsx';
import { number, percent, plural, signed } from '../../../app/views/numbers.ts';
import { siteShort } from '../../../app/views/sites.ts';
import { quoteToken } from '../../../app/views/tokens.ts';
import { effectRows, type EffectRow } from '../lib/rows.ts';
import { Controls } from './Controls.tsx';
import { Hits, type Hit } from './Hits.tsx';
import { withParams, type SearchContext } from './panel.tsx';
import { hitsSvg } from './picture.tsx';
import { Results } from './Results.tsx';
import styles from './search.module.css';
import { TokenForm } from './TokenForm.tsx';

/** Features whose direction raises or lowers the logit of one token. */
export function ByToken({ context }: { readonly context: SearchContext }): ReactElement {
  const { props, found, ask } = context;
  const { spec, running, stop, run } = props;
  const { params } = spec;
  return (
    <div className={styles.stack}>
      <Part id="question">
        <TokenForm
          token={params.token}
          hint="One token, · for a space. Words within a text begin with one; it is added where only that is a token."
          onSubmit={(token) => {
            props.setSpec(withParams({ token }));
            run();
          }}
          action="Run"
          onStop={running ? stop : undefined}
        />
        <div className={styles.controls}>
          <Segmented
            label="Effect of"
            showLabel
            value={params.effect}
            options={[
              { value: 'max', label: 'its largest activation' },
              { value: 'unit', label: 'one unit' },
            ]}
            onChange={(effect) => ask(withParams({ effect }))}
          />
          <Controls context={context} />
        </div>
      </Part>
      <Results context={context} found={found.effects.length > 0} waiting={running}>
        <Answer context={context} />
      </Results>
    </div>
  );
}

function Answer({ context }: { readonly context: SearchContext }): ReactElement {
  const { props, found, names, file, text } = context;
  const { params, model } = props.spec;
  const scheme = useScheme();
  const raises = useMemo(() => effectRows(found.effects, 'raises', params), [found.effects, params]);
  const lowers = useMemo(() => effectRows(found.effects, 'lowers', params), [found.effects, params]);
  const word = found.token ? quoteToken(found.token) : 'the token';
  const amount = (row: EffectRow): number => (params.effect === 'max' && !Number.isNaN(row.atMax) ? row.atMax : row.effect);
  const hit = (row: EffectRow): Hit => ({
    key: row.key,
    sae: row.sae,
    hook: row.hook,
    feature: row.feature,
    value: signed(amount(row)),
    amount: amount(row),
    of: params.effect === 'max' ? (Number.isNaN(row.atMax) ? 'a unit, max unknown' : `at ${number(row.maxKnown)}`) : 'a unit',
    fact: Number.isNaN(row.density) ? '' : `on ${percent(row.density)}`,
  });
  const side = (name: string, rows: readonly EffectRow[]): ReactElement => (
    <section aria-label={name}>
      <h3 className={styles.side}>{name}</h3>
      {rows.length === 0 ? (
        <p className={styles.empty}>No feature does.</p>
      ) : (
        <Hits label={name} model={model} hits={rows.map(hit)} names={names} prompt={text} />
      )}
    </section>
  );
  return (
    <Figure
      title={`What writes ${word}`}
      caption={finding(context, raises, word)}
      file={`${file}-token`}
      data={{
        columns: ['dictionary', 'feature', 'logits per unit', 'logits at max known', 'max known', 'density'],
        rows: () => [...raises, ...lowers].map((r) => [r.sae, r.feature, r.effect, r.atMax, r.maxKnown, r.density]),
        format: (x) => signed(x),
      }}
      svg={() =>
        hitsSvg(
          {
            title: `What writes ${word}`,
            model,
            hits: [...raises.slice(0, 20), ...lowers.slice(0, 20)].map(hit),
            names,
            legend: `logits ${params.effect === 'max' ? 'at the largest activation known' : 'a unit'}; + raises the token`,
          },
          scheme,
        )
      }
    >
      <div className={styles.halves}>
        {side(`Raise ${word}`, raises)}
        {side(`Lower ${word}`, lowers)}
      </div>
    </Figure>
  );
}

function finding({ props, found }: SearchContext, rows: readonly EffectRow[], word: string): string {
  const { params, saes = [] } = props.spec;
  const sum = (of: 'dead' | 'dense'): number => found.effects.reduce((total, site) => total + site[of], 0);
  const silent = found.effects.filter(({ writes }) => !writes).length;
  const [first] = rows;
  const best = first
    ? `Feature ${first.feature} of ${siteShort(first.hook)} raises ${word} most: ${params.effect === 'max' && !Number.isNaN(first.atMax) ? `${signed(first.atMax)} logits at its largest activation known, ${number(first.maxKnown)}` : `${signed(first.effect)} logits a unit`}.`
    : `No feature raises ${word}.`;
  const left = [
    sum('dead') > 0 ? `${plural(sum('dead'), 'feature was', 'features were')} never active on the card’s text and left out.` : '',
    sum('dense') > 0 ? `${plural(sum('dense'), 'is', 'are')} left out as too common.` : '',
    silent > 0 ? `${plural(silent, 'dictionary does', 'dictionaries do')} not write into the residual stream.` : '',
    found.done ? '' : `${found.effects.length} of ${saes.length} dictionaries are done.`,
  ].filter(Boolean);
  return `${best} ${left.join(' ')} Decoder rows through the unembedding alone, with the final norm at scale 1: what later layers make of a feature is not part of it.`;
}
