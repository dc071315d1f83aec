import { useMemo, type ReactElement } from 'react';
import { parseHook } from '../../../core/hooks.ts';
import { CellGrid } from '../../../app/charts/CellGrid.tsx';
import { matrixSvg } from '../../../app/charts/export/svg.ts';
import type { Cell } from '../../../app/charts/Heatmap.tsx';
import { Legend } from '../../../app/charts/Legend.tsx';
import { LineChart } from '../../../app/charts/LineChart.tsx';
import { unsignedColour } from '../../../app/charts/scales/colour.ts';
import { useScheme } from '../../../app/charts/scheme.ts';
import { clearFocus, setFocus, useFocus } from '../../../app/state/focus.ts';
import { Skeleton } from '../../../app/ui/Disclosure.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { NextTokens } from '../../../app/views/NextTokens.tsx';
import { number, ordinal, percent } from '../../../app/views/numbers.ts';
import { quoteToken, showToken, showTokens } from '../../../app/views/tokens.ts';
import { lensReader, type LensReader } from '../lib/lens-view.ts';
import { wordOf, type PanelContext } from './panel.tsx';
import styles from './explore.module.css';

/** What each layer would answer if it were the last. */
export function LensTab({ context }: { readonly context: PanelContext }): ReactElement {
  const { parts } = context;
  const reader = useMemo(() => (parts.lens ? lensReader(parts.lens) : null), [parts.lens]);
  if (!reader) return <Skeleton height="420px" label="The lens is on its way" />;
  const { cell } = context.spec.view;
  const open: Cell = {
    row: Math.min(cell?.layer ?? reader.layers - 1, reader.layers - 1),
    column: Math.min(cell?.pos ?? context.range.to, reader.positions - 1),
  };
  return (
    <div className={styles.stack}>
      <LensGrid context={context} reader={reader} open={open} />
      <div className={styles.halves}>
        <CellDetail context={context} reader={reader} open={open} />
        <RankOverLayers context={context} reader={reader} open={open} />
      </div>
    </div>
  );
}

interface LensProps {
  readonly context: PanelContext;
  readonly reader: LensReader;
  readonly open: Cell;
}

/** `into 2`: the stream that block 2 reads; `out`: what leaves the last block. */
const rowName = (hook: string): string => {
  const address = parseHook(hook);
  return address?.site === 'resid_post' ? 'out' : `into ${String(address?.layer ?? '?')}`;
};

