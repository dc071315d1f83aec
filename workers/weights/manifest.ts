import * as v from 'valibot';
import { QUANTIZATIONS } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { Quantization } from '../../core/model-config.ts';
import type { FileDigest } from './file-source.ts';

export interface BundleFile extends FileDigest {
  /** Relative to the manifest. */
  readonly path: string;
  readonly role: string;
  /** SHA-256 of each 16 MiB, of files that are read in parts. */
  readonly chunks?: readonly string[] | undefined;
}
export interface BundleSae extends FileDigest {
  readonly id: string;
  readonly hookName: string;
  /** Weights, relative to the manifest. */
  readonly path: string;
  /** `cfg.json`, relative to the manifest. */
  readonly cfg: string;
  readonly dIn: number;
  readonly dSae: number;
}

/** `manifest.json` of a bundle: what the engine reads of it. Names, cards and scores are the page's business. */
export interface Manifest {
  readonly id: string;
  /** The checkpoint's own config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly files: readonly BundleFile[];
  /** How the weights are stored, and run unless the reader chooses otherwise. */
  readonly quantization: { readonly kind: Quantization };
  /** Bytes of all weights as stored. */
  readonly requires: { readonly memoryBytes: number };
  /** How many weights there are; without it, as many as `memoryBytes` of that quantization are. */
  readonly parameters?: number | undefined;
  readonly saes: readonly BundleSae[];
}

const MAX_BYTES = 64 * 2 ** 30;
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_BYTES));
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(400));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const digest = { bytes: count, sha256 };
const chunks = v.optional(v.pipe(v.array(sha256), v.maxLength(10_000)));
const sae = v.object({ id: text, hookName: text, path: text, cfg: text, dIn: count, dSae: count, ...digest });

const schema: v.GenericSchema<unknown, Manifest> = v.object({
  format: v.literal('vitrine-bundle/1'),
  id: text,
  config: v.record(v.string(), v.unknown()),
  files: v.pipe(v.array(v.object({ path: text, role: text, ...digest, chunks })), v.maxLength(1_000)),
  quantization: v.object({ kind: v.picklist(QUANTIZATIONS) }),
  requires: v.object({ memoryBytes: count }),
  parameters: v.optional(count),
  saes: v.optional(v.pipe(v.array(sae), v.maxLength(10_000)), []),
});

/** @param path for the message only */
export function parseManifest(json: unknown, path: string): Manifest {
  return parse(schema, json, path);
}

/** One model that the site offers. */
export interface CatalogueEntry {
  readonly id: string;
  /** Of its manifest, relative to the site. */
  readonly path: string;
}
const catalogue = v.object({ models: v.pipe(v.array(v.object({ id: text, path: text })), v.maxLength(10_000)) });

export function parseCatalogue(json: unknown, path: string): readonly CatalogueEntry[] {
  return parse(catalogue, json, path).models;
}

function parse<T>(schema: v.GenericSchema<unknown, T>, json: unknown, path: string): T {
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const at = v.getDotPath(issue);
  throw new VitrineError('bad-file', `${path}: ${at === null ? '' : `${at}: `}${issue.message}`);
}
