import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HubFound, HubModel } from '../../../core/files/hub.ts';
import { parseTarget, type ModelTarget } from '../../../core/files/target.ts';
import { serveModels, type ModelServer } from '../../../scripts/lib/model-server.ts';
import { CONFIG, TOKENIZER, WEIGHTS } from '../../testing/hub-repositories.ts';
import { memoryCaches, type MemoryCaches } from '../../testing/memory-caches.ts';
import { withVocabulary } from '../gguf/testing.ts';
import { openHubFiles, HUB_CHUNK } from './open.ts';
import { download, free, kept, look, needs } from './service.ts';
import { HubShelf } from './shelf.ts';

const GGUF = withVocabulary(readFileSync(join(import.meta.dirname, '../../testdata/gguf/llama.gguf')));
const SECRET = 'hf_mine';

let host: ModelServer;
let caches: MemoryCaches;
/** The reader's token is for this very host here: it must not go there all the same. */
const options = (): Parameters<typeof look>[1] => ({
  host: host.url.slice(0, -1),
  token: SECRET,
  caches,
  sleep: () => Promise.resolve(),
});

beforeEach(async () => {
  caches = memoryCaches();
  host = await serveModels({
    'a/tiny.gguf': GGUF,
    'b/x-00001-of-00002.gguf': 'one',
    'b/x-00002-of-00002.gguf': 'two',
    'm/config.json': JSON.stringify(CONFIG),
    'm/tokenizer.json': TOKENIZER,
    'm/model.safetensors': WEIGHTS,
    's/config.json': JSON.stringify(CONFIG),
    's/tokenizer.json': TOKENIZER,
    's/tokenizer_config.json': '{}',
    's/model.safetensors.index.json': JSON.stringify({
      weight_map: { b: 'model-00002-of-00002.safetensors', a: 'model-00001-of-00002.safetensors' },
    }),
    's/model-00001-of-00002.safetensors': 'a',
    's/model-00002-of-00002.safetensors': 'b',
    'bad/config.json': '{}',
    'bad/tokenizer.json': '{}',
    'bad/model.safetensors.index.json': JSON.stringify({ weight_map: { a: '../../etc/passwd' } }),
  });
});
afterEach(() => host.close());

const at = (path: string, pin: string | null = null): ModelTarget => ({ kind: 'address', address: `${host.url}${path}`, pin });
const find = (path: string): Promise<HubFound> => look(at(path), options());
async function modelAt(path: string): Promise<HubModel> {
  const [offer] = (await find(path)).offers;
  if (!offer) throw new Error('no offer');
  return offer.model;
}

