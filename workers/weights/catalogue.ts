import { VitrineError } from '../../core/protocol/errors.ts';
import { resolvePath, type FileSource, type ReadOptions } from './file-source.ts';
import { parseCatalogue, parseManifest, type BundleSae, type Manifest } from './manifest.ts';

const CATALOGUE = 'models/catalogue.json';

/** A model of the catalogue with its manifest. Paths in it are resolved with `file`. */
export interface Bundle {
  readonly id: string;
  readonly manifest: Manifest;
  /** @returns the path below the site of a path that the manifest names */
  file(path: string): string;
  /** Throws `unknown-sae` where the manifest does not list it. */
  sae(id: string): BundleSae;
}

/** Ids become files only through here: what the catalogue does not list is not opened. */
export async function openBundle(source: FileSource, id: string, options: ReadOptions = {}): Promise<Bundle> {
  const entries = parseCatalogue(await readJson(source, CATALOGUE, options), CATALOGUE);
  const entry = entries.find((e) => e.id === id);
  if (!entry)
    throw new VitrineError('unknown-model', `there is no model "${id}" here; there are ${entries.map((e) => e.id).join(', ')}`);
  const path = resolvePath('', entry.path);
  const manifest = parseManifest(await readJson(source, path, options), path);
  if (manifest.id !== id) throw new VitrineError('bad-file', `${path} is the manifest of "${manifest.id}", not of "${id}"`);
  return {
    id,
    manifest,
    file: (relative) => resolvePath(path, relative),
    sae(saeId) {
      const found = manifest.saes.find((s) => s.id === saeId);
      if (!found) throw new VitrineError('unknown-sae', `${id} has no dictionary "${saeId}"`);
      return found;
    },
  };
}

export async function readJson(source: FileSource, path: string, options: ReadOptions = {}): Promise<unknown> {
  return parseJson(await source.read(path, options), path);
}

export function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new VitrineError('bad-file', `${path} is not JSON`, { cause });
  }
}
