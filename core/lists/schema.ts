import * as v from 'valibot';
import { parseSpec, type ExperimentSpec } from '../spec/index.ts';

/** Caps on what a list, a file or a link may hold; anything beyond is refused, not cut. */
export const LIST_LIMITS = {
  /** Characters. */
  label: 120,
  name: 80,
  note: 2_000,
  prompt: 8_000,
  /** Entries. */
  lists: 200,
  items: 500,
  labels: 20_000,
  /** Bytes of a file. */
  file: 4_000_000,
} as const;

/** One feature of one dictionary of one model. */
export interface FeatureRef {
  readonly model: string;
  readonly sae: string;
  readonly feature: number;
}

/** What the reader calls a feature. */
export interface OwnLabel extends FeatureRef {
  readonly text: string;
  /** Longer than a label: why, since when, what speaks against it. */
  readonly note: string;
  /** When it was written, milliseconds since 1970. */
  readonly at: number;
}

export interface FeatureItem extends FeatureRef {
  readonly kind: 'feature';
  readonly note: string;
  readonly at: number;
}

export interface ExperimentItem {
  readonly kind: 'experiment';
  /** First digits of the experiment's hash. */
  readonly id: string;
  readonly title: string;
  readonly spec: ExperimentSpec;
  readonly note: string;
  readonly at: number;
}

export type ListItem = FeatureItem | ExperimentItem;

/** A list of the reader's own. */
export interface ReaderList {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  /** A text on which all features of the list are looked at; empty: none. */
  readonly prompt: string;
  readonly items: readonly ListItem[];
  readonly created: number;
  /** When the name, note or prompt last changed. */
  readonly changed: number;
}

/** What a file or a link holds. */
export interface Library {
  readonly labels: readonly OwnLabel[];
  readonly lists: readonly ReaderList[];
}

/** `<model>/<sae>/<feature>`: one name for a feature, everywhere. */
export const featureRefKey = ({ model, sae, feature }: FeatureRef): string => `${model}/${sae}/${feature}`;

/** What makes an item the same one in two lists. */
export const itemKey = (item: ListItem): string =>
  item.kind === 'feature' ? `feature:${featureRefKey(item)}` : `experiment:${item.id}`;

const id = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/),
  v.check((s) => !s.includes('..'), 'no ".."'),
);
const short = (most: number): v.GenericSchema<string> => v.pipe(v.string(), v.maxLength(most));
const time = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(8.64e15));
const feature = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1_000_000_000));
const ref = { model: id, sae: id, feature };

export const labelSchema: v.GenericSchema<unknown, OwnLabel> = v.strictObject({
  ...ref,
  text: v.pipe(short(LIST_LIMITS.label), v.minLength(1)),
  note: v.optional(short(LIST_LIMITS.note), ''),
  at: v.optional(time, 0),
});

const spec: v.GenericSchema<unknown, ExperimentSpec> = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return parseSpec(dataset.value);
    } catch (error) {
      addIssue({ message: error instanceof Error ? error.message : 'not an experiment' });
      return NEVER;
    }
  }),
);

const item: v.GenericSchema<unknown, ListItem> = v.variant('kind', [
  v.strictObject({
    kind: v.literal('feature'),
    ...ref,
    note: v.optional(short(LIST_LIMITS.note), ''),
    at: v.optional(time, 0),
  }),
  v.strictObject({
    kind: v.literal('experiment'),
    id: v.pipe(v.string(), v.regex(/^[0-9a-f]{6,64}$/)),
    title: short(LIST_LIMITS.label),
    spec,
    note: v.optional(short(LIST_LIMITS.note), ''),
    at: v.optional(time, 0),
  }),
]);

export const listSchema: v.GenericSchema<unknown, ReaderList> = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9]{4,40}$/)),
  name: v.pipe(short(LIST_LIMITS.name), v.minLength(1)),
  note: v.optional(short(LIST_LIMITS.note), ''),
  prompt: v.optional(short(LIST_LIMITS.prompt), ''),
  items: v.optional(
    v.pipe(
      v.array(item),
      v.maxLength(LIST_LIMITS.items),
      v.check((items) => new Set(items.map(itemKey)).size === items.length, 'an item is there twice'),
    ),
    [],
  ),
  created: v.optional(time, 0),
  changed: v.optional(time, 0),
});

export const librarySchema: v.GenericSchema<unknown, Library> = v.strictObject({
  labels: v.optional(v.pipe(v.array(labelSchema), v.maxLength(LIST_LIMITS.labels)), []),
  lists: v.optional(v.pipe(v.array(listSchema), v.maxLength(LIST_LIMITS.lists)), []),
});