function LensGrid({ context, reader, open }: LensProps): ReactElement {
  const { parts, tokens, setView, file, bosId } = context;
  const columnNames = showTokens(tokens, bosId);
  const scheme = useScheme();
  const focusPos = useFocus((focus) => focus?.pos);
  const focusLayer = useFocus((focus) => focus?.layer);
  const top = (cell: Cell): { readonly id: number; readonly probability: number } =>
    reader.ranked(cell.row, cell.column)[0] ?? { id: 0, probability: 0 };
  const word = (cell: Cell): string => quoteToken(wordOf(parts, top(cell).id));
  const hooks = parts.lens?.hooks ?? [];
  const names = hooks.map(rowName);
  const last = reader.layers - 1;
  const answer = wordOf(parts, reader.ranked(last, open.column)[0]?.id ?? 0);
  const first = reader.firstTop(open.column);
  const svg = (): string =>
    matrixSvg(
      {
        title: 'Logit lens: most probable token, shade = its probability',
        rows: names,
        columns: columnNames,
        value: (row, column) => top({ row, column }).probability,
        colour: (p) => unsignedColour(p, scheme),
        text: (row, column) => showToken(wordOf(parts, top({ row, column }).id)).slice(0, 8),
        cell: [72, 28],
        legend: '0 % to 100 %',
      },
      scheme,
    );
  return (
    <Figure
      title="What each layer would answer"
      caption={`After ${quoteToken(tokens[open.column])} the model answers ${quoteToken(answer)}. ${
        first === last
          ? 'Only the last layer has it on top.'
          : `It is on top from ${first === 0 ? 'the embedding' : `the input of block ${first}`} on.`
      } Bold: already the final answer. The lens reads early layers in the last layer’s language and may mislead there.`}
      data={{
        columns: ['layer', 'position', 'token', 'top token', 'probability', 'rank of the final answer'],
        rows: () =>
          hooks.flatMap((hook, row) =>
            tokens.map((token, column) => [
              hook,
              column,
              token.text,
              wordOf(parts, top({ row, column }).id).text,
              top({ row, column }).probability,
              reader.finalRank(row, column) + 1,
            ]),
          ),
        format: (x) => number(x),
      }}
      file={`${file}-lens`}
      svg={svg}
    >
      <CellGrid
        label="Most probable token at each layer and position"
        corner="layer"
        rows={names}
        columns={columnNames}
        text={(cell) => showToken(wordOf(parts, top(cell).id))}
        describe={(cell) =>
          `${names[cell.row] ?? ''}, at ${quoteToken(tokens[cell.column])}: ${word(cell)}, ${percent(top(cell).probability)}`
        }
        colour={(cell) => unsignedColour(top(cell).probability, scheme)}
        state={(cell) => (reader.finalRank(cell.row, cell.column) === 0 ? 'strong' : null)}
        selected={open}
        onSelect={(cell) => setView({ cell: { layer: cell.row, pos: cell.column } })}
        onHover={(cell) => (cell ? setFocus({ pos: cell.column, layer: cell.row }) : clearFocus())}
        litColumn={focusPos ?? null}
        litRow={focusLayer ?? null}
      />
      <Legend kind="unsigned" low="0 %" high="100 %">
        probability of the token in the cell
      </Legend>
    </Figure>
  );
}

function CellDetail({ context, reader, open }: LensProps): ReactElement {
  const { parts, tokens, file } = context;
  const ranked = reader.ranked(open.row, open.column);
  const name = rowName(parts.lens?.hooks[open.row] ?? '');
  const rank = reader.finalRank(open.row, open.column);
  return (
    <Figure
      title={`${name === 'out' ? 'Out of the last block' : `Stream ${name.replace('into', 'into block')}`}, at ${quoteToken(tokens[open.column])}`}
      caption={`The final answer is ${rank === 0 ? 'on top' : ordinal(rank)} here.`}
      data={{
        columns: ['token', 'id', 'probability'],
        rows: () => ranked.map(({ id, probability }) => [wordOf(parts, id).text, id, probability]),
        format: (x) => number(x),
      }}
      file={`${file}-lens-${open.row}-${open.column}`}
    >
      <NextTokens
        label="Ten most probable tokens in this cell"
        tokens={ranked.slice(0, 10).map(({ id, probability }) => ({ token: wordOf(parts, id), probability }))}
      />
    </Figure>
  );
}

function RankOverLayers({ context, reader, open }: LensProps): ReactElement {
  const { parts, tokens, file } = context;
  const hooks = parts.lens?.hooks ?? [];
  const ranks = hooks.map((_, row) => reader.finalRank(row, open.column));
  const answer = quoteToken(wordOf(parts, reader.ranked(reader.layers - 1, open.column)[0]?.id ?? 0));
  return (
    <Figure
      title={`Rank of ${answer} over the layers`}
      caption={`After ${quoteToken(tokens[open.column])}, ${answer} climbs from ${ordinal(ranks[0] ?? 0)} to ${ordinal(ranks.at(-1) ?? 0)}.`}
      data={{
        columns: ['layer', 'rank'],
        rows: () => hooks.map((hook, row) => [hook, (ranks[row] ?? 0) + 1]),
        format: (x) => number(x, 6),
      }}
      file={`${file}-rank-${open.column}`}
    >
      <LineChart
        label={`Rank of ${answer} at each layer`}
        steps={hooks.map(rowName)}
        values={ranks.map((rank) => rank + 1)}
        texts={ranks.map(ordinal)}
        y="log"
        inverted
        yLabel="rank, log scale, top is 1st"
        marked={open.row}
      />
    </Figure>
  );
}