describe('a model at an address', () => {
  it('is pinned by size and samples, and what it needs is read from its header: little is sent', async () => {
    const found = await find('m/');
    expect(found).toMatchObject({ name: `${host.url}m/`, commit: null, gated: false, license: null });
    const [{ model, bytes }] = found.offers as [HubFound['offers'][number]];
    expect(model.id).toMatch(/^url:http:\/\/localhost:\d+\/m\/@[0-9a-f]{16}$/);
    expect(model.others.map(({ path }) => path)).toEqual(['config.json', 'tokenizer.json']);
    expect(bytes).toBe(WEIGHTS.length + TOKENIZER.length + JSON.stringify(CONFIG).length);
    expect((await needs(model, options())).family).toBe('llama');
    expect(host.sent()).toBeLessThan(400_000);

    const gguf = await modelAt('a/tiny.gguf');
    expect(gguf.weights).toMatchObject([{ path: 'tiny.gguf', bytes: GGUF.length, sha256: null }]);
    expect((await needs(gguf, options())).held).toMatchObject([{ quantization: 'gguf' }]);
    expect(caches.addresses('vitrine-hub-1')).toEqual([]);
  });

  it('is found in all of its parts', async () => {
    expect((await modelAt('b/x-00001-of-00002.gguf')).weights.map(({ path }) => path)).toEqual([
      'x-00001-of-00002.gguf',
      'x-00002-of-00002.gguf',
    ]);
    const { weights, others } = await modelAt('s/');
    expect(weights.map(({ path }) => path)).toEqual(['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']);
    expect(others.map(({ path }) => path)).toContain('tokenizer_config.json');
    await expect(modelAt('bad/')).rejects.toMatchObject({ code: 'bad-file' });
  });

  it.each([
    ['sends whole files only', { ranges: false }],
    ['names no version', { etags: false }],
    ['lets pages read neither size nor version', { exposes: false, etags: false }],
    ['has a start page for what is missing', { startPage: true }],
  ])('can be had of a host that %s', async (_, habits) => {
    Object.assign(host.habits, habits);
    const model = await modelAt('m/');
    expect(model.weights[0]?.bytes).toBe(WEIGHTS.length);
    await needs(model, options());
    const gguf = await modelAt('a/tiny.gguf');
    expect((await needs(gguf, options())).family).toBe('llama');
    await download(model, options());
    const [weights] = openHubFiles(model, options()).weights;
    expect(Buffer.from((await weights?.read(0, WEIGHTS.length)) ?? [])).toEqual(Buffer.from(WEIGHTS));
  });

  it('does not have to come whole to be looked at, where its host sends whole files only', async () => {
    host.habits.ranges = false;
    const model = await modelAt('m/');
    await needs(model, options());
    // What was not read is not in the pin, which is another one then.
    host.habits.ranges = true;
    expect((await modelAt('m/')).id).not.toBe(model.id);
  });

  it('is downloaded, kept, taken up where it was stopped, opened without its host, and freed', async () => {
    const model = await modelAt('m/');
    const stop = new AbortController();
    const first = download(model, {
      ...options(),
      signal: stop.signal,
      onProgress: (done) => done > HUB_CHUNK + TOKENIZER.length + 1_000 && stop.abort(),
    });
    await expect(first).rejects.toThrow();
    const [before = 0] = await kept([model], options());
    expect(before).toBeGreaterThan(HUB_CHUNK);
    const asked = host.requests.length;
    await download(model, options());
    const again = host.requests.slice(asked).filter(({ path }) => path.endsWith('.safetensors'));
    expect(again.every(({ range }) => Number(/\d+/.exec(range ?? '')?.[0]) >= HUB_CHUNK)).toBe(true);
    const pin = model.id.split('@').at(-1);
    expect(
      caches
        .addresses('vitrine-hub-1')
        .every((key) => key.startsWith(host.url.replace('http:', 'https:')) && key.includes(`/${pin}/`)),
    ).toBe(true);

    const shelf = new HubShelf(caches);
    await expect(shelf.open(model.id)).rejects.toMatchObject({ code: 'not-confirmed' });
    shelf.allow({ host: options().host, token: SECRET, models: [model] });
    const files = await shelf.open(model.id);
    const served = host.requests.length;
    expect(await files.config()).toEqual(CONFIG);
    expect(files.digest).toBe(model.id.slice('url:'.length));
    await files.weights[0]?.read(0, 8);
    await files.weights[0]?.verify?.();
    expect(host.requests.length).toBe(served);
    await free(model, [], options());
    expect(caches.addresses('vitrine-hub-1')).toEqual([]);
  });

  it('never gets the reader’s token, a cookie or a referrer', async () => {
    await download(await modelAt('m/'), options());
    await needs(await modelAt('a/tiny.gguf'), options());
    expect(host.requests.length).toBeGreaterThan(8);
    for (const { authorization, cookie, referrer } of host.requests)
      expect([authorization, cookie, referrer]).toEqual([null, null, null]);
  });

  it('that changed is another one: for a link, for a download on its way, and for one that begins', async () => {
    const model = await modelAt('m/');
    const target = parseTarget(model.id)!;
    expect(await look(target, options())).toMatchObject({ offers: [{ model: { id: model.id } }] });
    const other = Buffer.from(WEIGHTS);
    other[other.length - 5]! ^= 1;
    host.put('m/model.safetensors', other);
    await expect(look(target, options())).rejects.toMatchObject({
      code: 'digest-mismatch',
      hint: expect.stringContaining('add its address') as string,
    });
    // By its ETag before anything of it is taken, and without one by its samples in the end.
    for (const etags of [true, false]) {
      host.habits.etags = etags;
      const changed = download(model, options());
      await expect(changed).rejects.toMatchObject({
        code: 'digest-mismatch',
        hint: expect.stringContaining('look its address up again') as string,
      });
    }
    const weights = caches.addresses('vitrine-hub-1').filter((key) => key.includes('safetensors'));
    expect(weights).toEqual([]);
    host.put('m/model.safetensors', WEIGHTS.slice(0, -9));
    await expect(download(model, options())).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it.each([
    ['nowhere.gguf', {}, 'not-found', /has no nowhere\.gguf: it answers 404/],
    ['nowhere.gguf', { startPage: true }, 'not-found', /answers with a page/],
    ['nowhere/', {}, 'not-found', /has no config\.json/],
    ['a/tiny.gguf', { refuse: { status: 403, times: 1 } }, 'not-found', /does not give tiny\.gguf to everyone/],
    ['a/tiny.gguf', { refuse: { status: 500, times: 9 } }, 'network', /answered 500/],
    ['a/tiny.gguf', { refuse: { status: 429, times: 9, headers: { 'retry-after': '600' } } }, 'hub-busy', /no more requests/],
  ] as const)('says what is wrong with %s %j', async (path, habits, code, message) => {
    Object.assign(host.habits, structuredClone(habits));
    await expect(find(path)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('of a host that lets no other page read it is told apart from a network that is gone, as far as a page can', async () => {
    const fetch = (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'));
    await expect(look(at('a/tiny.gguf'), { ...options(), fetch })).rejects.toMatchObject({ code: 'network', hint: undefined });
    vi.stubGlobal('location', { origin: 'https://vitrine.example' });
    await expect(look(at('a/tiny.gguf'), { ...options(), fetch })).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('CORS') as string,
      hint: expect.stringContaining('drop it on the models page') as string,
    });
    vi.unstubAllGlobals();
  });

  it('of a host that falls silent on the way comes all the same', async () => {
    const model = await modelAt('m/');
    host.habits.stall = { after: 1_000_000, times: 2 };
    await download(model, { ...options(), stallMs: 50 });
    expect(host.habits.stall.times).toBe(0);
    expect(host.requests.some(({ range }) => range?.startsWith('bytes=1000000-'))).toBe(true);
  });
});
