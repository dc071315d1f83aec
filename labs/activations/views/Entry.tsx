import { useCallback, useMemo, useState, type ReactElement } from 'react';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import { symmetricDomain } from '../../../core/stats/index.ts';
import type { TokenText } from '../../../core/tokens.ts';
import { Bars } from '../../../app/charts/Bars.tsx';
import { matrixSvg } from '../../../app/charts/export/svg.ts';
import { Heatmap } from '../../../app/charts/Heatmap.tsx';
import { Histogram } from '../../../app/charts/Histogram.tsx';
import { Legend } from '../../../app/charts/Legend.tsx';
import { signedColour, unsignedColour } from '../../../app/charts/scales/colour.ts';
import { useScheme } from '../../../app/charts/scheme.ts';
import { clearFocus, setFocus, useFocus } from '../../../app/state/focus.ts';
import { Segmented, Toggle } from '../../../app/ui/Segmented.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { count, number, percent, plural, signed } from '../../../app/views/numbers.ts';
import { quoteToken, showTokens } from '../../../app/views/tokens.ts';
import { headCount, sliceOf } from '../lib/slices.ts';
import type { ActivationEntry } from '../result.ts';
import type { ActivationsView } from '../spec.ts';
import styles from './activations.module.css';

export interface EntryProps {
  readonly entry: ActivationEntry;
  /** Entries of the same prompt: they share a scale where that is asked for. */
  readonly entries: readonly ActivationEntry[];
  readonly tokens: readonly TokenText[];
  readonly view: ActivationsView;
  readonly setView: (patch: Partial<ActivationsView>) => void;
  readonly file: string;
  readonly bosId: number | null;
}

/** One activation: map, statistics, histogram, and how large it is at each position. */
export function Entry(props: EntryProps): ReactElement {
  const { entry, tokens, file, bosId } = props;
  return (
    <div className={styles.entry}>
      <Map {...props} />
      <div className={styles.halves}>
        <Distribution entry={entry} file={file} />
        <Norms entry={entry} tokens={tokens} file={file} bosId={bosId} />
      </div>
    </div>
  );
}

/** Largest magnitude of an entry, or of all of them. */
const bound = (entries: readonly ActivationEntry[]): number =>
  symmetricDomain(entries.flatMap(({ summary }) => [summary.min, summary.max]))[1];

