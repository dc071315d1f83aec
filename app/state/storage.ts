import { HUB_CACHE, type HubModel } from '../../core/files/hub.ts';
import { ASSETS_CACHE, DATA_CACHE, FILES_CACHE, KERNELS_CACHE } from '../../core/files/kept.ts';
import { remoteKey } from '../../core/files/remote.ts';
import { estimate } from './kept.ts';
import type { LocalStore } from './persistence.ts';

/** What is kept in this browser, by what it is to the reader. */
export const KEPT_KINDS = ['files', 'data', 'hub', 'orphans', 'kernels', 'app', 'older', 'typed'] as const;
export type KeptKind = (typeof KEPT_KINDS)[number];

/** Keys of local storage: the list of models of the Hub, which goes model by model, the token, and the address of a Hub for tests. */
const OF_THE_HUB = /^vitrine:hub/;

/**
 * What a cache of this origin is for; null where it is none of ours, as other pages may share the origin.
 * @param site absolute URL of the site, ending in `/`
 */
export function kindOfCache(name: string, site: string): KeptKind | null {
  const known: Readonly<Record<string, KeptKind>> = {
    [FILES_CACHE]: 'files',
    [DATA_CACHE]: 'data',
    [HUB_CACHE]: 'hub',
    [KERNELS_CACHE]: 'kernels',
    [ASSETS_CACHE]: 'app',
  };
  if (known[name]) return known[name];
  // Workbox' own names end with the scope.
  if (name.startsWith('workbox-')) return name.endsWith(site) ? 'app' : null;
  return name.startsWith('vitrine-') ? 'older' : null;
}

export interface Usage {
  readonly bytes: Readonly<Record<KeptKind, number>>;
  /** All that the browser counts for this site; null where it does not say. */
  readonly total: number | null;
  /** What it would give at most. */
  readonly quota: number | null;
}

/**
 * Everything that this site keeps in this browser, in bytes, except for the library.
 * @param listed models of the Hub and of other addresses that are known; what is kept of others are `orphans`
 */
export async function usage(site: string, storage: LocalStore | null, listed: readonly HubModel[]): Promise<Usage> {
  const bytes = Object.fromEntries(KEPT_KINDS.map((kind) => [kind, 0])) as Record<KeptKind, number>;
  for (const name of await cacheNames()) {
    const kind = kindOfCache(name, site);
    if (kind) bytes[kind] += await weigh(name, () => true);
  }
  bytes.orphans = bytes.hub === 0 ? 0 : await weigh(HUB_CACHE, orphanOf(listed));
  bytes.hub -= bytes.orphans;
  // UTF-16.
  for (const key of typedKeys(storage)) bytes.typed += 2 * (key.length + (read(storage, key)?.length ?? 0));
  const { usage: total, quota } = await estimate();
  return { bytes, total: total ?? null, quota: quota ?? null };
}

/** Whether an address in the cache is of no model that is listed: another tab, or a list that was lost, has left it. */
function orphanOf(listed: readonly HubModel[]): (address: string) => boolean {
  const files = listed.flatMap(({ id, weights, others }) => [...weights, ...others].map(({ path }) => remoteKey(id, path)));
  const known = new Set(files);
  return (address) => !known.has(address.slice(0, address.lastIndexOf('/')));
}

/** Frees all that is kept of a kind. @param listed see `usage` */
export async function freeKept(
  kind: KeptKind,
  site: string,
  storage: LocalStore | null,
  listed: readonly HubModel[] = [],
): Promise<void> {
  if (kind === 'orphans') {
    const cache = await caches.open(HUB_CACHE);
    const isOrphan = orphanOf(listed);
    for (const { url } of await cache.keys()) if (isOrphan(url)) await cache.delete(url);
  }
  for (const name of await cacheNames()) if (kindOfCache(name, site) === kind) await caches.delete(name);
  if (kind === 'typed') for (const key of typedKeys(storage)) storage?.removeItem(key);
}

const cacheNames = async (): Promise<readonly string[]> => {
  try {
    return await caches.keys();
  } catch {
    return [];
  }
};

function typedKeys(storage: LocalStore | null): readonly string[] {
  try {
    return Object.keys(storage ?? {}).filter((key) => key.startsWith('vitrine:') && !OF_THE_HUB.test(key));
  } catch {
    return [];
  }
}

function read(storage: LocalStore | null, key: string): string | null {
  try {
    return storage?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

async function weigh(name: string, counts: (address: string) => boolean): Promise<number> {
  try {
    const cache = await caches.open(name);
    let sum = 0;
    for (const request of await cache.keys()) {
      if (!counts(request.url)) continue;
      const response = await cache.match(request);
      const told = response?.headers.get('content-length') ?? null;
      sum += told === null ? ((await response?.blob())?.size ?? 0) : Number(told);
    }
    return sum;
  } catch {
    return 0;
  }
}
