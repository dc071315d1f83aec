import type { DashboardIndex } from '../../core/dashboards/files.ts';
import type { Variable } from '../../core/dashboards/types.ts';
import { truthWords } from './variable-words.ts';

/** One feature in a table of its dictionary. */
export interface FeatureRow {
  readonly feature: number;
  /** The reader's own; null: none. */
  readonly label: string | null;
  /** What the best-matching variable is called; null where nothing is known or matches. */
  readonly truth: string | null;
  /** Its F1, 0 … 1; NaN where nothing is known or matches. */
  readonly f1: number;
  /** Share of the corpus' tokens on which it is active; NaN where nothing is stored. */
  readonly density: number;
  /** Largest activation; NaN where nothing is stored. */
  readonly max: number;
}

export type SortKey = 'feature' | 'density' | 'max' | 'f1' | 'label' | 'truth';

/** Every feature of a dictionary, by number. @param index null where nothing is stored */
export function featureRows(
  index: DashboardIndex | null,
  dSae: number,
  labelOf: (feature: number) => string | null,
): FeatureRow[] {
  const tokens = index?.corpus.tokens ?? 0;
  return Array.from({ length: dSae }, (_, feature) => {
    const best = index?.best[feature] ?? null;
    const variable: Variable | undefined = best === null ? undefined : index?.variables[best[0]];
    return {
      feature,
      label: labelOf(feature),
      truth: variable ? truthWords(variable) : null,
      f1: best?.[1] ?? NaN,
      density: index && tokens > 0 ? (index.active[feature] ?? 0) / tokens : NaN,
      max: index?.max[feature] ?? NaN,
    };
  });
}

/** What is unknown comes last, whichever way the order goes; ties by number. */
export function sortRows(rows: readonly FeatureRow[], key: SortKey, descending: boolean): FeatureRow[] {
  const sign = descending ? -1 : 1;
  const compare = (a: FeatureRow, b: FeatureRow): number => {
    const [x, y] = [a[key], b[key]];
    if (typeof x === 'number' && typeof y === 'number') {
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      return sign * (x - y);
    }
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * String(x).localeCompare(String(y));
  };
  return [...rows].sort((a, b) => compare(a, b) || a.feature - b.feature);
}

/** Rows whose number, label or variable holds every word that was typed. */
export function filterRows(rows: readonly FeatureRow[], typed: string, live: boolean): readonly FeatureRow[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && !live) return rows;
  return rows.filter((row) => {
    if (live && row.density === 0) return false;
    const text = `${row.feature} ${row.label ?? ''} ${row.truth ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
