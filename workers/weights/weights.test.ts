import { describe, expect, it, vi } from 'vitest';
import { writeSafetensors } from '../../core/files/safetensors.ts';
import { memorySource, tinySite } from '../testing/tiny-bundle.ts';
import { openBundle } from './catalogue.ts';
import { readChecked, resolvePath, sha256 } from './file-source.ts';
import { HttpSource } from './http-source.ts';
import { parseManifest } from './manifest.ts';
import { MemoryFile, type RandomAccessFile } from './model-files.ts';
import { SafetensorsSource } from './safetensors-source.ts';

const BASE = 'https://example.org/sub/';
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const expectOf = async (data: Uint8Array<ArrayBuffer>): Promise<{ bytes: number; sha256: string }> => ({
  bytes: data.length,
  sha256: await sha256(data),
});

/** The Cache API over a map; `put` may be made to fail, as in a private window. */
function fakeCaches(full = false): CacheStorage & { readonly entries: Map<string, Uint8Array<ArrayBuffer>> } {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  const cache = {
    match: (key: string) => Promise.resolve(entries.has(key) ? new Response(entries.get(key)) : undefined),
    put: async (key: string, response: Response) => {
      if (full) throw new Error('Unexpected internal error');
      entries.set(key, new Uint8Array(await response.arrayBuffer()));
    },
    delete: (key: string) => Promise.resolve(entries.delete(key)),
  };
  return { entries, open: () => Promise.resolve(cache) } as unknown as ReturnType<typeof fakeCaches>;
}
type Answer = (url: string, init?: RequestInit) => Response | Promise<Response>;
const server = (answer: Answer): ReturnType<typeof vi.fn> & typeof fetch =>
  vi.fn((input: string, init?: RequestInit) => Promise.resolve().then(() => answer(input, init))) as never;
const offline: Answer = () => Promise.reject(new TypeError('Failed to fetch'));

