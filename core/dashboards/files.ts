import { deflateSync, strFromU8, strToU8 } from 'fflate';
import * as v from 'valibot';
import type { PopulationId } from '../curriculum/types.ts';
import type { Quantization } from '../model-config.ts';
import { VitrineError } from '../protocol/errors.ts';
import type { DocumentShares } from './corpus.ts';
import { inflate } from './shard.ts';
import type { DashboardCorpus, Variable } from './types.ts';

/** Version of the method and of the layout: raised when the same text and weights would give another file. */
export const GENERATOR = 1;
const FORMAT = 'vitrine-dashboards/1';

/** Where the dashboards of a model are, below the site. */
export const manifestPath = (model: string): string => `dashboards/${model}/manifest.json`;

/** What the files of one making have in common. */
export interface Making {
  readonly format: typeof FORMAT;
  readonly generator: number;
  readonly model: { readonly id: string; readonly digest: string; readonly quantization: Quantization };
  readonly corpus: DashboardCorpus & {
    readonly shares: DocumentShares;
    /** `corpusSample` when it was made. */
    readonly sample: string;
  };
}

export interface ListedFile {
  /** Below the site. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** `dashboards/<model>/manifest.json`: whose dashboards there are, of which text and weights. */
export interface DashboardsManifest extends Making {
  /** In the order of the forward pass. The file is the dictionary's index. */
  readonly saes: readonly (ListedFile & { readonly id: string; readonly digest: string })[];
  /** On which tokens the features of all of them fire (`tokens.ts`). Missing where it was not made. */
  readonly tokens?: ListedFile | undefined;
}

/** All features of one dictionary in one line each, and where the rest of them is. */
export interface DashboardIndex extends Making {
  readonly sae: {
    readonly id: string;
    readonly digest: string;
    readonly hook: string;
    readonly architecture: string;
    readonly dSae: number;
  };
  /** Ids of the dictionaries that `elsewhere` of a record names. */
  readonly saes: readonly string[];
  /** [dSae]: active tokens. */
  readonly active: readonly number[];
  /** [dSae]: largest activation, 4 digits. */
  readonly max: readonly number[];
  readonly variables: readonly Variable[];
  /** [dSae]: the best latent variable, as an index of `variables`, and its F1 in the scored half (3 digits); null: none. */
  readonly best: readonly (readonly [number, number] | null)[];
  /** Shard k holds the features from k · perShard on. */
  readonly perShard: number;
  readonly shards: readonly ListedFile[];
}

const MAX_COUNT = 2 ** 40;
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_COUNT));
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(400));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const file = { path: text, bytes: count, sha256 };
/** Spelled out here, so that a page which lists features does not fetch the curriculum; complete, or it does not compile. */
const POPULATIONS: Readonly<Record<PopulationId, true>> = {
  narrative: true,
  ioi: true,
  sequence: true,
  greaterThan: true,
  docstring: true,
  repeat: true,
  inContext: true,
  knowledge: true,
  puzzle: true,
  sentiment: true,
  persona: true,
};
const population: v.GenericSchema<string, PopulationId> = v.pipe(
  v.string(),
  v.check((id) => Object.hasOwn(POPULATIONS, id), 'no population of the curriculum'),
  v.transform((id) => id as PopulationId),
);

const common = {
  format: v.literal(FORMAT),
  generator: count,
  model: v.object({ id: text, digest: sha256, quantization: v.picklist(['f32', 'int8', 'int4']) }),
  corpus: v.object({
    seed: count,
    documents: count,
    tokens: count,
    shares: v.pipe(v.array(v.tuple([population, v.pipe(v.number(), v.minValue(0))])), v.maxLength(100)),
    sample: v.string(),
  }),
};

const manifest: v.GenericSchema<unknown, DashboardsManifest> = v.object({
  ...common,
  saes: v.pipe(v.array(v.object({ id: text, digest: sha256, ...file })), v.maxLength(10_000)),
  tokens: v.optional(v.object(file)),
});

const variable = v.pipe(
  v.tuple([
    v.picklist(['at', 'last', 'before', 'population', 'token']),
    v.pipe(v.string(), v.maxLength(400)),
    v.nullable(v.pipe(v.string(), v.maxLength(400))),
    v.nullable(v.pipe(v.string(), v.maxLength(400))),
  ]),
  v.transform(([place, kind, role, value]): Variable => ({ place, kind, role, value })),
);

/** One entry a feature, checked in one pass: a schema for each of thousands of numbers holds the page up, a dictionary after the other. */
const perFeature = <T>(isEntry: (entry: unknown) => boolean, entries: string): v.GenericSchema<unknown, readonly T[]> =>
  v.custom<readonly T[]>((list) => Array.isArray(list) && list.every(isEntry), `entries must be ${entries}`);
const isCount = (x: unknown): boolean => Number.isSafeInteger(x) && (x as number) >= 0 && (x as number) <= MAX_COUNT;
const isSize = (x: unknown): boolean => typeof x === 'number' && x >= 0;
const isBest = (x: unknown): boolean =>
  x === null || (Array.isArray(x) && x.length === 2 && isCount(x[0]) && isSize(x[1]) && (x[1] as number) <= 1);

const index: v.GenericSchema<unknown, DashboardIndex> = v.object({
  ...common,
  sae: v.object({ id: text, digest: sha256, hook: text, architecture: text, dSae: count }),
  saes: v.array(text),
  active: perFeature<number>(isCount, 'whole numbers from 0'),
  max: perFeature<number>(isSize, 'numbers from 0'),
  variables: v.array(variable),
  best: perFeature<readonly [number, number] | null>(isBest, 'null, or a variable and an F1 from 0 to 1'),
  perShard: v.pipe(v.number(), v.integer(), v.minValue(1)),
  shards: v.array(v.object(file)),
});

/** `dashboards/<model>/manifest.json`. @throws VitrineError `bad-file` */
export function parseDashboardsManifest(json: unknown): DashboardsManifest {
  return parse(manifest, json, 'the manifest of the dashboards');
}

/** The index of one dictionary: deflated JSON. @throws VitrineError `bad-file` */
export function decodeIndex(bytes: Uint8Array): DashboardIndex {
  let json: unknown;
  try {
    json = JSON.parse(strFromU8(inflate(bytes)));
  } catch (cause) {
    throw new VitrineError('bad-file', 'the index of a dictionary’s dashboards cannot be read', { cause });
  }
  const parsed = parse(index, json, 'the index of a dictionary’s dashboards');
  const { active, max, best, sae, shards, perShard } = parsed;
  if ([active, max, best].some((list) => list.length !== sae.dSae) || shards.length !== Math.ceil(sae.dSae / perShard))
    throw new VitrineError('bad-file', `the index of ${sae.id} does not have one entry for each of its ${sae.dSae} features`);
  return parsed;
}

export function encodeIndex({ variables, ...rest }: DashboardIndex): Uint8Array<ArrayBuffer> {
  const plain = { ...rest, variables: variables.map(({ place, kind, role, value }) => [place, kind, role, value]) };
  return Uint8Array.from(deflateSync(strToU8(JSON.stringify(plain)), { level: 9 }));
}

/** What every file of one making has in common. */
export function describeMaking(model: DashboardsManifest['model'], corpus: DashboardsManifest['corpus']): Making {
  return { format: FORMAT, generator: GENERATOR, model, corpus };
}

function parse<T>(schema: v.GenericSchema<unknown, T>, json: unknown, what: string): T {
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const at = v.getDotPath(issue);
  throw new VitrineError('bad-file', `${what}: ${at === null ? '' : `${at}: `}${issue.message}`);
}
