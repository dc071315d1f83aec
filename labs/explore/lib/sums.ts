import type { Attribution } from '../result.ts';

type Component = Attribution['components'][number];

/** A part of the sum: several components under one name. */
export interface Part {
  readonly key: string;
  readonly name: string;
  readonly value: number;
}

/** One component, in words. */
export function componentName({ kind, layer, head }: Component): string {
  switch (kind) {
    case 'embed':
      return 'token embedding';
    case 'position':
      return 'position embedding';
    case 'head':
      return `L${String(layer)} head ${String(head)}`;
    case 'attentionBias':
      return `L${String(layer)} attention bias`;
    case 'mlp':
      return `L${String(layer)} MLP`;
  }
}

/** Every component and the constant, largest effect first. They sum to `total`. */
export function eachPart({ components, constant }: Attribution): Part[] {
  const parts = components.map((c) => ({
    key: `${c.kind}-${String(c.layer)}-${String(c.head)}`,
    name: componentName(c),
    value: c.value,
  }));
  return [...parts, { key: 'constant', name: 'constant', value: constant }].sort(
    (a, b) => Math.abs(b.value) - Math.abs(a.value) || a.key.localeCompare(b.key),
  );
}

/** The same sum with one part per block: embeddings, then each block's attention and MLP together, then the constant. */
export function byLayer({ components, constant }: Attribution): Part[] {
  const sums = new Map<number | null, number>();
  for (const { layer, value } of components) sums.set(layer, (sums.get(layer) ?? 0) + value);
  const layers = [...sums.keys()].filter((layer) => layer !== null).sort((a, b) => a - b);
  return [
    { key: 'embeddings', name: 'embeddings', value: sums.get(null) ?? 0 },
    ...layers.map((layer) => ({ key: `block-${layer}`, name: `block ${layer}`, value: sums.get(layer) ?? 0 })),
    { key: 'constant', name: 'constant', value: constant },
  ];
}

/** The same sum by kind of part. */
export function byKind({ components, constant }: Attribution): Part[] {
  const names = {
    embed: 'embeddings',
    position: 'embeddings',
    head: 'heads',
    attentionBias: 'attention biases',
    mlp: 'MLPs',
  } as const;
  const sums = new Map<string, number>();
  for (const { kind, value } of components) sums.set(names[kind], (sums.get(names[kind]) ?? 0) + value);
  return [
    ...[...sums].map(([name, value]) => ({ key: name, name, value })),
    { key: 'constant', name: 'constant', value: constant },
  ];
}

/** What the parts add up to; equals `difference` but for float32's rounding. */
export const total = (parts: readonly Part[]): number => parts.reduce((sum, { value }) => sum + value, 0);
