import { useState, type ReactElement } from 'react';
import { Button } from '../../../app/ui/Button.tsx';
import { ComboBox } from '../../../app/ui/ComboBox.tsx';
import { percent } from '../../../app/views/numbers.ts';
import { readToken, showToken } from '../../../app/views/tokens.ts';
import { distribution } from './NextSummary.tsx';
import type { PanelContext } from './panel.tsx';
import styles from './explore.module.css';

/** Which two tokens to compare: the two most probable, or any two that the reader names (· is a space). */
export function Compare({ context }: { readonly context: PanelContext }): ReactElement {
  const { parts, spec } = context;
  const { compare } = spec.params;
  const a = compare?.a ?? parts.attribution?.a.text ?? '';
  const b = compare?.b ?? parts.attribution?.b.text ?? '';
  // A new comparison from elsewhere (a link, a press on a bar) begins the fields anew.
  return <CompareFields key={JSON.stringify([a, b])} context={context} a={a} b={b} />;
}

interface FieldsProps {
  readonly context: PanelContext;
  readonly a: string;
  readonly b: string;
}

function CompareFields({ context, a, b }: FieldsProps): ReactElement {
  const { range, tokens, spec, ask } = context;
  const show = (text: string): string => showToken({ id: 0, text });
  const [left, setLeft] = useState(show(a));
  const [right, setRight] = useState(show(b));
  const items = distribution(context, range.to).map(({ token, probability }) => ({
    id: token.text,
    label: showToken(token),
    hint: percent(probability),
  }));
  const fitting = (typed: string): typeof items => items.filter(({ label }) => label.toLowerCase().includes(typed.toLowerCase()));
  const set = (first: string, second: string): void => {
    if (first === '' || second === '') return;
    const position = range.to === tokens.length - 1 ? -1 : range.to;
    ask((s) => ({ ...s, params: { ...s.params, position, compare: { a: first, b: second } } }));
  };
  const changed = readToken(left) !== a || readToken(right) !== b;
  return (
    <div className={styles.compare}>
      <ComboBox
        label="Token"
        items={fitting(left)}
        inputValue={left}
        onInputChange={setLeft}
        onPick={(id) => set(id, readToken(right))}
      />
      <span>over</span>
      <ComboBox
        label="Other token"
        items={fitting(right)}
        inputValue={right}
        onInputChange={setRight}
        onPick={(id) => set(readToken(left), id)}
      />
      {changed ? (
        <Button variant="primary" onClick={() => set(readToken(left), readToken(right))}>
          Compare
        </Button>
      ) : (
        spec.params.compare !== null && (
          <Button variant="quiet" onClick={() => ask((s) => ({ ...s, params: { ...s.params, compare: null } }))}>
            The top two
          </Button>
        )
      )}
    </div>
  );
}