function Map({ entry, entries, tokens, view, setView, file, bosId }: EntryProps): ReactElement {
  const { tensor, summary, hook } = entry;
  const scheme = useScheme();
  const focusPos = useFocus((focus) => focus?.pos ?? null);
  const heads = headCount(tensor);
  const head = Math.min(view.head, Math.max(0, heads - 1));
  const slice = useMemo(() => sliceOf(tensor, head), [tensor, head]);
  const unsigned = view.scale === 'own' ? summary.min >= 0 : entries.every((other) => other.summary.min >= 0);
  const full = bound(view.scale === 'own' ? [entry] : entries);
  const colour = useCallback(
    (x: number): string => {
      const share = Number.isFinite(x) ? x / full : x > 0 ? 1 : NaN;
      return unsigned ? unsignedColour(share, scheme) : signedColour(share, scheme);
    },
    [unsigned, full, scheme],
  );
  // −∞ marks what the causal mask hides.
  const value = useCallback((row: number, column: number): number => masked(slice.at(row, column)), [slice]);
  const names = useMemo(() => showTokens(tokens, bosId), [tokens, bosId]);
  const rowNames = useMemo(() => Array.from({ length: slice.rows }, (_, i) => names[i] ?? String(i)), [slice, names]);
  const isKeys = slice.columnAxis === 'key';
  // Of many units only every so manyth is named.
  const every = slice.columns > 256 ? 64 : slice.columns > 40 ? 16 : 1;
  const columnNames = useMemo(
    () => Array.from({ length: slice.columns }, (_, i) => (isKeys ? (names[i] ?? '') : i % every === 0 ? String(i) : '')),
    [slice, isKeys, names, every],
  );
  const cell: readonly [number, number] = isKeys
    ? [side(slice.columns), side(slice.columns)]
    : [Math.max(3, Math.min(26, Math.floor(980 / slice.columns))), Math.max(14, Math.min(24, Math.floor(480 / slice.rows)))];
  const title = `${hook}${heads > 0 ? `, head ${head}` : ''}`;
  const largest = useMemo(() => extreme(slice, value), [slice, value]);
  return (
    <Figure
      title={<code>{title}</code>}
      controls={
        <Segmented
          label="Scale"
          value={view.scale}
          options={[
            { value: 'own', label: 'own scale' },
            { value: 'shared', label: 'one for all hooks' },
          ]}
          onChange={(scale) => setView({ scale })}
        />
      }
      caption={
        largest
          ? `${count(summary.count)} numbers, mean ${signed(summary.mean)}, standard deviation ${number(summary.std)}. The largest here is ${signed(largest.value)}, at ${quoteToken(tokens[largest.row])}, ${slice.columnAxis} ${isKeys ? quoteToken(tokens[largest.column]) : largest.column}.`
          : 'There are no finite numbers here.'
      }
      data={{
        columns: [
          'position',
          'token',
          ...columnNames.map((name, i) => (isKeys ? `key ${i} ${name}` : `${slice.columnAxis} ${i}`)),
        ],
        rows: () => rowNames.map((_, r) => [r, tokens[r]?.text ?? '', ...columnNames.map((_, c) => slice.at(r, c))]),
        format: (x) => number(x),
      }}
      file={`${file}-${hook}${heads > 0 ? `-head${head}` : ''}`}
      svg={() =>
        matrixSvg(
          {
            title,
            rows: rowNames,
            columns: columnNames,
            value,
            colour,
            cell,
            legend: unsigned ? `0 to ${number(full)}` : `${signed(-full)} to ${signed(full)}, 0 is the background`,
          },
          scheme,
        )
      }
    >
      {heads > 1 && (
        <div className={styles.headSwitch}>
          <Segmented
            label="Head"
            showLabel
            value={String(head)}
            options={Array.from({ length: heads }, (_, i) => ({ value: String(i), label: String(i) }))}
            onChange={(chosen) => setView({ head: Number(chosen) })}
          />
        </div>
      )}
      <Heatmap
        label={`${title}: ${slice.rowAxis} by ${slice.columnAxis}`}
        rows={rowNames}
        columns={columnNames}
        axes={[slice.rowAxis, slice.columnAxis]}
        value={value}
        absent="blank"
        colour={colour}
        cell={cell}
        lit={{ row: focusPos }}
        onHover={(at) => (at ? setFocus({ pos: at.row, hook }) : clearFocus())}
        describe={({ row, column }) => {
          const x = slice.at(row, column);
          return `${quoteToken(tokens[row])}, ${slice.columnAxis} ${isKeys ? quoteToken(tokens[column]) : column}: ${Number.isFinite(x) ? signed(x, 5) : 'masked, it comes later'}`;
        }}
      />
      <Legend
        kind={unsigned ? 'unsigned' : 'signed'}
        low={unsigned ? '0' : signed(-full)}
        high={unsigned ? number(full) : signed(full)}
      >
        activation, float32
      </Legend>
    </Figure>
  );
}

const side = (positions: number): number => Math.max(9, Math.min(26, Math.floor(560 / positions)));
const masked = (x: number): number => (Number.isFinite(x) ? x : NaN);

function extreme(
  { rows, columns }: { readonly rows: number; readonly columns: number },
  value: (row: number, column: number) => number,
): { readonly row: number; readonly column: number; readonly value: number } | null {
  let best: { row: number; column: number; value: number } | null = null;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const x = value(row, column);
      if (!Number.isNaN(x) && (best === null || Math.abs(x) > Math.abs(best.value))) best = { row, column, value: x };
    }
  return best;
}

