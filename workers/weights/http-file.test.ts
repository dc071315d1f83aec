import { describe, expect, it, vi } from 'vitest';
import { sha256 } from './file-source.ts';
import { HttpFile, type HttpFileOptions } from './http-file.ts';
import { plainRequest, type RangeRequest } from './http-request.ts';
import { HttpSource } from './http-source.ts';
import { BlobFile, MemoryFile } from './model-files.ts';

const CHUNK = 1000;
const DATA = Uint8Array.from({ length: 4_500 }, (_, i) => (i * 7 + (i >> 8)) & 255);
const URL_ = 'https://example.org/model.gguf';
const KEY = 'https://example.org/.cache/abc';

function fakeCaches(full = false): CacheStorage & { readonly entries: Map<string, Uint8Array<ArrayBuffer>> } {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  const cache = {
    match: (key: string) => Promise.resolve(entries.has(key) ? new Response(entries.get(key)) : undefined),
    put: async (key: string, response: Response) => {
      if (full) throw new DOMException('full', 'QuotaExceededError');
      entries.set(key, new Uint8Array(await response.arrayBuffer()));
    },
    delete: (key: string) => Promise.resolve(entries.delete(key)),
  };
  return { entries, open: () => Promise.resolve(cache) } as unknown as ReturnType<typeof fakeCaches>;
}

