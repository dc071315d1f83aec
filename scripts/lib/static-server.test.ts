import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpSource } from '../../workers/weights/http-source.ts';
import { sha256 } from '../../workers/weights/file-source.ts';
import { serveFolder, type StaticServer } from './static-server.ts';

const BYTES = Uint8Array.from({ length: 1_000 }, (_, i) => (i * 7) % 251);
/** More than a chunk of `HttpFile`. */
const LARGE = Uint8Array.from({ length: 17 * 2 ** 20 }, (_, i) => (i * 31) % 253);

describe('the file server of tests', () => {
  let folder = '';
  let server: StaticServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'static-'));
    writeFileSync(join(folder, 'some.gguf'), BYTES);
    writeFileSync(join(folder, 'large.gguf'), LARGE);
    writeFileSync(join(folder, 'empty.bin'), '');
    writeFileSync(join(folder, 'index.html'), '<p>here</p>');
    server = await serveFolder({ folder, compress: true });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const ask = async (
    path: string,
    range?: string,
    method = 'GET',
  ): Promise<{ status: number; header: (name: string) => string | null; body: Uint8Array }> => {
    const response = await fetch(`${server.url}${path}`, { method, headers: range === undefined ? {} : { range } });
    return {
      status: response.status,
      header: (name) => response.headers.get(name),
      body: new Uint8Array(await response.arrayBuffer()),
    };
  };

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-99', 0, 100],
    ['bytes=990-5000', 990, 1_000],
    ['bytes=400-', 400, 1_000],
    ['bytes=-10', 990, 1_000],
    ['bytes=-5000', 0, 1_000],
  ])('answers %s with that part', async (range, from, to) => {
    const { status, header, body } = await ask('some.gguf', range);
    expect(status).toBe(206);
    expect(header('content-range')).toBe(`bytes ${from}-${to - 1}/1000`);
    expect(header('content-length')).toBe(String(to - from));
    expect(body).toEqual(BYTES.subarray(from, to));
  });

  it.each(['bytes=1000-', 'bytes=5000-6000', 'bytes=-0'])('refuses %s, which the file does not have', async (range) => {
    const { status, header, body } = await ask('some.gguf', range);
    expect(status).toBe(416);
    expect(header('content-range')).toBe('bytes */1000');
    expect(body).toHaveLength(0);
  });

  it.each([undefined, 'bytes=5-2', 'bytes=0-1,5-6', 'lines=0-1', 'bytes=-', 'nonsense'])(
    'answers %s with the whole file',
    async (range) => {
      const { status, header, body } = await ask('some.gguf', range);
      expect(status).toBe(200);
      expect(header('accept-ranges')).toBe('bytes');
      expect(header('content-range')).toBeNull();
      expect(body).toEqual(BYTES);
    },
  );

  it('answers HEAD without a body, and with its length', async () => {
    const { status, header, body } = await ask('some.gguf', 'bytes=0-9', 'HEAD');
    expect([status, header('content-length'), header('accept-ranges'), body.length]).toEqual([200, '1000', 'bytes', 0]);
    expect((await ask('nothing', undefined, 'HEAD')).status).toBe(404);
  });

  it('knows files only, and takes nothing', async () => {
    expect((await ask('')).body.length).toBeGreaterThan(0);
    expect((await ask('empty.bin')).body).toHaveLength(0);
    expect((await ask('empty.bin', 'bytes=0-')).status).toBe(416);
    for (const path of ['nothing', '..%2f..%2fetc%2fpasswd']) expect((await ask(path)).status).toBe(404);
    const { status, header } = await ask('some.gguf', undefined, 'POST');
    expect([status, header('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('goes on after a reader who left in the middle', async () => {
    const leave = new AbortController();
    const response = await fetch(`${server.url}large.gguf`, { signal: leave.signal });
    await response.body!.getReader().read();
    leave.abort();
    expect((await ask('some.gguf')).status).toBe(200);
  });

  it('is read by the engine in parts', async () => {
    const before = server.requests.length;
    const source = new HttpSource(server.url, { caches: null });
    const file = await source.open('large.gguf', { bytes: LARGE.length, sha256: await sha256(LARGE) });
    expect(await file.read(16 * 2 ** 20 - 5, 16 * 2 ** 20 + 5)).toEqual(LARGE.slice(16 * 2 ** 20 - 5, 16 * 2 ** 20 + 5));
    await file.verify?.();
    expect(server.requests.length - before).toBe(2);
  });
});
