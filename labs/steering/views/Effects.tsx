import type { ReactElement } from 'react';
import { featureLink } from '../../../core/share/feature-address.ts';
import { Notice } from '../../../app/ui/Notice.tsx';
import { Table } from '../../../app/ui/Table.tsx';
import { count, number, percent, signed } from '../../../app/views/numbers.ts';
import { siteShort } from '../../../app/views/sites.ts';
import { Waiting } from '../../../app/views/Waiting.tsx';
import type { Shown } from '../lib/shown.ts';
import { LOSS_RISE, REPEATED, troubles, type Trouble } from '../lib/warnings.ts';
import { steerName } from './words.tsx';
import type { MovedFeature, SteerFacts } from '../result.ts';
import { steerKey, type Steer } from '../spec.ts';
import styles from './steering.module.css';

export interface EffectsProps {
  readonly shown: Shown | null;
  readonly running: boolean;
  readonly steers: readonly Steer[];
  readonly label: (sae: string, feature: number) => string | null;
}

/** What the steering did: to what was steered, and to the model's language. */
export function Effects({ shown, running, steers, label }: EffectsProps): ReactElement {
  const { measured, neutral } = shown ?? { measured: null, neutral: null };
  if (!measured)
    return running ? (
      <Waiting label="What it did is measured once the text is written" rows={6} />
    ) : (
      <p className={styles.note}>Run to see what it does.</p>
    );
  const found = troubles(measured.coherence, neutral);
  const { loss, repeats } = measured.coherence;
  const rows: readonly Row[] = [
    ...steers.flatMap((steer): Row[] => {
      const facts = measured.steers.find(({ key }) => key === steerKey(steer));
      if (!facts) return [];
      const name = steerName(steer, steer.kind === 'feature' ? label(steer.sae, steer.feature) : null);
      return [
        {
          key: `${facts.key}`,
          what: name,
          unit: unitOf(facts),
          values: [facts.reading.default, facts.reading.text, facts.reading.steered],
        },
      ];
    }),
    {
      key: 'loss',
      what: 'surprise of the unsteered model',
      unit: 'nats per new token',
      values: [loss.default, loss.steered, null],
    },
    {
      key: 'repeats',
      what: 'repeated 4-grams',
      unit: 'share of all',
      values: [repeats.default, repeats.steered, null],
      percent: true,
    },
    ...(neutral
      ? [
          {
            key: 'neutral',
            what: 'loss on neutral text',
            unit: `nats per token, n = ${count(neutral.tokens)}`,
            values: [neutral.default, null, neutral.steered] as const,
          },
        ]
      : []),
  ];
  return (
    <div className={styles.stack}>
      {found.length > 0 && (
        <Notice tone={found.some((trouble) => trouble !== 'loss') ? 'warn' : 'plain'} title={titleOf(found)}>
          {found.map((trouble) => (
            <p key={trouble}>{explain(trouble, shown)}</p>
          ))}
        </Notice>
      )}
      <Table
        caption="Readings, losses and repeats"
        rows={rows}
        rowKey={({ key }) => key}
        columns={[
          {
            key: 'what',
            label: 'mean over the new tokens',
            cell: whatCell,
          },
          { key: 'default', label: 'by itself', numeric: true, cell: (row) => value(row, 0) },
          { key: 'text', label: 'in the words', numeric: true, cell: (row) => value(row, 1) },
          { key: 'steered', label: 'with steering', numeric: true, cell: (row) => value(row, 2) },
        ]}
      />
      <p className={styles.note}>
        “In the words”: of the steered text, read by the model without steering. “With steering”: the same words, with the
        steering at work.
      </p>
      {neutral && (
        <p className={styles.note}>
          Neutral text: {neutral.name}; {neutral.texts} documents, steered at every token. Change{' '}
          {signed(neutral.steered - neutral.default)} nats per token.
        </p>
      )}
    </div>
  );
}

export interface MovedProps {
  readonly model: string;
  readonly moved: readonly MovedFeature[];
  readonly label: (sae: string, feature: number) => string | null;
  readonly hookOf: (sae: string) => string;
}

/** What else the steering moved. */
export function Moved({ model, moved, label, hookOf }: MovedProps): ReactElement | null {
  if (moved.length === 0) return null;
  return (
    <section aria-label="Other features that it moves">
      <h2>Other features that it moves, on the same words</h2>
      <ul className={styles.moved}>
        {moved.map(({ sae, feature, without, with: steered }) => (
          <li key={`${sae}/${feature}`}>
            <a href={featureLink({ model, sae, feature })}>{label(sae, feature) ?? `feature ${feature}`}</a>{' '}
            <span className={styles.place}>{siteShort(hookOf(sae))}</span>
            <span className={styles.change}>
              {number(without)} → {number(steered)}
            </span>
          </li>
        ))}
      </ul>
      <p className={styles.note}>
        Mean activation without and with the steering. A direction is not one feature alone: it overlaps with others.
      </p>
    </section>
  );
}

interface Row {
  readonly key: string;
  readonly what: string;
  readonly unit: string;
  /** By itself; steered text read without; with. Null where there is no such thing. */
  readonly values: readonly [number | null, number | null, number | null];
  readonly percent?: boolean;
}

const whatCell = ({ what, unit }: Row): ReactElement => (
  <>
    {what} <span className={styles.unit}>{unit}</span>
  </>
);

const value = (row: Row, i: 0 | 1 | 2): string => {
  const x = row.values[i];
  if (x === null) return '';
  return row.percent === true ? percent(x) : number(x);
};

const unitOf = ({ unit, scale }: SteerFacts): string =>
  unit === 'vector' ? 'times v' : unit === 'max' ? `activation, largest known ${number(scale)}` : 'activation';

/** Loss alone may be the point of it; repetition, or loss on unrelated text, is damage. */
const titleOf = (found: readonly Trouble[]): string =>
  found.some((trouble) => trouble !== 'loss')
    ? 'This looks more like damage than like a change of mind'
    : 'The model would hardly write this by itself';

function explain(trouble: Trouble, shown: Shown | null): string {
  const { loss, repeats } = shown?.measured?.coherence ?? {
    loss: { default: NaN, steered: NaN },
    repeats: { default: NaN, steered: NaN },
  };
  const neutral = shown?.neutral;
  switch (trouble) {
    case 'repeats':
      return `The steered text repeats itself: ${percent(repeats.steered ?? NaN)} of its 4-grams were there before (${percent(repeats.default ?? NaN)} by itself; warned from ${percent(REPEATED)}). Turn the strength down.`;
    case 'loss':
      return `Without steering it finds the steered text unlikely: ${number(loss.steered)} nats per token instead of ${number(loss.default)} for its own (said from +${LOSS_RISE}). That may be what you want; read whether the words still hold together.`;
    case 'neutral':
      return `With this steering the model reads ordinary text much worse: ${number(neutral?.steered ?? NaN)} nats per token instead of ${number(neutral?.default ?? NaN)} (warned from +${LOSS_RISE}).`;
  }
}