/** A host that answers ranges; the connection breaks after `breaksAfter` bytes, the first `breaks` times. */
function host(options: { ranges?: boolean; breaks?: number; data?: Uint8Array<ArrayBuffer>; gone?: () => boolean } = {}): {
  readonly fetch: typeof fetch;
  readonly asked: string[];
} {
  const { ranges = true, data = DATA } = options;
  let breaks = options.breaks ?? 0;
  const asked: string[] = [];
  const answer = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    if (options.gone?.() === true) throw new TypeError('Failed to fetch');
    init?.signal?.throwIfAborted();
    const range = new Headers(init?.headers).get('range') ?? '';
    asked.push(range);
    const [, from = '0', to = '0'] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    if (!ranges) return new Response(data, { headers: { 'content-length': String(data.length), etag: '"v1"' } });
    const part = data.slice(Number(from), Number(to) + 1);
    const headers = { 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${data.length}`, etag: '"v1"' };
    if (breaks-- <= 0) return new Response(part, { status: 206, headers });
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(part.slice(0, 300));
        setTimeout(() => controller.error(new TypeError('network error')), 1);
      },
    });
    return new Response(broken, { status: 206, headers });
  };
  return { fetch: answer as typeof fetch, asked };
}

const open = (fetch: typeof globalThis.fetch, more: Partial<HttpFileOptions> = {}): HttpFile =>
  new HttpFile({
    name: 'model.gguf',
    size: DATA.length,
    request: plainRequest(URL_, 'model.gguf', { fetch }),
    key: KEY,
    caches: null,
    chunkBytes: CHUNK,
    ...more,
  });
const digestOf = async (data = DATA): Promise<string> => sha256(data);
const chunkDigests = (): Promise<string[]> =>
  Promise.all([0, 1, 2, 3, 4].map((i) => sha256(DATA.slice(i * CHUNK, (i + 1) * CHUNK))));

describe('a file on a host', () => {
  it('is read in chunks, each asked for once while it is at hand', async () => {
    const { fetch, asked } = host();
    const file = open(fetch);
    let came = 0;
    file.onBytes((bytes) => (came += bytes));
    expect(await file.read(10, 20)).toEqual(DATA.slice(10, 20));
    expect(await file.read(0, 999)).toEqual(DATA.slice(0, 999));
    expect(await file.read(990, 3100)).toEqual(DATA.slice(990, 3100));
    expect(await file.read(4_400, 4_500)).toEqual(DATA.slice(4_400));
    expect(await file.read(5, 5)).toEqual(new Uint8Array(0));
    expect(asked).toEqual(['bytes=0-999', 'bytes=1000-1999', 'bytes=2000-2999', 'bytes=3000-3999', 'bytes=4000-4499']);
    expect(came).toBe(DATA.length);
    await expect(file.read(4_000, 4_501)).rejects.toMatchObject({ code: 'truncated' });
  });

  it('asks once for what two readers want at the same time', async () => {
    const { fetch, asked } = host();
    const file = open(fetch);
    await Promise.all([file.read(0, 10), file.read(500, 600), file.read(20, 30)]);
    expect(asked).toHaveLength(1);
  });

  it('keeps chunks, goes on from them without asking again, and knows how much is kept', async () => {
    const caches = fakeCaches();
    const first = host();
    const file = open(first.fetch, { caches });
    await file.read(1_500, 2_500);
    expect([...caches.entries.keys()]).toEqual([`${KEY}/1`, `${KEY}/2`]);
    expect(await file.keptBytes()).toBe(2_000);
    const second = host();
    const again = open(second.fetch, { caches });
    expect(await again.read(0, DATA.length)).toEqual(DATA);
    expect(second.asked).toEqual(['bytes=0-999', 'bytes=3000-3999', 'bytes=4000-4499']);
    expect(await again.keptBytes()).toBe(DATA.length);
    await again.forget();
    expect(caches.entries.size).toBe(0);
  });

  it('goes on where the connection broke, and gives up when nothing comes', async () => {
    const { fetch, asked } = host({ breaks: 2 });
    expect(await open(fetch).read(0, 1_000)).toEqual(DATA.slice(0, 1_000));
    expect(asked).toEqual(['bytes=0-999', 'bytes=300-999', 'bytes=600-999']);
    const gone = host({ gone: () => true });
    await expect(open(gone.fetch).read(0, 10)).rejects.toMatchObject({ code: 'network' });
  });

  it.each([true, false])('is read once from its beginning where the host knows no ranges (kept: %s)', async (kept) => {
    const { fetch, asked } = host({ ranges: false });
    const file = open(fetch, { caches: kept ? fakeCaches() : null, sha256: await digestOf() });
    expect(await file.read(3_100, 3_200)).toEqual(DATA.slice(3_100, 3_200));
    expect(await file.read(0, DATA.length)).toEqual(DATA);
    await file.verify();
    expect(asked).toHaveLength(1);
  });

  it('works where the cache is full', async () => {
    const { fetch } = host();
    const file = open(fetch, { caches: fakeCaches(true), sha256: await digestOf() });
    expect(await file.read(0, DATA.length)).toEqual(DATA);
    await file.verify();
  });

  it('checks the whole file, in whatever order it was read, and remembers that', async () => {
    const caches = fakeCaches();
    const file = open(host().fetch, { caches, sha256: await digestOf() });
    await file.read(2_000, 3_000);
    await file.read(0, 1_000);
    await file.verify();
    expect(caches.entries.has(`${KEY}/verified`)).toBe(true);
    const offline = host({ gone: () => true });
    const again = open(offline.fetch, { caches, sha256: await digestOf() });
    expect(await again.read(0, DATA.length)).toEqual(DATA);
    await again.verify();
  });

  it('forgets a file that is another one', async () => {
    const caches = fakeCaches();
    const file = open(host().fetch, { caches, sha256: '0'.repeat(64) });
    await file.read(2_000, 3_000);
    await expect(file.verify()).rejects.toMatchObject({ code: 'digest-mismatch' });
    expect(caches.entries.size).toBe(0);
  });

  it('uses no byte of a chunk that is not what the manifest lists, and drops damaged copies', async () => {
    const chunks = await chunkDigests();
    const wrong = DATA.slice();
    wrong[1_234] = wrong[1_234]! ^ 1;
    const file = open(host({ data: wrong }).fetch, { chunks });
    expect(await file.read(0, 1_000)).toEqual(DATA.slice(0, 1_000));
    await expect(file.read(1_100, 1_200)).rejects.toMatchObject({ code: 'digest-mismatch' });
    const caches = fakeCaches();
    caches.entries.set(`${KEY}/1`, wrong.slice(1_000, 2_000));
    const good = open(host().fetch, { chunks, caches });
    expect(await good.read(1_000, 2_000)).toEqual(DATA.slice(1_000, 2_000));
  });

  const status =
    (code: number, headers: Record<string, string> = {}): RangeRequest =>
    () =>
      Promise.resolve(new Response(new Uint8Array(3), { status: code, headers }));
  it.each<[string, RangeRequest, string]>([
    ['an answer of another length', status(206, { 'content-range': 'bytes 0-999/9999' }), 'digest-mismatch'],
    ['an answer from another place', status(206, { 'content-range': 'bytes 7-999/4500' }), 'digest-mismatch'],
    ['a file that is shorter by now', status(416), 'digest-mismatch'],
    ['an error of the server', status(500), 'network'],
    ['a whole file that is too short', status(200), 'truncated'],
    ['a whole file that is too long', () => Promise.resolve(new Response(new Uint8Array(9_000))), 'digest-mismatch'],
  ])('refuses %s', async (_what, request, code) => {
    const file = new HttpFile({ name: 'm', size: DATA.length, request, key: null, caches: null, chunkBytes: CHUNK });
    await expect(file.read(0, 10)).rejects.toMatchObject({ name: 'VitrineError', code });
  });

  it('comes once where it cannot be kept, in whatever order it is read, and is checked all the same', async () => {
    const { fetch, asked } = host();
    const size = { chunkBytes: 300, sha256: await digestOf() };
    const order = [0, 9, 10, 11, 12, 13, 14, 1, 2, 3, 4, 5, 6, 7, 8];
    const read = async (file: HttpFile): Promise<void> => {
      for (const chunk of order) await file.read(chunk * 300, Math.min(DATA.length, (chunk + 1) * 300));
      await file.verify();
    };
    await read(open(fetch, size));
    expect(asked).toHaveLength(15);
    const full = host();
    await read(open(full.fetch, { ...size, caches: fakeCaches(true) }));
    expect(full.asked).toHaveLength(15);
    const damaged = host({ data: DATA.map((byte, i) => (i === 4_000 ? byte ^ 1 : byte)) });
    await expect(read(open(damaged.fetch, size))).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it('stops when it is told to, and keeps what it has', async () => {
    const caches = fakeCaches();
    const controller = new AbortController();
    const { fetch } = host();
    const file = open(fetch, { caches });
    file.onBytes(() => controller.abort());
    await expect(file.read(0, 3_000, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(caches.entries.size).toBe(1);
  });

  it('takes a host that sends nothing for gone: asks again for the rest, and says so in the end', async () => {
    let stalls = 2;
    const { fetch, asked } = host();
    const stalling = (async (url: string, init?: RequestInit) => {
      const response = await fetch(url, init);
      if (stalls-- <= 0) return response;
      const part = new Uint8Array(await response.arrayBuffer()).slice(0, 100);
      const silent = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(part) });
      return new Response(silent, { status: 206, headers: response.headers });
    }) as typeof globalThis.fetch;
    const file = open(stalling, { stallMs: 20 });
    expect(await file.read(0, 1_000)).toEqual(DATA.slice(0, 1_000));
    expect(asked).toEqual(['bytes=0-999', 'bytes=100-999', 'bytes=200-999']);
    stalls = Infinity;
    const never = (): Promise<Response> => Promise.resolve(new Response(new ReadableStream(), { status: 206 }));
    await expect(open(never, { stallMs: 20 }).read(0, 10)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('has sent nothing') as string,
    });
  });

  it('takes a host that never answers for gone, unless the reader stops it first', async () => {
    const silent = ((_url: string, init?: RequestInit) =>
      new Promise<Response>((_, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
      })) as typeof fetch;
    const request = plainRequest(URL_, 'm', { fetch: silent, stallMs: 20 });
    await expect(open(silent, { request }).read(0, 10)).rejects.toMatchObject({ code: 'network' });
    const stop = new AbortController();
    const slow = plainRequest(URL_, 'm', { fetch: silent });
    const reading = open(silent, { request: slow }).read(0, 10, stop.signal);
    setTimeout(() => stop.abort(), 5);
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is another one where its host calls it so, or a check of the whole says so', async () => {
    const { fetch } = host();
    expect(await open(fetch, { etag: '"v1"' }).read(0, 3)).toEqual(DATA.slice(0, 3));
    await expect(open(fetch, { etag: '"v0"', otherwise: 'Look again.' }).read(0, 3)).rejects.toMatchObject({
      code: 'digest-mismatch',
      hint: 'Look again.',
    });
    const check = (): Promise<void> => Promise.reject(new Error('another one'));
    await expect(open(fetch, { check }).verify()).rejects.toThrow('another one');
  });
});

describe('large files of the site', () => {
  it('are read from what the page kept whole, else in parts', async () => {
    const base = 'https://example.org/';
    const expected = { bytes: DATA.length, sha256: await digestOf() };
    const caches = fakeCaches();
    const source = new HttpSource(base, { fetch: host().fetch, caches });
    const parts = await source.open('models/x/m.gguf', expected);
    expect(parts).toBeInstanceOf(HttpFile);
    expect([parts.name, await parts.read(1, 4)]).toEqual(['m.gguf', DATA.slice(1, 4)]);
    await parts.verify?.();
    caches.entries.clear();
    caches.entries.set(`${base}.cache/${expected.sha256}`, DATA);
    const whole = await source.open('models/x/m.gguf', expected);
    expect(whole).toBeInstanceOf(BlobFile);
    expect(await whole.read(1, 4)).toEqual(DATA.slice(1, 4));
  });
});

describe('files at hand', () => {
  it('give parts, and say when there are fewer bytes than asked for', async () => {
    for (const file of [new MemoryFile('m', DATA), new BlobFile(new Blob([DATA]), 'm')]) {
      expect(await file.read(4_490, 4_500)).toEqual(DATA.slice(4_490));
      await expect(file.read(4_490, 4_501)).rejects.toMatchObject({ code: 'truncated' });
      await expect(file.read(-1, 2)).rejects.toMatchObject({ code: 'truncated' });
    }
  });

  it('say so when the browser can no longer read them', async () => {
    const gone = {
      size: 10,
      slice: vi.fn(() => gone),
      arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')),
    };
    await expect(new BlobFile(gone, 'm').read(0, 4)).rejects.toMatchObject({ code: 'not-found' });
  });
});
