import { useCallback, useState, type ReactElement } from 'react';
import { parseHook, type HookName } from '../../../core/hooks.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import { topK } from '../../../core/stats/index.ts';
import { matrixSvg } from '../../../app/charts/export/svg.ts';
import { Heatmap } from '../../../app/charts/Heatmap.tsx';
import { Legend } from '../../../app/charts/Legend.tsx';
import { signedColour } from '../../../app/charts/scales/colour.ts';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { TextField } from '../../../app/ui/Field.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { figure, percent, signed } from '../../../app/views/numbers.ts';
import { quoteToken } from '../../../app/views/tokens.ts';
import type { Grid } from '../result.ts';
import type { GridParams, Steer } from '../spec.ts';
import { steerName } from './words.tsx';
import shared from './steering.module.css';
import styles from './sweep.module.css';

export interface GridFigureProps {
  readonly steers: readonly Steer[];
  readonly asked: GridParams | null;
  readonly grid: Grid | null;
  readonly running: boolean;
  /** The answer that is offered: the first word of the steered text. */
  readonly suggested: string;
  readonly file: string;
  readonly onAsk: (grid: GridParams | null) => void;
  readonly onCell: (steer: number, hook: HookName, strength: number) => void;
}

/** How probable an answer is, by layer and strength of a contrast: where it is best added. */
export function GridFigure(props: GridFigureProps): ReactElement | null {
  const { steers, asked, grid, running, suggested, onAsk } = props;
  const at = asked?.steer ?? steers.findIndex(({ kind }) => kind === 'contrast');
  const steer = steers[at];
  const [typed, setTyped] = useState<string | null>(null);
  if (steer?.kind !== 'contrast') return null;
  const answer = typed ?? asked?.answer ?? suggested;
  const ask = (
    <form
      className={styles.answer}
      aria-label="Layer and strength"
      onSubmit={(event) => {
        event.preventDefault();
        if (answer !== '') onAsk({ steer: at, from: -2, to: 2, steps: 9, answer });
      }}
    >
      <TextField label="The answer, with its space in front" mono value={answer} maxLength={200} onChange={setTyped} />
      <Button type="submit" size="s" disabled={answer === ''}>
        Try every layer
      </Button>
      {asked !== null && (
        <Button size="s" variant="quiet" onClick={() => onAsk(null)}>
          Close
        </Button>
      )}
    </form>
  );
  return (
    <section className={styles.sweep}>
      {asked === null || grid === null ? (
        <>
          <div className={styles.head}>
            <h2>Layer and strength</h2>
          </div>
          <p className={shared.note}>
            {asked === null
              ? 'Takes the direction anew at every layer and adds it at nine strengths from −2 to +2: how probable does that make an answer, right after the prompt? One forward pass a cell.'
              : running
                ? 'The first layers are on their way.'
                : 'Run to try every layer.'}
          </p>
        </>
      ) : (
        <Cells {...props} grid={grid} steer={steer} />
      )}
      {ask}
    </section>
  );
}

interface CellsProps extends GridFigureProps {
  readonly grid: Grid;
  readonly steer: Extract<Steer, { kind: 'contrast' }>;
}

function Cells({ grid, asked, steer, file, onCell }: CellsProps): ReactElement {
  const scheme = useScheme();
  const { hooks, strengths, reference, probability } = grid;
  const data = tensorData(probability);
  const value = useCallback(
    (row: number, column: number): number => (data[row * strengths.length + column] ?? NaN) - reference,
    [data, strengths.length, reference],
  );
  const known = Array.from(data, (p) => Math.abs(p - reference)).filter((x) => !Number.isNaN(x));
  const full = Math.max(1e-6, ...known);
  const colour = useCallback((x: number): string => signedColour(x / full, scheme), [full, scheme]);
  const rows = hooks.map((hook) => `L${parseHook(hook)?.layer ?? '?'}`);
  const columns = strengths.map((s) => signed(s, 2));
  const word = quoteToken(grid.answer);
  // Of an answer of several tokens the first is asked for.
  const begin = asked !== null && asked.answer !== grid.answer.text ? `“${asked.answer}” is several tokens; of the first: ` : '';
  const best = topK(data, 1)[0] ?? 0;
  const [bestLayer, bestStrength] = [Math.floor(best / strengths.length), best % strengths.length];
  const missing = data.length - known.length;
  return (
    <Figure
      title="Layer and strength"
      caption={`${begin}${word} is the next token with probability ${percent(reference)} without it${known.length > 0 ? `; at most ${percent(data[best] ?? NaN)}, at layer ${bestLayer} and ${columns[bestStrength] ?? ''}` : ''}. Each layer has its own vector from the same pairs${steer.equal ? ', brought to the mean length of what it was read from' : ''}. A press on a cell steers there.${missing > 0 ? ` ${missing} cells to come.` : ''}`}
      data={{
        columns: ['layer', 'length of its vector', ...columns],
        rows: () =>
          hooks.map((hook, row) => [
            parseHook(hook)?.layer ?? '',
            grid.norms[row] ?? NaN,
            ...strengths.map((_, column) => data[row * strengths.length + column] ?? NaN),
          ]),
        format: figure,
      }}
      file={`${file}-layers`}
      svg={() =>
        matrixSvg(
          {
            title: `Probability of ${word} by layer and strength of ${steerName(steer, null)}`,
            rows,
            columns,
            value,
            colour,
            text: (row, column) => percent(value(row, column) + reference),
            cell: [58, 26],
            legend: `change of the probability from ${percent(reference)}; full colour: ${points(full)}; + is blue`,
          },
          scheme,
        )
      }
    >
      <Heatmap
        label={`Probability of ${word} by layer and strength`}
        rows={rows}
        columns={columns}
        axes={['layer', 'strength, × v']}
        value={value}
        colour={colour}
        cell={[44, 30]}
        selected={cellOf(steer, grid)}
        onSelect={({ row, column }) => {
          const [hook, strength] = [hooks[row], strengths[column]];
          if (hook !== undefined && strength !== undefined) onCell(grid.steer, hook, strength);
        }}
        describe={({ row, column }) =>
          `Layer ${row}, ${columns[column] ?? ''} × v: ${percent(value(row, column) + reference)}, ${points(value(row, column))} from ${percent(reference)}`
        }
      />
      <Legend kind="signed" low={points(-full)} high={points(full)}>
        change of the probability of {word}
      </Legend>
    </Figure>
  );
}

/** A difference of probabilities. */
const points = (x: number): string => `${signed(100 * x)} points`;

/** Where the steer stands now, if that is a cell. */
function cellOf({ hook, strength }: CellsProps['steer'], grid: Grid): { readonly row: number; readonly column: number } | null {
  const [row, column] = [grid.hooks.indexOf(hook), grid.strengths.indexOf(strength)];
  return row < 0 || column < 0 ? null : { row, column };
}
