import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HUB_CACHE, type HubModel } from '../../core/files/hub.ts';
import { ASSETS_CACHE, DATA_CACHE, FILES_CACHE, KERNELS_CACHE } from '../../core/files/kept.ts';
import { memoryCaches, type MemoryCaches } from '../../workers/testing/memory-caches.ts';
import { freeKept, kindOfCache, usage, type KeptKind } from './storage.ts';

const SITE = 'https://example.org/vitrine/';
const PRECACHE = `workbox-precache-v2-${SITE}`;
const KINDS: Readonly<Record<string, KeptKind>> = {
  [FILES_CACHE]: 'files',
  [DATA_CACHE]: 'data',
  [HUB_CACHE]: 'hub',
  [KERNELS_CACHE]: 'kernels',
  [ASSETS_CACHE]: 'app',
  [PRECACHE]: 'app',
  'vitrine-files-0': 'older',
};
/** Of another page on the same origin. */
const FOREIGN = ['somebody-else', 'workbox-precache-v2-https://example.org/other/'];

let caches: MemoryCaches;
beforeEach(() => vi.stubGlobal('caches', (caches = memoryCaches())));
afterEach(() => vi.unstubAllGlobals());

/** As the browser's: its keys are properties. */
function storage(items: Readonly<Record<string, string>>): Storage {
  const held: Record<string, string> = { ...items };
  const methods = {
    getItem: (key: string) => held[key] ?? null,
    removeItem: (key: string) => void delete held[key],
  };
  return new Proxy(methods, {
    ownKeys: () => Object.keys(held),
    getOwnPropertyDescriptor: (_, key) => (String(key) in held ? { enumerable: true, configurable: true } : undefined),
  }) as unknown as Storage;
}

async function fill(): Promise<void> {
  for (const [i, name] of [...Object.keys(KINDS), ...FOREIGN].entries()) {
    const cache = await caches.open(name);
    const headers = i % 2 === 0 ? { 'content-length': String(10 ** i) } : {};
    await cache.put(`${SITE}${i}`, new Response(new Uint8Array(10 ** i), { headers }));
  }
}

it('knows every cache of ours and no other', () => {
  for (const [name, kind] of Object.entries(KINDS)) expect(kindOfCache(name, SITE), name).toBe(kind);
  for (const name of FOREIGN) expect(kindOfCache(name, SITE), name).toBeNull();
});

it('weighs each kind, with or without a told length, and frees one and nothing else', async () => {
  await fill();
  const local = storage({ 'vitrine:draft:explore': 'abc', 'vitrine:hub': '{}', 'vitrine:hub-token': '"x"', other: 'x' });
  const { bytes } = await usage(SITE, local, []);
  expect(bytes).toEqual({
    files: 1,
    data: 10,
    hub: 0,
    orphans: 100,
    kernels: 1_000,
    app: 110_000,
    older: 1_000_000,
    typed: 2 * 24,
  });
  await freeKept('kernels', SITE, local);
  await freeKept('app', SITE, local);
  expect((await usage(SITE, local, [])).bytes).toEqual({ ...bytes, kernels: 0, app: 0 });
  expect(caches.addresses('somebody-else')).toHaveLength(1);
  await freeKept('typed', SITE, local);
  expect(Object.keys(local).toSorted()).toEqual(['other', 'vitrine:hub', 'vitrine:hub-token']);
});

it('tells parts of models that nobody knows any more from those of listed ones, and frees them alone', async () => {
  const commit = 'a'.repeat(40);
  const file = (path: string): HubModel['weights'][number] => ({ path, bytes: 3, sha256: null, git: null });
  const listed: readonly HubModel[] = [
    { id: `hf:a/b@${commit}`, weights: [file('sub/x y.safetensors')], others: [file('config.json')] },
    { id: 'url:http://localhost:8080/m/tiny.gguf@0123456789abcdef', weights: [file('tiny.gguf')], others: [] },
  ];
  const hub = `https://huggingface.co/a/b/resolve/${commit}`;
  const own = [`${hub}/sub/x%20y.safetensors/0`, `${hub}/sub/x%20y.safetensors/verified`, `${hub}/config.json/0`];
  own.push('https://localhost:8080/m/tiny.gguf/0123456789abcdef/12');
  const orphans = [`${hub}/other.gguf/0`, hub.replace('aaa', 'bbb') + '/config.json/0'];
  orphans.push('https://localhost:8080/m/tiny.gguf/fedcba9876543210/0', 'https://localhost:8080/m/tiny.gguf/0');
  const cache = await caches.open(HUB_CACHE);
  for (const address of [...own, ...orphans]) await cache.put(address, new Response('abc'));
  expect((await usage(SITE, null, listed)).bytes).toMatchObject({ hub: 3 * own.length, orphans: 3 * orphans.length });
  await freeKept('orphans', SITE, null, listed);
  expect(caches.addresses(HUB_CACHE).toSorted()).toEqual(own.toSorted());
  expect((await usage(SITE, null, listed)).bytes).toMatchObject({ hub: 3 * own.length, orphans: 0 });
});

it('is nothing where the browser keeps nothing', async () => {
  vi.stubGlobal('caches', { keys: () => Promise.reject(new Error('forbidden')) });
  expect(Object.values((await usage(SITE, null, [])).bytes).every((bytes) => bytes === 0)).toBe(true);
});
