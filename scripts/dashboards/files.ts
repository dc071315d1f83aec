import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  decodeIndex,
  encodeIndex,
  manifestPath,
  type DashboardIndex,
  type DashboardsManifest,
  type ListedFile,
} from '../../core/dashboards/files.ts';
import type { FeatureRecord } from '../../core/dashboards/record.ts';
import { encodeShard } from '../../core/dashboards/shard.ts';
import type { Variable } from '../../core/dashboards/types.ts';
import { variableKey } from '../../core/dashboards/variables.ts';
import { scoreOf } from '../../labs/feature-dashboard/lib/expand.ts';
import type { MadeDictionary } from './make.ts';
import { makeTokenIndex } from './tokens.ts';

/** Features of one shard: opening a dashboard reads one shard and the dictionary's index. */
const PER_SHARD = 16;
const INDEX = 'index.bin';

/** Folder of one dictionary's dashboards, below the site. */
const folderOf = (model: string, sae: string): string => `dashboards/${model}/${sae}`;

/** Writes one dictionary's shards and index aside and puts them in place at once. @returns bytes written */
export function saveDictionary(
  site: string,
  all: readonly string[],
  { making, sae, active, max, records }: MadeDictionary,
): number {
  const folder = folderOf(making.model.id, sae.id);
  const draft = `${join(site, folder)}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const list = [...records];
  const variables = variablesOf(list);
  const places = new Map(variables.map((variable, i) => [variableKey(variable), i]));
  const shards: ListedFile[] = [];
  let total = 0;
  for (let from = 0; from < list.length; from += PER_SHARD) {
    const name = `${shards.length}.bin`;
    const bytes = encodeShard(list.slice(from, from + PER_SHARD), { variables, saes: all });
    writeFileSync(join(draft, name), bytes);
    shards.push({ path: `${folder}/${name}`, bytes: bytes.length, sha256: digest(bytes) });
    total += bytes.length;
  }
  const index: DashboardIndex = {
    ...making,
    sae: { id: sae.id, digest: sae.digest, hook: sae.hookName, architecture: sae.architecture, dSae: sae.dSae },
    saes: all,
    active: [...active],
    max: Array.from(max, (m) => Number(m.toPrecision(4))),
    variables,
    best: list.map(({ matches: { best } }) => {
      if (best === null) return null;
      const { f1 } = scoreOf(best.score, best.tokens);
      return [places.get(variableKey(best.variable)) ?? 0, Math.round(f1 * 1_000) / 1_000] as const;
    }),
    perShard: PER_SHARD,
    shards,
  };
  const bytes = encodeIndex(index);
  writeFileSync(join(draft, INDEX), bytes);
  rmSync(join(site, folder), { recursive: true, force: true });
  renameSync(draft, join(site, folder));
  return total + bytes.length;
}

/** Every variable that a record names, most frequent first, so that its number is short. */
function variablesOf(records: readonly FeatureRecord[]): Variable[] {
  const found = new Map<string, { readonly variable: Variable; n: number }>();
  for (const { matches } of records)
    for (const match of [matches.best, matches.runnerUp, matches.token]) {
      if (!match) continue;
      const key = variableKey(match.variable);
      const entry = found.get(key) ?? { variable: match.variable, n: 0 };
      entry.n++;
      found.set(key, entry);
    }
  return [...found.values()].sort((a, b) => b.n - a.n).map(({ variable }) => variable);
}

/** What is there of a dictionary; null where nothing is, or nothing that can be read. */
export function readIndex(site: string, model: string, sae: string): DashboardIndex | null {
  try {
    return decodeIndex(readFileSync(join(site, folderOf(model, sae), INDEX)));
  } catch {
    return null;
  }
}

/**
 * Writes the manifest of all dictionaries whose dashboards were made as the first one's were, and removes the folders of
 * others. @returns bytes of everything that it lists, or null where there is nothing
 */
export function saveManifest(site: string, model: string, all: readonly string[]): number | null {
  const made = all.map((id) => readIndex(site, model, id)).filter((index) => index !== null);
  const path = join(site, manifestPath(model));
  const [first] = made;
  if (!first) {
    rmSync(path, { force: true });
    return null;
  }
  const { format, generator, model: weights, corpus } = first;
  const making = { format, generator, model: weights, corpus };
  const same = made.filter(
    (i) => JSON.stringify({ ...making, model: i.model, corpus: i.corpus, generator: i.generator }) === JSON.stringify(making),
  );
  const manifest: DashboardsManifest = {
    ...making,
    saes: same.map(({ sae }) => {
      const file = `${folderOf(model, sae.id)}/${INDEX}`;
      const bytes = readFileSync(join(site, file));
      return { id: sae.id, digest: sae.digest, path: file, bytes: bytes.length, sha256: digest(bytes) };
    }),
  };
  mkdirSync(dirname(path), { recursive: true });
  const tokens = saveTokens(site, model, same);
  writeFileSync(`${path}.draft`, `${JSON.stringify({ ...manifest, ...(tokens && { tokens }) })}\n`);
  renameSync(`${path}.draft`, path);
  const listed = new Set(manifest.saes.map(({ id }) => id));
  const folder = dirname(path);
  for (const name of readdirSync(folder))
    if (statSync(join(folder, name)).isDirectory() && !listed.has(name)) rmSync(join(folder, name), { recursive: true });
  return size(folder);
}

/** Written anew each time: it takes seconds, and goes with exactly these dictionaries. */
function saveTokens(site: string, model: string, made: readonly DashboardIndex[]): ListedFile | null {
  const bytes = makeTokenIndex(site, model, made);
  if (!bytes) return null;
  const path = `dashboards/${model}/tokens.bin`;
  writeFileSync(join(site, path), bytes);
  return { path, bytes: bytes.length, sha256: digest(bytes) };
}

function size(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + size(join(path, name)), 0) : stat.size;
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
