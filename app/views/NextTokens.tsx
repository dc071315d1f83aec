import type { ReactElement } from 'react';
import type { TokenText } from '../../core/tokens.ts';
import { Bars } from '../charts/Bars.tsx';
import { clearFocus, setFocus } from '../state/focus.ts';
import { percent } from './numbers.ts';
import { showToken } from './tokens.ts';

export interface NextToken {
  readonly token: TokenText;
  /** 0 … 1. */
  readonly probability: number;
}

export interface NextTokensProps {
  readonly label: string;
  readonly tokens: readonly NextToken[];
  readonly onPick?: (token: TokenText) => void;
  /** Token ids to light up. */
  readonly lit?: readonly number[];
}

/** A next-token distribution as bars, most probable first. A full bar is 100 %. */
export function NextTokens({ label, tokens, onPick, lit = [] }: NextTokensProps): ReactElement {
  const byId = new Map(tokens.map(({ token }) => [String(token.id), token]));
  return (
    <Bars
      label={label}
      full={1}
      labels="minmax(84px, max-content)"
      bars={tokens.map(({ token, probability }) => ({
        key: String(token.id),
        label: showToken(token),
        value: probability,
        text: percent(probability),
        state: lit.includes(token.id) ? 'lit' : undefined,
      }))}
      onEnter={(key) => setFocus({ token: Number(key) })}
      onLeave={clearFocus}
      {...(onPick
        ? {
            onPick: (key: string) => {
              const token = byId.get(key);
              if (token) onPick(token);
            },
          }
        : {})}
    />
  );
}