describe('http source', () => {
  const data = bytes('0123456789'.repeat(1000));

  it('streams a file from below its base, telling how far it is', async () => {
    const fetch = server(
      () =>
        new Response(
          new ReadableStream({
            start(controller) {
              for (let i = 0; i < data.length; i += 3000) controller.enqueue(data.slice(i, i + 3000));
              controller.close();
            },
          }),
        ),
    );
    const seen: [number, number | null][] = [];
    const source = new HttpSource(BASE, { fetch, caches: null });
    const onBytes = (done: number, total: number | null): void => void seen.push([done, total]);
    expect(await source.read('models/a.bin', { expect: await expectOf(data), onBytes })).toEqual(data);
    expect(fetch.mock.calls[0]![0]).toBe(`${BASE}models/a.bin`);
    expect(seen).toEqual([3000, 6000, 9000, 10000].map((n) => [n, 10000]));
    expect(await source.read('models/a.bin')).toEqual(data);
  });

  it('keeps files under their digest, and asks no server for them again', async () => {
    const caches = fakeCaches();
    const fetch = server(() => new Response(data));
    const expected = await expectOf(data);
    await new HttpSource(BASE, { fetch, caches }).read('a.bin', { expect: expected });
    await vi.waitFor(() => expect([...caches.entries.keys()]).toEqual([`${BASE}.cache/${expected.sha256}`]));
    expect(await new HttpSource(BASE, { fetch: server(offline), caches }).read('a.bin', { expect: expected })).toEqual(data);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('does not keep a wrong file, and drops a kept one that was damaged', async () => {
    const caches = fakeCaches();
    const expected = await expectOf(data);
    const wrong = bytes('x'.repeat(data.length));
    await new HttpSource(BASE, { fetch: server(() => new Response(wrong)), caches }).read('a.bin', { expect: expected });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(caches.entries.size).toBe(0);
    caches.entries.set(`${BASE}.cache/${expected.sha256}`, wrong);
    const fetch = server(() => new Response(data));
    expect(await new HttpSource(BASE, { fetch, caches }).read('a.bin', { expect: expected })).toEqual(data);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('asks for manifests anew, and takes the last copy when the network is gone', async () => {
    const caches = fakeCaches();
    const fetch = server(() => new Response(bytes('{"version":2}')));
    const first = new HttpSource(BASE, { fetch, caches });
    await first.read('m.json');
    await first.read('m.json');
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(fetch.mock.calls[0]![1]).toMatchObject({ cache: 'no-cache' });
    await vi.waitFor(() => expect(caches.entries.size).toBe(1));
    expect(await new HttpSource(BASE, { fetch: server(offline), caches }).read('m.json')).toEqual(bytes('{"version":2}'));
  });

  it('works where the cache refuses', async () => {
    const refusing = { open: () => Promise.reject(new Error('denied')) } as unknown as CacheStorage;
    for (const caches of [fakeCaches(true), refusing, null]) {
      const source = new HttpSource(BASE, { fetch: server(() => new Response(data)), caches });
      expect(await source.read('a.bin', { expect: await expectOf(data) })).toEqual(data);
    }
  });

  const broken = (): Response =>
    new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(data.slice(0, 100));
          controller.error(new TypeError('network error'));
        },
      }),
    );
  it.each<[string, Answer, string]>([
    ['there is no file', () => new Response('', { status: 404 }), 'not-found'],
    [
      'the server answers with its start page',
      () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
      'not-found',
    ],
    ['the server fails', () => new Response('', { status: 503 }), 'network'],
    ['the network is gone', offline, 'network'],
    ['the connection breaks', broken, 'network'],
    ['the file is longer', () => new Response(bytes('y'.repeat(data.length + 1))), 'digest-mismatch'],
    ['the file is shorter', () => new Response(data.slice(0, 77)), 'truncated'],
    ['the file is another one', () => new Response(bytes('y'.repeat(data.length))), 'digest-mismatch'],
  ])('says what is wrong when %s', async (_what, answer, code) => {
    const source = new HttpSource(BASE, { fetch: server(answer), caches: fakeCaches() });
    await expect(readChecked(source, 'a.bin', await expectOf(data))).rejects.toMatchObject({ name: 'VitrineError', code });
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const fetch = server((_url, init) => {
      controller.abort();
      return Promise.reject(init?.signal?.reason as Error);
    });
    const reading = new HttpSource(BASE, { fetch, caches: null }).read('a.bin', { signal: controller.signal });
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('bundles', () => {
  it('finds a model through the catalogue only, and resolves its files below the site', async () => {
    const files = await tinySite();
    const bundle = await openBundle(memorySource(files), 'tiny');
    expect(bundle.file('../../saes/x.bin')).toBe('saes/x.bin');
    expect(bundle.file('./a/../b.bin')).toBe('models/tiny/b.bin');
    await expect(openBundle(memorySource(files), 'models/tiny')).rejects.toMatchObject({ code: 'unknown-model' });
    expect(() => bundle.sae('nothing')).toThrow(expect.objectContaining({ code: 'unknown-sae' }));
  });

  it.each(['../../../up', '/etc/passwd', 'https://evil.example/x', 'a\\b', 'a?b', '../../../../x'])(
    'refuses the path %s',
    (path) => {
      expect(() => resolvePath('models/tiny/manifest.json', path)).toThrow(expect.objectContaining({ code: 'bad-file' }));
    },
  );

  it('names the field of a manifest that is wrong', async () => {
    const files = await tinySite();
    const json = JSON.parse(new TextDecoder().decode(files.get('models/tiny/manifest.json'))) as Record<string, unknown>;
    expect(parseManifest(json, 'm').saes).toHaveLength(1);
    const damaged: [string, unknown][] = [
      ['format', 'vitrine-bundle/9'],
      ['files', [{ path: 'x', role: 'weights', bytes: -1, sha256: '0'.repeat(64) }]],
      ['files', [{ path: 'x', role: 'weights', bytes: 1, sha256: 'short' }]],
      ['requires', { memoryBytes: 1e300 }],
      ['quantization', { kind: 'int2' }],
      ['config', null],
    ];
    for (const [key, value] of damaged)
      expect(() => parseManifest({ ...json, [key]: value }, 'm.json')).toThrow(new RegExp(`m\\.json: ${key}`));
  });
});

describe('safetensors as weights', () => {
  const file = writeSafetensors([
    { name: 'a.weight', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    { name: 'a.bias', shape: [2], data: Float32Array.of(7, 8) },
    { name: 'b.weight.q8', shape: [2, 32], data: new Int8Array(64).map((_, i) => i) },
    { name: 'b.weight.scale', shape: [2, 1], data: Float32Array.of(0.5, 2) },
    { name: 'c.weight.q8', shape: [2, 32], data: new Int8Array(64) },
    { name: 'c.weight.scale', shape: [1, 2], data: Float32Array.of(0.5, 2) },
  ]);
  const source = new SafetensorsSource([file]);

  it('gives matrices as [out, in], turning those that are stored the other way', async () => {
    expect(await source.matrix('a.weight')).toMatchObject({ n: 2, k: 3, values: Float32Array.of(1, 2, 3, 4, 5, 6) });
    expect(await source.matrix('a.weight', { conv1d: true })).toMatchObject({
      n: 3,
      k: 2,
      values: Float32Array.of(1, 4, 2, 5, 3, 6),
    });
    expect(await source.vector('a.bias')).toEqual(Float32Array.of(7, 8));
  });

  it('takes int8 matrices as they are, which bundles store as [out, in] always', async () => {
    expect(source.has('b.weight')).toBe(true);
    const matrix = await source.matrix('b.weight', { conv1d: true });
    expect(matrix).toMatchObject({ n: 2, k: 32, kind: 'grouped', bits: 8, scales: Float32Array.of(0.5, 2) });
  });

  it.each([
    ['a missing tensor', () => source.vector('none')],
    ['a matrix as a vector', () => source.vector('a.weight')],
    ['a vector as a matrix', () => source.matrix('a.bias')],
    ['scales of another shape', () => source.matrix('c.weight')],
    ['a name in two files', async () => new SafetensorsSource([file, file])],
    ['rows that are not there', () => source.rows('a.weight', 1, 3)],
    ['one shard of three', () => SafetensorsSource.open([new MemoryFile('m-00001-of-00003.safetensors', file)])],
  ])('refuses %s', async (_what, read) => {
    await expect(read()).rejects.toMatchObject({ name: 'VitrineError', code: 'bad-file' });
  });

  it('reads headers first, and then only the tensors and rows that are asked for', async () => {
    const second = writeSafetensors([{ name: 'd.weight', shape: [4, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) }]);
    const reads: [number, number][] = [];
    const whole = new MemoryFile('m-00002-of-00002.safetensors', second);
    const watched: RandomAccessFile = {
      name: whole.name,
      size: whole.size,
      read: (from, to) => {
        reads.push([from, to]);
        return whole.read(from, to);
      },
    };
    let read = 0;
    const sharded = await SafetensorsSource.open([new MemoryFile('m-00001-of-00002.safetensors', file), watched], {
      onRead: (bytes) => (read += bytes),
    });
    const data = second.length - 32;
    expect(reads).toEqual([
      [0, 8],
      [0, data],
    ]);
    expect(await sharded.rows('d.weight', 1, 3)).toMatchObject({ n: 2, k: 2, values: Float32Array.of(3, 4, 5, 6) });
    expect(reads.at(-1)).toEqual([data + 8, data + 24]);
    expect(await sharded.rows('b.weight', 1, 2)).toMatchObject({ n: 1, k: 32, scales: Float32Array.of(2) });
    expect(await sharded.matrix('d.weight')).toMatchObject({ n: 4, k: 2 });
    expect(read).toBe(16 + 4 + 32 + 32);
  });
});
