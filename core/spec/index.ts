import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import * as v from 'valibot';
import type { SpecHash } from '../protocol/messages.ts';
import { VitrineError } from '../protocol/errors.ts';
import { canonicalJson, type JsonValue } from './json.ts';
import type { LabDefinition } from './lab.ts';
import { migrate } from './migrations/index.ts';
import { experimentSchema, type ExperimentSpec } from './schema.ts';

export type { ExperimentSpec, Prompt, SamplingSpec } from './schema.ts';
export { LIMITS } from './schema.ts';
export type { JsonValue } from './json.ts';
export { canonicalJson } from './json.ts';
export type { LabDefinition, LabNeeds } from './lab.ts';

/** Turns untrusted JSON into a spec: migrates old versions, then validates strictly. Throws VitrineError `bad-spec`. */
export function parseSpec(input: unknown): ExperimentSpec {
  const parsed = v.safeParse(experimentSchema, migrate(input), { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw specError(parsed.issues[0]);
}

function specError(issue: v.BaseIssue<unknown>): VitrineError {
  const path = v.getDotPath(issue);
  return new VitrineError('bad-spec', `${path === null ? 'the experiment' : path}: ${issue.message}`, { detail: { path } });
}

/** Validates `params` and `view` with the lab's schemas and fills in defaults. */
export function completeSpec<P extends object, V extends object>(
  spec: ExperimentSpec,
  lab: LabDefinition<P, V>,
): ExperimentSpec & { readonly params: P; readonly view: V } {
  if (spec.lab !== lab.id) throw new VitrineError('unknown-lab', `the experiment is for "${spec.lab}", not "${lab.id}"`);
  if (spec.labV > lab.version)
    throw new VitrineError(
      'bad-spec',
      `labV: the link was made with a newer version (${spec.labV}) of this lab than this page has (${lab.version})`,
    );
  const params = v.safeParse(lab.params, spec.params, { abortEarly: true });
  if (!params.success) throw specError(params.issues[0]);
  const view = v.safeParse(lab.view, spec.view ?? {}, { abortEarly: true });
  if (!view.success) throw specError(view.issues[0]);
  return { ...spec, params: params.output, view: view.output } as ExperimentSpec & { readonly params: P; readonly view: V };
}

/** Leaves out every default, so that equal experiments are equal text. `view` is kept. */
export function minimalSpec<P extends object, V extends object>(spec: ExperimentSpec, lab: LabDefinition<P, V>): ExperimentSpec {
  const full = completeSpec(spec, lab);
  const params = withoutDefaults(full.params, v.parse(lab.params, {}));
  const view = withoutDefaults(full.view, v.parse(lab.view, {}));
  const { view: _view, interventions, saes, ...rest } = full;
  return {
    ...rest,
    ...(saes && saes.length > 0 ? { saes } : {}),
    ...(interventions && interventions.length > 0 ? { interventions } : {}),
    params,
    ...(Object.keys(view).length > 0 ? { view } : {}),
  };
}

function withoutDefaults(value: object, defaults: object): { readonly [key: string]: JsonValue } {
  const base = new Map(Object.entries(defaults));
  const kept = Object.entries(value).filter(
    ([k, x]) => x !== undefined && (!base.has(k) || canonicalJson(x) !== canonicalJson(base.get(k))),
  );
  return Object.fromEntries(kept) as { [key: string]: JsonValue };
}

/** SHA-256 of the canonical minimal spec without `view`: cache key, poster file name, citation id. */
export function hashSpec<P extends object, V extends object>(spec: ExperimentSpec, lab: LabDefinition<P, V>): SpecHash {
  const { view: _view, ...science } = minimalSpec(spec, lab);
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(science)))) as SpecHash;
}
