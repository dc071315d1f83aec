import { useCallback, useMemo, type ReactElement } from 'react';
import { matrixSvg } from '../../../app/charts/export/svg.ts';
import { Heatmap, type Cell } from '../../../app/charts/Heatmap.tsx';
import { Legend } from '../../../app/charts/Legend.tsx';
import { MiniMatrix } from '../../../app/charts/MiniMatrix.tsx';
import { unsignedColour } from '../../../app/charts/scales/colour.ts';
import { useScheme } from '../../../app/charts/scheme.ts';
import { clearFocus, setFocus, useFocus } from '../../../app/state/focus.ts';
import { Skeleton } from '../../../app/ui/Disclosure.tsx';
import { Segmented } from '../../../app/ui/Segmented.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { number, percent } from '../../../app/views/numbers.ts';
import { quoteToken, showTokens } from '../../../app/views/tokens.ts';
import { attentionReader, strongestKeys, tellingHead, type AttentionReader, type Head } from '../lib/attention-view.ts';
import type { PanelContext } from './panel.tsx';
import styles from './explore.module.css';

const MINI = 52;

/** Where each head looks: all of them small, one of them large. */
export function AttentionTab({ context }: { readonly context: PanelContext }): ReactElement {
  const { parts, spec, range } = context;
  const { attention } = parts;
  const reader = useMemo(
    () => (attention ? attentionReader(attention, spec.view.pattern) : null),
    [attention, spec.view.pattern],
  );
  if (!reader) return <Skeleton height="440px" label="Attention is on its way" />;
  const asked = spec.view.head;
  const exists = asked !== null && asked.layer < reader.layers && asked.head < reader.heads;
  const open = exists ? asked : tellingHead(reader, range.to);
  return (
    <div className={styles.stack}>
      <div className={styles.columns}>
        <LargeHead context={context} reader={reader} open={open} chosen={exists} />
        <AllHeads context={context} reader={reader} open={open} />
      </div>
    </div>
  );
}

interface AttentionProps {
  readonly context: PanelContext;
  readonly reader: AttentionReader;
  readonly open: Head;
}

const weightText = (context: PanelContext, weight: number): string =>
  context.spec.view.pattern === 'pattern' ? percent(weight) : number(weight);

