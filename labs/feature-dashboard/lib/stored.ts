import { corpusSample } from '../../../core/dashboards/corpus.ts';
import {
  decodeIndex,
  GENERATOR,
  manifestPath,
  parseDashboardsManifest,
  type DashboardIndex,
  type DashboardsManifest,
} from '../../../core/dashboards/files.ts';
import type { FeatureRecord } from '../../../core/dashboards/record.ts';
import { decodeShard } from '../../../core/dashboards/shard.ts';
import type { StaleReason } from '../../../core/dashboards/types.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { RunContext, Sae } from '../../../workers/api.ts';

export interface StoredFeature {
  readonly index: DashboardIndex;
  readonly record: FeatureRecord;
  readonly stale: readonly StaleReason[];
}

type ReadFile = (path: string, listed?: { readonly bytes: number; readonly sha256: string }) => Promise<Uint8Array>;

/** What the stored dashboards hold of a feature; null where there are none of this dictionary. Three files, two of them kept. */
export async function storedFeature(ctx: RunContext, sae: Sae, feature: number): Promise<StoredFeature | null> {
  const found = await storedRecord(ctx.file, ctx.model.id, sae.id, feature);
  return found && { ...found, stale: staleReasons(ctx, sae, found.index) };
}

/** The same as it is stored, without asking whether it is of the weights that run now. */
export async function storedRecord(
  file: ReadFile,
  model: string,
  sae: string,
  feature: number,
): Promise<Omit<StoredFeature, 'stale'> | null> {
  const manifest = await readManifest(file, model);
  const entry = manifest?.saes.find(({ id }) => id === sae);
  if (!manifest || !entry) return null;
  const index = decodeIndex(await file(entry.path, entry));
  const shard = index.shards[Math.floor(feature / index.perShard)];
  if (!shard) throw new VitrineError('bad-file', `${entry.path} lists no shard for feature ${feature}`);
  const records = decodeShard(await file(shard.path, shard), index);
  const record = records.find((r) => r.feature === feature);
  if (!record) throw new VitrineError('bad-file', `${shard.path} does not hold feature ${feature}`);
  return { index, record };
}

async function readManifest(file: ReadFile, model: string): Promise<DashboardsManifest | null> {
  let bytes: Uint8Array;
  try {
    bytes = await file(manifestPath(model));
  } catch (error) {
    if (error instanceof VitrineError && error.code === 'not-found') return null;
    throw error;
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch (cause) {
    throw new VitrineError('bad-file', `${manifestPath(model)} is not JSON`, { cause });
  }
  return parseDashboardsManifest(json);
}

function staleReasons({ model }: RunContext, sae: Sae, made: DashboardIndex): StaleReason[] {
  const { seed, shares, sample } = made.corpus;
  const checks: readonly (readonly [StaleReason, boolean])[] = [
    ['model', made.model.digest !== model.digest],
    ['quantization', made.model.quantization !== model.quantization],
    ['sae', made.sae.digest !== sae.digest],
    ['text', sample !== corpusSample(seed, shares)],
    ['generator', made.generator !== GENERATOR],
  ];
  return checks.filter(([, differs]) => differs).map(([reason]) => reason);
}
