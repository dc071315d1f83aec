import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { VitrineError } from '../../core/protocol/errors.ts';
import { labDefinition, labIds } from '../node-engine/labs.ts';
import { localModels, mergedCatalogue } from '../lib/local-models.ts';
import { ROOT } from '../lib/root.ts';
import { keptModels } from './hub.ts';
import { hubFolder } from './hub-shelf.ts';
import { printJson } from './io.ts';

/** `labs`: one line per lab; `defaults` is an experiment that can be run as it is. */
export async function labs(): Promise<number> {
  for (const id of labIds) {
    const lab = await labDefinition(id);
    if (!lab) continue;
    const { version, title, question, needs, defaults } = lab;
    await printJson({ id, version, title, question, needs, defaults });
  }
  return 0;
}

interface Manifest {
  readonly name: string;
  readonly family: string;
  readonly license: string;
  readonly parameters: number;
  readonly quantization: unknown;
  readonly requires: unknown;
  readonly files: readonly { readonly role: string; readonly bytes: number; readonly sha256: string }[];
  readonly saes?: readonly {
    readonly id: string;
    readonly hookName: string;
    readonly architecture: string;
    readonly dSae: number;
  }[];
}

const FOLDER = join(ROOT, 'public');

function listed(): readonly { readonly id: string; readonly path: string }[] {
  return (JSON.parse(mergedCatalogue(FOLDER)) as { models: { id: string; path: string }[] }).models;
}

/** Ids of a model's dictionaries. Throws `unknown-model`. */
export function dictionariesOf(model: string): readonly string[] {
  const found = listed().find(({ id }) => id === model);
  if (!found)
    throw new VitrineError('unknown-model', `there is no model "${model}" here`, {
      hint: '"vitrine models" lists those that are; "vitrine model add" gets two more.',
    });
  return ((json(join(FOLDER, posix.normalize(found.path))) as Manifest).saes ?? []).map(({ id }) => id);
}

/**
 * `models`: one line per model of the catalogue, with its dictionaries, and of the Hub that was confirmed; `installed: false` where its
 * bundle is not there, or not all of it was downloaded.
 */
export async function models(): Promise<number> {
  const local = new Set(localModels(FOLDER).map(({ id }) => id));
  for (const { id, path } of listed()) {
    let manifest: Manifest;
    try {
      manifest = json(join(FOLDER, posix.normalize(path))) as Manifest;
    } catch {
      await printJson({ id, installed: false });
      continue;
    }
    const { name, family, license, parameters, quantization, requires, files } = manifest;
    const weights = files.filter(({ role }) => role === 'weights').map(({ bytes, sha256 }) => ({ bytes, sha256 }));
    const saes = (manifest.saes ?? []).map(({ id, hookName, architecture, dSae }) => ({ id, hookName, architecture, dSae }));
    await printJson({
      id,
      installed: true,
      local: local.has(id),
      name,
      family,
      license,
      parameters,
      quantization,
      requires,
      weights,
      saes,
    });
  }
  for (const { id, bytes, kept } of await keptModels(hubFolder()))
    await printJson({ id, installed: kept === bytes, local: false, bytes, kept });
  return 0;
}

function json(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new VitrineError('not-found', `${path} cannot be read`, { cause });
  }
}