function LargeHead({ context, reader, open, chosen }: AttentionProps & { readonly chosen: boolean }): ReactElement {
  const { tokens, range, setView, spec, bosId, file } = context;
  const { layer, head } = open;
  const weighted = spec.view.pattern === 'valueWeighted';
  const scheme = useScheme();
  const focusPos = useFocus((focus) => focus?.pos ?? null);
  const names = useMemo(() => showTokens(tokens, bosId), [tokens, bosId]);
  const value = useCallback(
    (query: number, key: number): number => reader.at({ layer, head }, query, key),
    [reader, layer, head],
  );
  const colour = useCallback((x: number): string => unsignedColour(x / reader.max, scheme), [reader, scheme]);
  const side = Math.max(9, Math.min(28, Math.floor(560 / tokens.length)));
  const keys = strongestKeys(reader, open, range.to, 3);
  const select = (cell: Cell): void => setView({ token: cell.row, rangeEnd: null });
  return (
    <Figure
      title={`Layer ${layer}, head ${head}`}
      controls={
        <Segmented
          label="What is shown"
          value={spec.view.pattern}
          options={[
            { value: 'pattern', label: 'pattern' },
            { value: 'valueWeighted', label: 'value-weighted' },
          ]}
          onChange={(pattern) => setView({ pattern })}
        />
      }
      caption={`From ${quoteToken(tokens[range.to])} it reads ${keys
        .map(
          ({ key, weight }) =>
            `${key === 0 && tokens[0]?.id === bosId ? 'BOS' : quoteToken(tokens[key])} (${weightText(context, weight)})`,
        )
        .join(
          ', ',
        )}.${chosen ? '' : ' Shown first: the head that looks hardest at another token from here.'} Attention says where a head reads, not what it does with it.`}
      data={{
        columns: ['query position', 'query', 'key position', 'key', weighted ? 'weight × size of value' : 'weight'],
        rows: () =>
          tokens.flatMap((query, q) =>
            tokens.slice(0, q + 1).map((key, k) => [q, query.text, k, key.text, reader.at(open, q, k)]),
          ),
        format: (x) => number(x, Number.isInteger(x) ? 6 : 3),
      }}
      file={`${file}-attention-${layer}-${head}`}
      svg={() =>
        matrixSvg(
          {
            title: `Attention, layer ${layer} head ${head}${weighted ? ', value-weighted' : ''}`,
            rows: names,
            columns: names,
            value,
            colour,
            cell: [side, side],
            legend: weighted
              ? `0 to ${number(reader.max)}: weight × size of what the value writes`
              : '0 % to 100 % of the query’s attention',
          },
          scheme,
        )
      }
    >
      <Heatmap
        label={`Attention of layer ${layer} head ${head}`}
        rows={names}
        columns={names}
        axes={['query (reads)', 'key (is read)']}
        value={value}
        absent="blank"
        colour={colour}
        cell={[side, side]}
        selected={{ row: range.to, column: keys[0]?.key ?? 0 }}
        onSelect={select}
        onHover={(cell) => (cell ? setFocus({ layer, head, pos: cell.column }) : clearFocus())}
        lit={{ row: range.to, column: focusPos }}
        describe={({ row, column }) =>
          column > row
            ? `${quoteToken(tokens[row])} cannot read ${quoteToken(tokens[column])}: it comes later`
            : `${quoteToken(tokens[row])} reads ${quoteToken(tokens[column])}: ${weightText(context, reader.at(open, row, column))}`
        }
      />
      <Legend kind="unsigned" low={weighted ? '0' : '0 %'} high={weighted ? number(reader.max) : '100 %'}>
        {weighted ? 'weight × size of what the value writes, one scale for all heads' : 'share of the query’s attention'}
      </Legend>
    </Figure>
  );
}

function AllHeads({ context, reader, open }: AttentionProps): ReactElement {
  const { setView, range, tokens } = context;
  const scheme = useScheme();
  const colour = useCallback((x: number): string => unsignedColour(x / reader.max, scheme), [reader, scheme]);
  const focusLayer = useFocus((focus) => focus?.layer ?? null);
  const values = useMemo(
    () =>
      Array.from({ length: reader.layers }, (_, layer) =>
        Array.from(
          { length: reader.heads },
          (_, head) =>
            (query: number, key: number): number =>
              reader.at({ layer, head }, query, key),
        ),
      ),
    [reader],
  );
  return (
    <section aria-label="All heads">
      <div className={styles.head}>
        <h2>All heads</h2>
      </div>
      <div className={styles.heads}>
        {values.map((heads, layer) => (
          // Layers and heads are positions: the index is the identity.
          // oxlint-disable-next-line react/no-array-index-key
          <div key={layer} className={styles.headRow}>
            <span aria-hidden="true">L{layer}</span>
            {heads.map((value, head) => {
              const [most] = strongestKeys(reader, { layer, head }, range.to, 1);
              return (
                <button
                  // oxlint-disable-next-line react/no-array-index-key
                  key={head}
                  type="button"
                  className={styles.headButton}
                  aria-pressed={open.layer === layer && open.head === head}
                  data-lit={focusLayer === layer ? '' : undefined}
                  aria-label={`Layer ${layer}, head ${head}: ${quoteToken(tokens[range.to])} reads ${quoteToken(tokens[most?.key ?? 0])} most`}
                  data-tip={`Layer ${layer}, head ${head}`}
                  onClick={() => setView({ head: { layer, head } })}
                  onMouseEnter={() => setFocus({ layer, head })}
                  onMouseLeave={clearFocus}
                >
                  <MiniMatrix rows={reader.positions} columns={reader.positions} value={value} colour={colour} size={MINI} />
                </button>
              );
            })}
          </div>
        ))}
      </div>
      <p className={styles.note}>Rows read, columns are read. Press one to open it.</p>
    </section>
  );
}
