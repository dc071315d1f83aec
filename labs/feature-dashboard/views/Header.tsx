import { useState, type FormEvent, type ReactElement } from 'react';
import type { FeatureDashboard } from '../../../core/dashboards/types.ts';
import { useLabel } from '../../../app/state/labels.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { count, number, percent, plural } from '../../../app/views/numbers.ts';
import { architectureName, siteName } from '../../../app/views/sites.ts';
import { truthName } from '../../../app/views/variable-words.ts';
import { FeatureLink } from './FeatureLink.tsx';
import type { FeatureContext } from './panel.tsx';
import styles from './dashboard.module.css';

/** Which feature this is, what it is called, and the ways to its neighbours. */
export function Header({
  context,
  dashboard,
}: {
  readonly context: FeatureContext;
  readonly dashboard: FeatureDashboard | null;
}): ReactElement {
  const { spec, sae, feature, entry, dSae } = context;
  const own = useLabel({ model: spec.model, sae, feature });
  const truth = dashboard ? truthName(dashboard.matches.best) : null;
  const hook = dashboard?.hook ?? entry?.hookName ?? sae;
  const architecture = dashboard?.architecture ?? entry?.architecture;
  const l0 = dashboard?.stats.l0 ?? entry?.l0;
  return (
    <header className={styles.header}>
      <nav className={styles.nav} aria-label="Features of this dictionary">
        <Step context={context} to={feature - 1} words="Previous feature" sign="←" shortcut="k" />
        <Jump key={feature} context={context} />
        <Step context={context} to={feature + 1} words="Next feature" sign="→" shortcut="j" />
      </nav>
      <div className={styles.name}>
        <h1>{own ?? truth ?? (dashboard === null ? `Feature ${feature}` : 'No label yet')}</h1>
        {own !== null ? (
          <span className={styles.tag}>your label</span>
        ) : (
          truth !== null && <span className={styles.tag}>from ground truth</span>
        )}
      </div>
      <p className={styles.facts}>
        <a href={`#/models/${spec.model}`}>{spec.model}</a> ·{' '}
        <a href={`#/features/${spec.model}/${sae}`} data-tip="All features of this dictionary">
          {siteName(hook)}
        </a>{' '}
        <code>{sae}</code>
        {architecture !== undefined && ` · ${architectureName(architecture)}`}
        {dSae !== null && ` · ${plural(dSae, 'feature')}`}
        {typeof l0 === 'number' && ` · ${number(l0)} active per token (L0)`}
        {dashboard &&
          dashboard.stats.active > 0 &&
          ` · this one on ${percent(dashboard.stats.density)} of ${count(dashboard.stats.tokens)} tokens`}
      </p>
    </header>
  );
}

interface StepProps {
  readonly context: FeatureContext;
  readonly to: number;
  readonly words: string;
  readonly sign: string;
  readonly shortcut: string;
}

function Step({ context, to, words, sign, shortcut }: StepProps): ReactElement {
  const there = to >= 0 && (context.dSae === null || to < context.dSae);
  const inside = sign === '←' ? `← ${to}` : `${to} →`;
  if (!there) return <span className={styles.step} aria-hidden="true" />;
  return (
    <span className={styles.step} data-tip={`${words} (${shortcut})`}>
      <FeatureLink context={context} feature={to} label={`${words}: ${to}`}>
        {inside}
      </FeatureLink>
    </span>
  );
}

function Jump({ context }: { readonly context: FeatureContext }): ReactElement {
  const { feature, dSae, go } = context;
  const [typed, setTyped] = useState(String(feature));
  const asked = /^\d{1,8}$/.test(typed.trim()) ? Number(typed) : NaN;
  const valid = Number.isInteger(asked) && (dSae === null || asked < dSae);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (valid && asked !== feature) go(asked);
  };
  return (
    <form className={styles.jump} onSubmit={submit}>
      <label>
        feature{' '}
        <input
          inputMode="numeric"
          aria-label="Feature, by its number"
          aria-invalid={!valid || undefined}
          value={typed}
          size={Math.max(3, String(dSae ?? 9999).length)}
          onChange={(event) => setTyped(event.target.value)}
          onFocus={(event) => event.target.select()}
        />
      </label>
      {/* Numbers begin at 0, so the last is one less than there are. */}
      <span>of 0 – {dSae === null ? '…' : count(dSae - 1)}</span>
      {typed.trim() !== String(feature) && (
        <Button size="s" type="submit" disabled={!valid}>
          {valid || typed.trim() === '' ? 'Go' : 'Not there'}
        </Button>
      )}
    </form>
  );
}
