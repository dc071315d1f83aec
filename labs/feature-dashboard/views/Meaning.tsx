import { useState, type FormEvent, type ReactElement } from 'react';
import type { MatchScore, VariableMatch } from '../../../core/dashboards/types.ts';
import { steerLink } from '../../../core/share/steer-link.ts';
import { setLabel, useLabel } from '../../../app/state/labels.ts';
import { Button, LinkButton } from '../../../app/ui/Button.tsx';
import { Disclosure } from '../../../app/ui/Disclosure.tsx';
import { TextField } from '../../../app/ui/Field.tsx';
import { Table, type Column } from '../../../app/ui/Table.tsx';
import { AddToList } from '../../../app/views/AddToList.tsx';
import { count, number, percent } from '../../../app/views/numbers.ts';
import { NAMED_FROM, variableCode, truthWords } from '../../../app/views/variable-words.ts';
import type { DashboardContext } from './panel.tsx';
import styles from './dashboard.module.css';

interface Row {
  readonly what: string;
  readonly code: string;
  readonly on: string;
  readonly score: MatchScore;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    key: 'what',
    label: 'Variable',
    cell: (row) => (
      <>
        {row.what} <code className={styles.code}>{row.code}</code>
      </>
    ),
  },
  { key: 'on', label: 'Counts as on', cell: (row) => row.on },
  { key: 'precision', label: 'Precision', numeric: true, cell: (row) => number(row.score.precision) },
  { key: 'recall', label: 'Recall', numeric: true, cell: (row) => number(row.score.recall) },
  { key: 'f1', label: 'F1', numeric: true, cell: (row) => <b>{number(row.score.f1)}</b> },
  { key: 'n', label: 'Both / on / variable', numeric: true, cell: ({ score }) => counts(score) },
];

const counts = ({ both, fired, variable }: MatchScore): string => `${count(both)} / ${count(fired)} / ${count(variable)}`;

/** What the ground truth says of the feature, and what the reader calls it. */
export function Meaning({ context }: { readonly context: DashboardContext }): ReactElement {
  const { matches, stats } = context.dashboard;
  const { best } = matches;
  return (
    <section className={styles.meaning} aria-label="What it means">
      <p>{best ? sentence(best) : nothing(stats.active)}</p>
      <OwnLabel key={`${context.sae}/${context.feature}`} context={context} />
      {best && (
        <Disclosure title="How well the runner-up and a single token do, and how this was computed">
          <Scores context={context} />
        </Disclosure>
      )}
    </section>
  );
}

const nothing = (active: number): string =>
  active === 0
    ? 'It was active on no token of the corpus, so the ground truth says nothing about it.'
    : 'No latent variable of the curriculum matches it at all.';

function sentence({ variable, score, threshold }: VariableMatch): string {
  const when = threshold > 0 ? `Above ${number(threshold)} it` : 'It';
  const named = score.f1 >= NAMED_FROM ? 'Best-matching' : 'No variable matches it well; the closest';
  return `${named} latent variable: ${truthWords(variable)}. ${when} is right on ${percent(score.precision)} of its tokens (precision) and finds ${percent(score.recall)} of the variable’s (recall): F1 ${number(score.f1)}.`;
}

const onFrom = (threshold: number): string => (threshold > 0 ? `above ${number(threshold)}` : 'active at all');

function Scores({ context }: { readonly context: DashboardContext }): ReactElement {
  const { matches, corpus } = context.dashboard;
  const row = (match: VariableMatch, score: MatchScore, threshold: number): Row => ({
    what: truthWords(match.variable),
    code: variableCode(match.variable),
    on: onFrom(threshold),
    score,
  });
  const rows = [
    ...(matches.best ? [row(matches.best, matches.best.score, matches.best.threshold)] : []),
    ...(matches.best && matches.best.threshold > 0 ? [row(matches.best, matches.best.active, 0)] : []),
    ...(matches.runnerUp ? [{ ...row(matches.runnerUp, matches.runnerUp.score, matches.runnerUp.threshold) }] : []),
    ...(matches.token ? [row(matches.token, matches.token.score, matches.token.threshold)] : []),
  ];
  return (
    <div className={styles.scores}>
      <Table
        caption="Variables that match the feature"
        columns={COLUMNS}
        rows={rows}
        rowKey={(r, i) => `${i}-${r.code}`}
        empty="None."
      />
      <p className={styles.note}>
        The curriculum that wrote the text knows the variable behind every word. Variable and threshold were chosen on the
        documents with even numbers (largest F1 there); the scores are of the {count(matches.tokens)} tokens of the documents with
        odd numbers, of {count(corpus.documents)} documents in all. The last row asks whether one token of the vocabulary alone
        explains the feature. From F1 {number(NAMED_FROM)} on, the variable names the feature; a match is no proof that the model
        uses it so.
      </p>
    </div>
  );
}

/** The field takes the focus as it appears; a function of its own, so that it does so once. */
const focus = (field: HTMLInputElement | null): void => field?.focus();

function OwnLabel({ context }: { readonly context: DashboardContext }): ReactElement {
  const { spec, sae, feature } = context;
  const ref = { model: spec.model, sae, feature };
  const own = useLabel(ref);
  const [draft, setDraft] = useState<string | null>(null);
  const save = (event: FormEvent): void => {
    event.preventDefault();
    void setLabel(ref, draft ?? '');
    setDraft(null);
  };
  if (draft === null)
    return (
      <p className={styles.own}>
        {own !== null && <span>You call it “{own}”.</span>}
        <Button onClick={() => setDraft(own ?? '')}>{own === null ? 'Label it' : 'Rename it'}</Button>
        <AddToList item={ref} name={own ?? `Feature ${feature}`} prompt={context.prompt} />
        {(spec.view.parts ?? ['steer']).includes('steer') && (
          <LinkButton href={steerLink({ ...ref, strength: 2, ...(context.prompt === '' ? {} : { prompt: context.prompt }) })}>
            Steer with it
          </LinkButton>
        )}
      </p>
    );
  return (
    <form className={styles.own} onSubmit={save}>
      <TextField
        label="Your label"
        hideLabel
        placeholder="What you would call it"
        maxLength={120}
        value={draft}
        onChange={setDraft}
        ref={focus}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setDraft(null);
        }}
      />
      <Button size="s" type="submit">
        {draft.trim() === '' && own !== null ? 'Remove' : 'Save'}
      </Button>
      <Button size="s" variant="quiet" onClick={() => setDraft(null)}>
        Cancel
      </Button>
    </form>
  );
}
