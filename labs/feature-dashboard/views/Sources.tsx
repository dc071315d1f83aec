import { useState, type ReactElement } from 'react';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import type { TokenText } from '../../../core/tokens.ts';
import { Bars, type Bar } from '../../../app/charts/Bars.tsx';
import { barsSvg } from '../../../app/charts/export/svg.ts';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Segmented } from '../../../app/ui/Segmented.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { figure, number, signed } from '../../../app/views/numbers.ts';
import { quoteToken, showTokens } from '../../../app/views/tokens.ts';
import type { SourceAttribution } from '../result.ts';
import styles from './dashboard.module.css';

const SHOWN = 10;

export interface SourcesProps {
  readonly tokens: readonly TokenText[];
  readonly sources: SourceAttribution;
  readonly bosId: number | null;
  readonly name: string;
  readonly file: string;
}

interface Source {
  /** Null: all heads together. */
  readonly head: number | null;
  readonly key: number;
  readonly value: number;
}

/** What each earlier token adds to the feature's value at one token, through all heads together or through each. */
export function Sources({ tokens, sources, bosId, name, file }: SourcesProps): ReactElement {
  const [apart, setApart] = useState(false);
  const scheme = useScheme();
  const { position, constant, value } = sources;
  const all = apart ? byHead(sources) : byToken(sources);
  const shown = strongest(all);
  const full = Math.max(1e-9, ...shown.map((s) => Math.abs(s.value)));
  const names = showTokens(tokens, bosId);
  const label = ({ head, key }: Source): string => `${head === null ? '' : `head ${head} · `}${names[key] ?? ''} ${key}`;
  const rest = all.reduce((sum, s) => sum + s.value, 0) - shown.reduce((sum, s) => sum + s.value, 0);
  return (
    <Figure
      title="Where it comes from"
      controls={
        <Segmented
          label="Through which heads"
          value={apart ? 'apart' : 'together'}
          options={[
            { value: 'together', label: 'all heads' },
            { value: 'apart', label: 'each head' },
          ]}
          onChange={(chosen) => setApart(chosen === 'apart')}
        />
      }
      caption={
        <>
          To the feature’s value on {quoteToken(tokens[position])} (token {position}), before its nonlinearity {signed(value)},
          the tokens up to it add {signed(value - constant)} and the encoder’s constant {signed(constant)}. A bar: attention to
          that token times what its value adds along the encoder row (direct feature attribution); exact, with the attention as it
          is.
          {all.length > shown.length && ` The ${shown.length} largest; the others add ${signed(rest)}.`}
        </>
      }
      data={{
        columns: ['head', 'token', 'position', 'adds'],
        rows: () => byHead(sources).map((s) => [s.head ?? '', tokens[s.key]?.text ?? '', s.key, s.value]),
        format: figure,
      }}
      file={`${file}-sources-${position}`}
      svg={() =>
        barsSvg(
          {
            title: `Where ${name} comes from on “${names[position] ?? ''}” (token ${position})`,
            bars: shown.map((s) => ({ label: label(s), value: s.value, text: signed(s.value) })),
            full,
            signed: true,
            legend: `direct feature attribution, the dictionary’s units; full bar: ${number(full)}`,
          },
          scheme,
        )
      }
    >
      <Bars
        label={`Tokens that ${name} reads`}
        bars={shown.map((s): Bar => ({
          key: `${s.head ?? ''}-${s.key}`,
          label: <span className={styles.source}>{label(s)}</span>,
          value: s.value,
          text: signed(s.value),
        }))}
        full={full}
        signed
        labels="150px"
      />
    </Figure>
  );
}

/** Every pair of a head and a token up to the one that is asked about. */
function byHead({ byHead: tensor, position }: SourceAttribution): Source[] {
  const [heads = 0, length = 0] = tensor.shape;
  const data = tensorData(tensor);
  return Array.from({ length: heads }, (_, head) =>
    Array.from({ length: Math.min(length, position + 1) }, (_, key) => ({ head, key, value: data[head * length + key] ?? 0 })),
  ).flat();
}

/** The same, summed over heads. */
export function byToken(sources: SourceAttribution): Source[] {
  const sums = new Map<number, number>();
  for (const { key, value } of byHead(sources)) sums.set(key, (sums.get(key) ?? 0) + value);
  return [...sums].map(([key, value]) => ({ head: null, key, value }));
}

const strongest = (all: readonly Source[]): Source[] =>
  [...all].sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.key - b.key).slice(0, SHOWN);
