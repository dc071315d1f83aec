import type { DashboardExample } from '../../../core/dashboards/types.ts';

/** The text of an example without the token in front of every document. */
export const textOfExample = ({ tokens }: DashboardExample): string =>
  tokens
    .slice(1)
    .map(({ text }) => text)
    .join('');
