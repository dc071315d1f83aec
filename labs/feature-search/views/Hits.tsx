import { memo, type ReactElement } from 'react';
import { parseHook } from '../../../core/hooks.ts';
import { featureLink } from '../../../core/share/feature-address.ts';
import { steerLink } from '../../../core/share/steer-link.ts';
import { SparkCells } from '../../../app/charts/SparkCells.tsx';
import { clearFocus, setFocus, useFocus } from '../../../app/state/focus.ts';
import { cx } from '../../../app/ui/cx.ts';
import { AddToList } from '../../../app/views/AddToList.tsx';
import { matchText, nameSource, nameText, type Naming } from '../../../app/views/names.ts';
import { siteShort } from '../../../app/views/sites.ts';
import styles from './search.module.css';

export interface Hit {
  readonly key: string;
  readonly sae: string;
  readonly hook: string;
  readonly feature: number;
  /** Over the prompt, as shares of a full cell; leave out where there is no prompt. */
  readonly shares?: ArrayLike<number>;
  /** The number that it was found by, with its sign where it has one. */
  readonly value: string;
  /** The same as a number, for the bar of a picture; NaN where there is none. */
  readonly amount: number;
  /** What that number is relative to, in a few words. */
  readonly of: string;
  /** How common the feature is, or another fact. */
  readonly fact: string;
}

export interface HitsProps {
  readonly label: string;
  readonly model: string;
  readonly hits: readonly Hit[];
  readonly names: Naming;
  /** The text that a dashboard, a list or steering begins with. */
  readonly prompt: string;
}

/** Found features, best first; each opens its dashboard with the same text on it, goes on a list, or is steered with. */
export function Hits({ label, model, hits, names, prompt }: HitsProps): ReactElement {
  return (
    <ol className={styles.hits} aria-label={label} data-hits="">
      {hits.map((hit, i) => (
        <Row
          key={hit.key}
          rank={i + 1}
          hit={hit}
          model={model}
          prompt={prompt}
          {...names({ model, sae: hit.sae, feature: hit.feature })}
        />
      ))}
    </ol>
  );
}

interface RowProps extends Pick<HitsProps, 'model' | 'prompt'>, ReturnType<Naming> {
  readonly rank: number;
  readonly hit: Hit;
}

/** Names arrive dictionary by dictionary: a row whose own did not is not drawn again. */
const Row = memo(function Row({ rank, hit, model, prompt, ...called }: RowProps): ReactElement {
  const { sae, feature, hook } = hit;
  const ref = { model, sae, feature };
  const [name, match] = [nameText(called), matchText(called)];
  const layer = parseHook(hook)?.layer;
  const focus = { sae, feature, ...(layer === null || layer === undefined ? {} : { layer }) };
  const lit = useFocus((at) => at?.sae === sae && at.feature === feature);
  const which = `feature ${feature} of ${siteShort(hook)}`;
  return (
    // Hovering only lights up the strip; the link does the same when it has the focus.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <li
      className={cx(styles.hit, lit && styles.lit, hit.shares && styles.withCells)}
      onMouseEnter={() => setFocus(focus)}
      onMouseLeave={clearFocus}
    >
      <span className={styles.rank}>{rank}</span>
      <a
        className={styles.name}
        href={featureLink(ref, prompt)}
        onFocus={() => setFocus(focus)}
        onBlur={clearFocus}
        data-tip={[name, nameSource(called)].filter(Boolean).join('. ')}
        aria-label={`${which.charAt(0).toUpperCase()}${which.slice(1)}: ${name}${match === '' ? '' : `, a match with ${match}`}. ${hit.value} ${hit.of}. Open its dashboard`}
      >
        <span className={cx(styles.text, called.name === null && styles.unnamed)}>{name}</span>
        <span className={styles.place}>
          {siteShort(hook)} · {feature}
          {/* Where features are found by it, it stands in a column of its own. */}
          {match !== '' && match !== hit.value && ` · ${match}`}
        </span>
      </a>
      {hit.shares && (
        <span className={styles.cells}>
          <SparkCells shares={hit.shares} onEnter={(pos) => setFocus({ ...focus, pos })} />
        </span>
      )}
      <span className={styles.value}>{hit.value}</span>
      <span className={styles.facts}>
        <span className={styles.of}>{hit.of}</span>
        <span className={styles.fact}>{hit.fact}</span>
      </span>
      <span className={styles.actions}>
        <AddToList item={ref} name={which} trigger="List" prompt={prompt} variant="quiet" />
        <a href={steerLink({ ...ref, ...(prompt === '' ? {} : { prompt }) })} aria-label={`Steer with ${which}`}>
          Steer
        </a>
      </span>
    </li>
  );
});
