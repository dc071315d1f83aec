import { useMemo, useState, type ReactElement } from 'react';
import type { Variable } from '../../../core/dashboards/types.ts';
import type { SaeEntry } from '../../../app/state/catalogue.ts';
import { dictionaries, type DictionaryState } from '../../../app/state/dictionary-index.ts';
import { Part } from '../../../app/state/embed-parts.tsx';
import { Skeleton } from '../../../app/ui/Disclosure.tsx';
import { ComboBox } from '../../../app/ui/ComboBox.tsx';
import { ErrorNotice } from '../../../app/ui/Notice.tsx';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Figure } from '../../../app/views/Figure.tsx';
import { useDictionaries } from '../../../app/views/names.ts';
import { count, number, percent, plural } from '../../../app/views/numbers.ts';
import { siteShort } from '../../../app/views/sites.ts';
import { truthWords, variableCode } from '../../../app/views/variable-words.ts';
import { Hits, type Hit } from './Hits.tsx';
import { hitsSvg } from './picture.tsx';
import type { SearchContext } from './panel.tsx';
import styles from './search.module.css';

const SHOWN = 100;

interface Match {
  readonly sae: string;
  readonly hook: string;
  readonly feature: number;
  readonly f1: number;
  readonly density: number;
  readonly max: number;
}

/** Features by the latent variable of the curriculum that they tell best. */
export function ByVariable({ context }: { readonly context: SearchContext }): ReactElement {
  const { props, model } = context;
  const { spec, setView } = props;
  const saes = useMemo(() => model?.saes ?? [], [model]);
  const known = useDictionaries(
    spec.model,
    saes.map(({ id }) => id),
  );
  const table = useMemo(() => variableTable(spec.model, saes, known), [spec.model, saes, known]);
  const [typed, setTyped] = useState<string | null>(null);
  const states = saes.map(({ id }) => known[`${spec.model}/${id}`]);
  const failed = states.find((state) => state?.state === 'failed');
  const loading = model === null || states.some((state) => state === undefined || state.state === 'loading');
  const chosen = table.get(spec.view.variable);
  if (failed?.state === 'failed')
    return <ErrorNotice error={failed.error} onRetry={() => saes.forEach(({ id }) => void dictionaries.load(spec.model, id))} />;
  if (table.size === 0)
    return loading ? (
      <Skeleton height="120px" label="What features tell is on its way" />
    ) : (
      <p className={styles.empty}>
        Nothing is stored about what the features of {spec.model} tell. It is made once per dictionary, with “vitrine dashboards”.
      </p>
    );
  const text = typed ?? (chosen ? truthWords(chosen.variable) : '');
  return (
    <div className={styles.stack}>
      <Part id="question">
        <ComboBox
          label="Latent variable of the text"
          inputValue={text}
          placeholder="a name, a year, the last token of …"
          items={suggestions(table, typed === null ? '' : text)}
          onInputChange={(next) => setTyped(next)}
          onPick={(code) => {
            setTyped(null);
            setView({ variable: code });
          }}
        />
      </Part>
      <Part id="results">
        {chosen ? (
          <Answer context={context} variable={chosen.variable} matches={chosen.matches} partial={loading} />
        ) : (
          <p className={styles.empty}>
            {spec.view.variable === ''
              ? `${count(table.size)} variables of the curriculum are told best by some feature. Pick one to see which.`
              : 'No feature tells that variable best. Pick another one.'}
          </p>
        )}
      </Part>
    </div>
  );
}

interface AnswerProps {
  readonly context: SearchContext;
  readonly variable: Variable;
  readonly matches: readonly Match[];
  /** Some dictionaries are not looked at yet. */
  readonly partial: boolean;
}

function Answer({ context, variable, matches, partial }: AnswerProps): ReactElement {
  const { props, names, text, file } = context;
  const [first] = matches;
  const words = truthWords(variable);
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  const scheme = useScheme();
  const hits = matches.slice(0, SHOWN).map(({ sae, hook, feature, f1, density, max }): Hit => ({
    key: `${sae}/${feature}`,
    sae,
    hook,
    feature,
    value: `F1 ${number(f1)}`,
    amount: f1,
    of: `max ${number(max)}`,
    fact: `on ${percent(density)}`,
  }));
  return (
    <Figure
      title={title}
      file={`${file}-variable`}
      caption={`${plural(matches.length, 'feature tells', 'features tell')} this variable better than any other${first ? `; the best is feature ${first.feature} of ${siteShort(first.hook)}, F1 ${number(first.f1)}` : ''}. F1 is of the half of the stored corpus that had no say in choosing variable and threshold. A feature is listed under its best variable only; precision, recall and the runner-up are on its dashboard.${partial ? ' More dictionaries are on their way.' : ''}`}
      data={{
        columns: ['dictionary', 'feature', 'F1', 'density', 'largest activation'],
        rows: () => matches.map(({ sae, feature, f1, density, max }) => [sae, feature, f1, density, max]),
        format: (x) => number(x),
      }}
      svg={() =>
        hitsSvg({ title, model: props.spec.model, hits, names, legend: 'F1 of the variable, on text that had no say' }, scheme)
      }
    >
      <Hits label="Features found" model={props.spec.model} names={names} prompt={text} hits={hits} />
    </Figure>
  );
}

type Variables = ReadonlyMap<string, { readonly variable: Variable; readonly matches: readonly Match[] }>;

/** Which features tell each variable best, by the variable's names in the curriculum; strongest match first. */
export function variableTable(
  model: string,
  saes: readonly SaeEntry[],
  known: Readonly<Record<string, DictionaryState>>,
): Variables {
  const table = new Map<string, { variable: Variable; matches: Match[] }>();
  for (const { id: sae, hookName: hook } of saes) {
    const state = known[`${model}/${sae}`];
    if (state?.state !== 'ready') continue;
    const { best, variables, active, max, corpus } = state.index;
    for (const [feature, match] of best.entries()) {
      const variable = match ? variables[match[0]] : undefined;
      if (!match || !variable) continue;
      const code = variableCode(variable);
      const entry = table.get(code) ?? { variable, matches: [] };
      table.set(code, entry);
      const density = corpus.tokens > 0 ? (active[feature] ?? 0) / corpus.tokens : NaN;
      entry.matches.push({ sae, hook, feature, f1: match[1], density, max: max[feature] ?? NaN });
    }
  }
  for (const { matches } of table.values()) matches.sort((a, b) => b.f1 - a.f1);
  return table;
}

/** Variables whose words hold what was typed, those that are told best first. */
function suggestions(table: Variables, typed: string): { id: string; label: string; hint: string }[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return [...table]
    .map(([id, { variable, matches }]) => ({ id, label: truthWords(variable), matches }))
    .filter(({ id, label }) => words.every((word) => `${label} ${id}`.toLowerCase().includes(word)))
    .sort((a, b) => (b.matches[0]?.f1 ?? 0) - (a.matches[0]?.f1 ?? 0))
    .slice(0, 60)
    .map(({ id, label, matches }) => ({
      id,
      label,
      hint: `${plural(matches.length, 'feature')}, best F1 ${number(matches[0]?.f1 ?? 0)}`,
    }));
}
