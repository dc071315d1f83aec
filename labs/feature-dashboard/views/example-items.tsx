import type { DashboardExample } from '../../../core/dashboards/types.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import type { ExampleItem } from '../../../app/views/ExampleList.tsx';
import { count } from '../../../app/views/numbers.ts';

/** Where a text comes from, in words. */
export const sourceOf = ({
  population,
  document,
  position,
}: Pick<DashboardExample, 'population' | 'document' | 'position'>): string =>
  `${population} · document ${count(document)} · token ${position}`;

export const keyOf = ({ document, position }: DashboardExample): string => `${document}-${position}`;

/** An example as a list shows it. */
export const itemOf = (example: DashboardExample): ExampleItem => ({
  key: keyOf(example),
  tokens: example.tokens,
  values: tensorData(example.activations),
  position: example.position,
  value: example.value,
  source: sourceOf(example),
  repeats: example.repeats,
});
