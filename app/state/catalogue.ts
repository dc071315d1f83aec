import * as v from 'valibot';
import type { BackendName } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Persistence } from './persistence.ts';

/** One dictionary, with the metrics that its card states; a metric that was not measured is missing. */
export interface SaeEntry {
  readonly id: string;
  readonly hookName: string;
  readonly path: string;
  /** Its cfg.json, relative to the manifest as `path` is. */
  readonly cfg?: string | undefined;
  readonly bytes: number;
  readonly sha256: string;
  readonly dSae: number;
  readonly architecture: string;
  /** Features active per token, mean. */
  readonly l0?: number | null | undefined;
  /** Share of the activations' variance that is not explained, 0–1. */
  readonly fvu?: number | null | undefined;
  /** Nats of loss that putting the reconstruction in place costs. */
  readonly ceIncrease?: number | null | undefined;
  /** Share of the loss between zero ablation and the model that the reconstruction recovers, 0–1. */
  readonly ceRecovered?: number | null | undefined;
  /** Share of features that were never active, 0–1. */
  readonly dead?: number | null | undefined;
}

/** A model's bundle as the page shows it. The engine reads the same file by itself and checks every digest. */
export interface ModelEntry {
  readonly id: string;
  readonly name: string;
  readonly family: string;
  readonly license: string;
  /** The checkpoint's own config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string; readonly role: string }[];
  readonly quantization: { readonly kind: string; readonly group?: number | undefined };
  readonly requires: { readonly memoryBytes: number };
  /** Bytes in memory by what it runs on, where that is known better than by `requires`. */
  readonly held?: Readonly<Record<BackendName, number>> | undefined;
  readonly parameters?: number | undefined;
  readonly trainedTokens?: number | undefined;
  readonly seed?: number | undefined;
  readonly saes: readonly SaeEntry[];
  /** Whether it has a chat template; unknown where absent, except that bundles of the site say so where they have one. */
  readonly chat?: boolean | undefined;
  readonly card?: string | undefined;
  readonly scores?: string | undefined;
  /** Folder of the manifest, below the site, ending in `/`. */
  readonly folder: string;
  /** Where its files are; a bundle that comes with the site where absent, `packaged` where `npm run model:add` put it there. */
  readonly source?: 'packaged' | 'hub' | 'local' | undefined;
}

const file = v.object({ path: v.string(), bytes: v.number(), sha256: v.string(), role: v.optional(v.string(), '') });
const sae: v.GenericSchema<unknown, SaeEntry> = v.object({
  id: v.string(),
  hookName: v.string(),
  path: v.string(),
  cfg: v.optional(v.string()),
  bytes: v.number(),
  sha256: v.string(),
  dSae: v.number(),
  architecture: v.string(),
  l0: v.nullish(v.number()),
  fvu: v.nullish(v.number()),
  ceIncrease: v.nullish(v.number()),
  ceRecovered: v.nullish(v.number()),
  dead: v.nullish(v.number()),
});
type ManifestFile = Omit<ModelEntry, 'folder' | 'source' | 'held'> & {
  /** Where it was taken from. */
  readonly packages?: readonly unknown[] | undefined;
};
const manifest: v.GenericSchema<unknown, ManifestFile> = v.object({
  id: v.string(),
  name: v.string(),
  family: v.string(),
  license: v.optional(v.string(), ''),
  config: v.record(v.string(), v.unknown()),
  files: v.array(file),
  quantization: v.object({ kind: v.string(), group: v.optional(v.number()) }),
  requires: v.object({ memoryBytes: v.number() }),
  parameters: v.optional(v.number()),
  trainedTokens: v.optional(v.number()),
  seed: v.optional(v.number()),
  saes: v.array(sae),
  chat: v.optional(v.boolean()),
  card: v.optional(v.string()),
  scores: v.optional(v.string()),
  packages: v.optional(v.array(v.unknown())),
});
const list = v.object({ models: v.array(v.object({ id: v.string(), path: v.string() })) });

export interface CatalogueState {
  /** Null until loaded. */
  readonly models: readonly ModelEntry[] | null;
  /** Bundles named by the catalogue that are not there or cannot be read. */
  readonly missing: readonly { readonly id: string; readonly why: string }[];
}

export const CATALOGUE_PERSISTENCE: Persistence<CatalogueState> = {
  models: { url: false, local: false, export: false },
  missing: { url: false, local: false, export: false },
};

export interface Catalogue {
  readonly store: StoreApi<CatalogueState>;
  /** Loads the catalogue and its manifests, once. Never rejects. */
  load(): Promise<void>;
  /** Lists these beside the site's own, in place of those that were added before. */
  setAdded(models: readonly ModelEntry[]): void;
}

/** The models that this site serves. */
export function createCatalogue(fetchJson: (path: string) => Promise<unknown>): Catalogue {
  const store = createStore<CatalogueState>(() => ({ models: null, missing: [] }));
  let loading: Promise<void> | null = null;
  let own: readonly ModelEntry[] | null = null;
  let added: readonly ModelEntry[] = [];
  const show = (): void => store.setState({ models: own && [...own, ...added] });
  const one = async (id: string, path: string): Promise<ModelEntry> => {
    const found = v.safeParse(manifest, await fetchJson(path));
    if (!found.success) throw new VitrineError('bad-file', `${path} is missing or no manifest`);
    const { packages, ...entry } = found.output;
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    return { ...entry, id, folder, ...(packages === undefined ? {} : { source: 'packaged' as const }) };
  };
  const load = async (): Promise<void> => {
    const catalogue = v.safeParse(list, await fetchJson('models/catalogue.json').catch(() => null));
    if (!catalogue.success) {
      own = [];
      store.setState({ missing: [{ id: 'catalogue', why: 'the catalogue cannot be read' }] });
      return show();
    }
    const entries = catalogue.output.models;
    const found = await Promise.allSettled(entries.map(({ id, path }) => one(id, path)));
    own = found.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    store.setState({
      missing: found.flatMap((outcome, i) =>
        outcome.status === 'rejected' ? [{ id: entries[i]?.id ?? '', why: (outcome.reason as Error).message }] : [],
      ),
    });
    show();
  };
  return {
    store,
    load: () => (loading ??= load()),
    setAdded(models) {
      added = models;
      show();
    },
  };
}

/** Bytes to download before the first run: the weights, tokenizer and config, and the dictionaries named. */
export function downloadBytes(model: ModelEntry, saes: readonly string[]): number {
  const own = model.files.filter((f) => f.role !== 'card' && f.role !== 'scores').reduce((sum, f) => sum + f.bytes, 0);
  return own + model.saes.filter((s) => saes.includes(s.id)).reduce((sum, s) => sum + s.bytes, 0);
}