function Distribution({ entry, file }: { readonly entry: ActivationEntry; readonly file: string }): ReactElement {
  const [log, setLog] = useState(true);
  const { histogram, summary, hook } = entry;
  const [, low = NaN, , middle = NaN, , high = NaN] = summary.quantiles;
  return (
    <Figure
      title="Values"
      controls={<Toggle label="log counts" checked={log} onChange={setLog} />}
      caption={`Nine of ten lie between ${signed(low)} and ${signed(high)}, half below ${signed(middle)}; ${summary.zeros === 0 ? 'none is' : `${percent(summary.zeros / Math.max(1, summary.count - summary.nonFinite))} are`} exactly 0.${summary.nonFinite > 0 ? ` ${plural(summary.nonFinite, 'is', 'are')} masked and left out.` : ''}`}
      data={{
        columns: ['from', 'to', 'count'],
        rows: () => histogram.counts.map((n, i) => [histogram.edges[i] ?? NaN, histogram.edges[i + 1] ?? NaN, n]),
        format: (x) => number(x),
      }}
      file={`${file}-${hook}-histogram`}
    >
      <Histogram
        label={`Histogram of ${hook}`}
        edges={histogram.edges}
        counts={histogram.counts}
        format={(x) => signed(x)}
        log={log}
      />
      <dl className={styles.facts}>
        {facts(entry).map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Figure>
  );
}

function facts({ summary, tensor }: ActivationEntry): readonly (readonly [string, string])[] {
  return [
    ['shape', `[${tensor.shape.join(', ')}]`],
    ['axes', tensor.axes.join(', ')],
    ['mean', signed(summary.mean)],
    ['std', number(summary.std)],
    ['min', signed(summary.min)],
    ['max', signed(summary.max)],
    ['norm', number(summary.norm)],
    ['median', signed(summary.quantiles[3] ?? NaN)],
  ];
}

interface NormsProps {
  readonly entry: ActivationEntry;
  readonly tokens: readonly TokenText[];
  readonly file: string;
  readonly bosId: number | null;
}

function Norms({ entry, tokens, file, bosId }: NormsProps): ReactElement {
  const { perPosition, hook } = entry;
  const focusPos = useFocus((focus) => focus?.pos ?? null);
  const names = showTokens(tokens, bosId);
  const data = useMemo(() => tensorData(perPosition), [perPosition]);
  const positions = perPosition.shape[0] ?? 0;
  const at = (p: number, stat: number): number => data[p * 3 + stat] ?? NaN;
  const norms = Array.from({ length: positions }, (_, p) => at(p, 1));
  const full = Math.max(...norms);
  const widest = norms.indexOf(full);
  const second = Math.max(...norms.filter((_, p) => p !== widest));
  return (
    <Figure
      title="Size at each position"
      caption={`The norm is largest at ${widest === 0 ? 'the first token' : quoteToken(tokens[widest])}, ${number(full)}${Number.isFinite(second) && second > 0 ? `, ${number(full / second)} times the next` : ''}.${widest === 0 ? ' A large first token is normal and usually meaningless.' : ''}`}
      data={{
        columns: ['position', 'token', 'mean', 'norm', 'largest magnitude'],
        rows: () => norms.map((norm, p) => [p, tokens[p]?.text ?? '', at(p, 0), norm, at(p, 2)]),
        format: (x) => number(x),
      }}
      file={`${file}-${hook}-positions`}
    >
      {/* A scrolling frame takes the focus, so that arrows scroll it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className={styles.norms} aria-label="Positions" tabIndex={0}>
        <Bars
          label={`Norm of ${hook} at each position`}
          bars={norms.map((norm, p) => ({
            key: String(p),
            label: names[p] ?? String(p),
            value: norm,
            text: number(norm),
            state: focusPos === p ? 'lit' : undefined,
            tip: `mean ${signed(at(p, 0))}, largest magnitude ${number(at(p, 2))}`,
          }))}
          full={full}
          labels="92px"
          onEnter={(key) => setFocus({ pos: Number(key) })}
          onLeave={clearFocus}
        />
      </section>
    </Figure>
  );
}
