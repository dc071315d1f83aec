import type { ReactElement } from 'react';
import { featureLink } from '../../../core/share/feature-address.ts';
import { tokensSvg, type TokensPicture } from '../../../app/charts/export/plots.ts';
import { barsSvg } from '../../../app/charts/export/svg.ts';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Notice } from '../../../app/ui/Notice.tsx';
import { Table } from '../../../app/ui/Table.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { count, figure, number, percent, signed } from '../../../app/views/numbers.ts';
import { siteShort } from '../../../app/views/sites.ts';
import { Waiting } from '../../../app/views/Waiting.tsx';
import type { Shown } from '../lib/shown.ts';
import { LOSS_RISE, REPEATED, troubles, type Trouble } from '../lib/warnings.ts';
import { FeatureName } from './FeatureName.tsx';
import { steerName, type NameOf } from './words.tsx';
import type { MovedFeature, SteerFacts } from '../result.ts';
import { steerKey, type Steer } from '../spec.ts';
import styles from './steering.module.css';

export interface EffectsProps {
  readonly shown: Shown | null;
  readonly running: boolean;
  readonly steers: readonly Steer[];
  readonly nameOf: NameOf;
  /** Begins the names of files. */
  readonly file: string;
}

/** What the steering did: to what was steered, and to the model's language. */
export function Effects({ shown, running, steers, nameOf, file }: EffectsProps): ReactElement {
  const scheme = useScheme();
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
      const name = steerName(steer, nameOf);
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
      <Figure
        name="What it did"
        caption="“In the words”: of the steered text, read by the model without steering. “With steering”: the same words, with the steering at work."
        data={{
          columns: ['mean over the new tokens', 'unit', 'by itself', 'in the words', 'with steering'],
          rows: () => rows.map(({ what, unit, values }) => [what, unit, ...values.map((x) => x ?? NaN)]),
          format: (x) => (Number.isNaN(x) ? '' : number(x)),
        }}
        file={`${file}-effects`}
        svg={() => tokensSvg(tableOf(rows), scheme)}
      >
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
      </Figure>
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
  readonly nameOf: NameOf;
  readonly hookOf: (sae: string) => string;
  readonly file: string;
}

/** What else the steering moved. */
export function Moved({ model, moved, nameOf, hookOf, file }: MovedProps): ReactElement | null {
  const scheme = useScheme();
  if (moved.length === 0) return null;
  const most = Math.max(...moved.map((m) => Math.abs(m.with - m.without)));
  const name = (m: MovedFeature): string => [m.feature, nameOf(m.sae, m.feature).name ?? ''].join(' ').trim();
  return (
    <section aria-label="Other features that it moves">
      <Figure
        title="Other features that it moves, on the same words"
        caption="Mean activation without and with the steering. A direction is not one feature alone: it overlaps with others."
        data={{
          columns: ['dictionary', 'feature', 'label', 'without', 'with'],
          rows: () => moved.map((m) => [m.sae, m.feature, nameOf(m.sae, m.feature).name ?? '', m.without, m.with]),
          format: figure,
        }}
        file={`${file}-moved`}
        svg={() =>
          barsSvg(
            {
              title: 'Other features that the steering moves',
              bars: moved.map((m) => ({
                label: `${siteShort(hookOf(m.sae))} · ${name(m)}`,
                value: m.with - m.without,
                text: `${number(m.without)} → ${number(m.with)}`,
              })),
              full: most,
              signed: true,
              legend: `change of the mean activation on the same words; full bar: ${number(most)}`,
            },
            scheme,
          )
        }
      >
        <ul className={styles.moved}>
          {moved.map(({ sae, feature, without, with: steered }) => (
            <li key={`${sae}/${feature}`}>
              <FeatureName href={featureLink({ model, sae, feature })} name={nameOf(sae, feature)} />{' '}
              <span className={styles.place}>
                {siteShort(hookOf(sae))} · {feature}
              </span>
              <span className={styles.change}>
                {number(without)} → {number(steered)}
              </span>
            </li>
          ))}
        </ul>
      </Figure>
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

/** The table as a picture: a line a row. */
function tableOf(rows: readonly Row[]): TokensPicture {
  const cells = (texts: readonly string[]): TokensPicture['lines'][number]['tokens'] =>
    texts.map((text) => ({ text: text.padStart(14), share: 0 }));
  return {
    title: 'What the steering did: means over the new tokens',
    lines: [
      { value: '', tokens: cells(['by itself', 'in the words', 'with steering']) },
      ...rows.map((row) => ({
        value: `${row.what}, ${row.unit}`,
        tokens: cells([value(row, 0), value(row, 1), value(row, 2)]),
      })),
    ],
    legend: '“in the words”: the steered text, read without steering; “with steering”: with the steering at work',
  };
}

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
