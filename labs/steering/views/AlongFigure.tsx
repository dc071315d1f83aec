import { useState, type ReactElement } from 'react';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import type { TokenText } from '../../../core/tokens.ts';
import type { ShownTexts, Side } from '../../../core/written.ts';
import { tokensSvg, type TokenMark } from '../../../app/charts/export/plots.ts';
import { Legend } from '../../../app/charts/Legend.tsx';
import { useScheme } from '../../../app/charts/scheme.ts';
import { signedColour, textOn } from '../../../app/charts/scales/colour.ts';
import { Select } from '../../../app/ui/Field.tsx';
import { tipSteps } from '../../../app/ui/Tips.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { figure, number, signed } from '../../../app/views/numbers.ts';
import { quoteToken, showToken } from '../../../app/views/tokens.ts';
import type { SteerFacts } from '../result.ts';
import styles from './steering.module.css';

const SIDES: readonly Side[] = ['default', 'steered'];
const NAMES: Readonly<Record<Side, string>> = { default: 'By itself', steered: 'Steered' };

export interface AlongFigureProps {
  readonly shown: ShownTexts;
  /** In the order of the steers, with their names. */
  readonly steers: readonly { readonly facts: SteerFacts; readonly name: string }[];
  readonly bosId: number | null;
  readonly file: string;
}

/** How much of a direction each token carries: of both texts, read by the model without steering. */
export function AlongFigure({ shown, steers, bosId, file }: AlongFigureProps): ReactElement | null {
  const [chosen, setChosen] = useState(0);
  const scheme = useScheme();
  const at = Math.min(chosen, steers.length - 1);
  const steer = steers[at];
  if (!steer) return null;
  const { facts, name } = steer;
  const rows = SIDES.map((side) => rowOf(shown, side, tensorData(facts.along[side]), bosId));
  const full = Math.max(1e-9, ...rows.flatMap(({ values }) => values.map(Math.abs)));
  const unit = facts.unit === 'vector' ? '⟨h, v⟩ / ‖v‖²: how many times v is there' : 'activation, own units';
  return (
    <Figure
      title="Token by token"
      controls={
        steers.length > 1 && (
          <Select
            label="Of"
            inline
            value={String(at)}
            options={steers.map((s, i) => ({ value: String(i), label: s.name }))}
            onChange={(i) => setChosen(Number(i))}
          />
        )
      }
      caption={`How much of ${name} each token carries (${unit}), read without steering: what the words themselves say. The beginning of the text is left out.`}
      data={{
        columns: ['text', 'position', 'token', 'value'],
        rows: () =>
          rows.flatMap(({ side, tokens, values, first }) =>
            tokens.map((token, i) => [NAMES[side].toLowerCase(), first + i, token.text, values[i] ?? NaN]),
          ),
        format: figure,
      }}
      file={`${file}-along`}
      svg={() =>
        tokensSvg(
          {
            title: `${name}, token by token`,
            lines: rows.map(({ side, tokens, values }) => ({
              value: NAMES[side].toLowerCase(),
              tokens: tokens.map((token, i): TokenMark => ({ text: showToken(token), share: (values[i] ?? 0) / full })),
            })),
            legend: `${unit}; full colour: ${number(full)}; + is blue`,
            signed: true,
          },
          scheme,
        )
      }
    >
      <dl className={styles.along}>
        {rows.map(({ side, tokens, values }) => (
          <div key={side}>
            <dt>{NAMES[side]}</dt>
            <dd {...tipSteps}>
              {tokens.map((token, i) => {
                const value = values[i] ?? 0;
                const fill = signedColour(value / full, scheme);
                // Tokens have no identity but their place.
                return (
                  <span
                    // oxlint-disable-next-line react/no-array-index-key
                    key={i}
                    style={{ background: fill, color: textOn(fill) }}
                    data-tip={`${quoteToken(token)} ${signed(value)}`}
                    tabIndex={-1}
                  >
                    {showToken(token)}
                  </span>
                );
              })}
            </dd>
          </div>
        ))}
      </dl>
      <Legend kind="signed" low={signed(-full)} high={signed(full)}>
        {unit}
      </Legend>
    </Figure>
  );
}

interface Row {
  readonly side: Side;
  readonly tokens: readonly TokenText[];
  readonly values: readonly number[];
  /** Position of the first of them. */
  readonly first: number;
}

/** A text's tokens, prompt among them, with their values; the token in front of every prompt left out. */
export function rowOf(shown: ShownTexts, side: Side, values: ArrayLike<number>, bosId: number | null): Row {
  const all = [...shown.prompts[side], ...shown.texts[side].tokens.map(({ token }) => token)].slice(0, values.length);
  const first = all[0]?.id === bosId ? 1 : 0;
  return { side, tokens: all.slice(first), values: Array.from(values).slice(first), first };
}
