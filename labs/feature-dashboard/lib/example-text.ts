import type { TokenText } from '../../../core/tokens.ts';

/** The text that tokens spell, without the token in front of every document, where the model has one (`bosId` not null). */
export const textOf = (tokens: readonly TokenText[], bosId: number | null): string =>
  tokens
    .slice(bosId !== null && tokens[0]?.id === bosId ? 1 : 0)
    .map(({ text }) => text)
    .join('');
