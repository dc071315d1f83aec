import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HUB_CACHE, type HubModel } from '../../core/files/hub.ts';
import { parseTarget } from '../../core/files/target.ts';
import { lab as activations } from '../../labs/activations/spec.ts';
import { tinyLlama, type Checkpoint } from '../../e2e/flows/checkpoint.ts';
import { memoryCaches } from '../../workers/testing/memory-caches.ts';
import { withVocabulary } from '../../workers/weights/gguf/testing.ts';
import { HUB_CHUNK } from '../../workers/weights/hub/open.ts';
import { serveKept } from '../chromium-engine/serve-kept.ts';
import { differences, EXACT } from '../lib/compare.ts';
import { diskCaches, type DiskCaches } from '../lib/disk-caches.ts';
import { serveHub, type HubServer } from '../lib/hub-server.ts';
import { serveModels, type ModelServer } from '../lib/model-server.ts';
import { ROOT } from '../lib/root.ts';
import { serveFolder } from '../lib/static-server.ts';
import { freeHubModel, hubOnDisk, keptModels, type HubOnDisk, type HubOptions } from './hub.ts';
import type { RunLine } from './output.ts';

const REPO = 'tiny/llama';
const TOKEN = 'hf_secretOfTheReader';
const primer = (name: string): Buffer => readFileSync(join(ROOT, 'public/models/primer', name));
let made: Checkpoint | null = null;
const checkpoint = (): Checkpoint => (made ??= tinyLlama(primer('tokenizer.json'), primer('tokenizer_config.json')));

let hub: HubServer;
let folder = '';
let said: string[] = [];
beforeEach(async () => {
  const files = checkpoint();
  said = [];
  folder = mkdtempSync(join(tmpdir(), 'vitrine-hub-'));
  hub = await serveHub({
    [REPO]: { files, license: 'apache-2.0' },
    'tiny/gated': { files, tokens: [TOKEN] },
    'tiny/gguf': { files: { 'a-Q4_0.gguf': Buffer.alloc(500), 'b-Q8_0.gguf': Buffer.alloc(900) } },
    'tiny/large': {
      files: {
        ...files,
        'config.json': JSON.stringify({
          ...(JSON.parse(String(files['config.json'])) as object),
          hidden_size: 8_192,
          num_hidden_layers: 100,
        }),
      },
    },
  });
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (options: Partial<HubOptions> = {}): HubOnDisk =>
  hubOnDisk({
    host: () => hub.url,
    token: null,
    folder,
    yes: true,
    backend: 'wasm',
    signal: new AbortController().signal,
    ask: () => Promise.resolve(null),
    say: (line) => said.push(line),
    sleep: () => Promise.resolve(),
    ...options,
  });
const ready = (name: string, options: Partial<HubOptions> = {}): Promise<HubModel> => open(options).ready(parseTarget(name)!);
const named = (): string => `hf:${REPO}@${hub.commit(REPO)}`;
const bodies = (): number => hub.requests.filter(({ host, method }) => host === 'cdn' && method === 'GET').length;

describe('a model of the Hub, as it is typed', () => {
  it.each(['hf:', 'hf:../etc', 'hf:a/b/../../c@', 'hf:nobody/nothing'])('%s is not there', async (text) => {
    await expect(ready(text)).rejects.toMatchObject({ code: expect.stringMatching(/^hub-not-found$/) as string });
    expect(bodies()).toBe(0);
  });
});

describe('a model of the Hub on the command line', () => {
  it('is shown with commit, size and needs; without a yes nothing is downloaded or kept', async () => {
    await expect(ready(`hf:${REPO}`, { yes: false })).rejects.toMatchObject({
      code: 'not-confirmed',
      hint: expect.stringContaining('--yes') as string,
    });
    const questions: string[] = [];
    const ask = (question: string): Promise<string> => Promise.resolve(questions.push(question) === 1 ? '' : 'y');
    await expect(ready(`hf:${REPO}`, { yes: false, ask })).rejects.toMatchObject({ code: 'not-confirmed' });
    expect(bodies()).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    const card = said.join('\n');
    for (const part of [
      hub.commit(REPO),
      '13 MB in 4 files, each checked',
      'llama, 3.16 million parameters',
      'apache-2.0',
      folder,
    ])
      expect(card).toContain(part);
    expect(questions[0]).toMatch(/Download 13 MB/);
    expect((await ready(`hf:${REPO}`, { yes: false, ask })).id).toBe(named());
  });

  it('is kept: by its commit it needs no network, by its name only the listing', async () => {
    const model = await ready(`hf:${REPO}`);
    const path = join(folder, HUB_CACHE, 'huggingface.co', REPO, 'resolve', hub.commit(REPO), 'config.json', '0');
    expect(readFileSync(path)).toEqual(checkpoint()['config.json']);
    const [before, files] = [hub.requests.length, bodies()];
    expect(await ready(named(), { yes: false })).toEqual(model);
    expect(hub.requests.length).toBe(before);
    expect(await ready(`hf:${REPO}`, { yes: false })).toEqual(model);
    expect(bodies()).toBe(files);
    expect(await keptModels(folder)).toEqual([
      { id: named(), bytes: expect.any(Number) as number, kept: expect.any(Number) as number },
    ]);
    const { bytes, kept } = (await keptModels(folder))[0]!;
    expect(kept).toBe(bytes);
    // Freed, it is gone and has to be confirmed anew.
    expect(await freeHubModel(named(), folder)).toBe(bytes);
    expect(await keptModels(folder)).toEqual([]);
    await expect(freeHubModel(named(), folder)).rejects.toMatchObject({ code: 'unknown-model' });
    await expect(ready(named(), { yes: false })).rejects.toMatchObject({ code: 'not-confirmed' });
  });

  it('goes on where it was stopped, and where the connection broke', async () => {
    const stop = new AbortController();
    hub.faults.bytesPerSecond = 20_000_000;
    const first = ready(`hf:${REPO}`, { signal: stop.signal });
    const poll = setInterval(() => hub.sent() > 1.5 * HUB_CHUNK && stop.abort(), 5);
    await expect(first).rejects.toMatchObject({ name: 'Cancelled' });
    clearInterval(poll);
    expect(said.at(-1)).toMatch(/^Stopped: [\d.]+ MB of 13 MB are kept/);
    hub.faults.bytesPerSecond = null;
    hub.faults.cut = { after: 1_000_000, times: 2 };
    const asked = hub.requests.length;
    const model = await ready(`hf:${REPO}`);
    const ranges = hub.requests.slice(asked).filter(({ host, path }) => host === 'cdn' && path.endsWith('model.safetensors'));
    expect(hub.faults.cut.times).toBe(0);
    expect(ranges.every(({ range }) => Number(/\d+/.exec(range ?? '')?.[0]) >= HUB_CHUNK)).toBe(true);
    const parts = model.weights.map(({ path }) =>
      join(folder, HUB_CACHE, 'huggingface.co', REPO, 'resolve', hub.commit(REPO), path),
    );
    const chunks = readdirSync(parts[0]!)
      .filter((name) => name !== 'verified')
      .toSorted((a, b) => Number(a) - Number(b));
    const whole = Buffer.concat(chunks.map((name) => readFileSync(join(parts[0]!, name))));
    expect(whole.equals(checkpoint()['model.safetensors']!)).toBe(true);
  });

  it('refuses a damaged file and keeps nothing of it', async () => {
    hub.faults.corrupt = /model\.safetensors/;
    await expect(ready(`hf:${REPO}`)).rejects.toMatchObject({ code: 'digest-mismatch' });
    hub.faults.corrupt = null;
    const before = bodies();
    await ready(`hf:${REPO}`);
    expect(bodies() - before).toBeGreaterThan(3);
  });

  it('says what the Hub refuses, and what to do here', async () => {
    hub.faults.refuse = { pattern: /revision/, times: 1, status: 429, headers: { 'retry-after': '600' } };
    await expect(ready(`hf:${REPO}`)).rejects.toMatchObject({
      code: 'hub-busy',
      hint: expect.stringContaining('10 minutes') as string,
    });
    await expect(ready(`hf:${REPO}@nightly`)).rejects.toMatchObject({ code: 'hub-not-found' });
    await expect(ready('hf:tiny/gguf')).rejects.toMatchObject({
      code: 'unknown-model',
      hint: expect.stringContaining('b-Q8_0.gguf') as string,
    });
    await expect(ready('hf:tiny/gguf/c.gguf')).rejects.toMatchObject({ code: 'unknown-model' });
    await expect(ready('hf:tiny/large')).rejects.toMatchObject({ code: 'too-large-for-device' });
    await expect(ready('hf:tiny/gated')).rejects.toMatchObject({
      code: 'hub-gated',
      hint: expect.stringContaining('HF_TOKEN') as string,
    });
    await expect(ready('hf:tiny/gated', { token: 'hf_other' })).rejects.toMatchObject({
      code: 'hub-gated',
      hint: expect.stringContaining('may not read') as string,
    });
    expect((await ready('hf:tiny/gated', { token: TOKEN })).id).toContain('tiny/gated');
  });

  it('too little room is said before anything is asked for or downloaded', async () => {
    await expect(ready(`hf:${REPO}`, { room: () => 5_000_000 })).rejects.toMatchObject({
      code: 'storage-full',
      message: expect.stringMatching(/has 5(\.0)? MB left, and 13 MB are needed/) as string,
      hint: expect.stringContaining('VITRINE_CACHE') as string,
    });
    expect([bodies(), readdirSync(folder)]).toEqual([0, []]);
  });

  it('a full disk is said with the folder’s name, and what is there stays', async () => {
    const caches = memoryCaches() as unknown as DiskCaches & ReturnType<typeof memoryCaches>;
    caches.limit = 1.5 * HUB_CHUNK;
    await expect(ready(`hf:${REPO}`, { caches })).rejects.toMatchObject({
      code: 'storage-full',
      message: expect.stringContaining(folder) as string,
      hint: expect.stringContaining('VITRINE_CACHE') as string,
    });
    const before = hub.requests.length;
    caches.limit = Infinity;
    await ready(`hf:${REPO}`, { caches });
    const ranges = hub.requests.slice(before).filter(({ host, path }) => host === 'cdn' && path.endsWith('model.safetensors'));
    expect(ranges.length).toBeGreaterThan(0);
    expect(ranges.every(({ range }) => !range?.startsWith('bytes=0-'))).toBe(true);
    await expect(ready(`hf:${REPO}`, { folder: '/dev/null/x' })).rejects.toMatchObject({ code: 'no-storage' });
  });

  it('is served to a browser from what is kept', async () => {
    const shelf = open();
    const { id } = await shelf.ready(parseTarget(`hf:${REPO}`)!);
    const before = hub.requests.length;
    const server = await serveFolder({ folder, intercept: (path, response) => serveKept(shelf, path, response) });
    const get = (path: string, range?: string): Promise<Response> =>
      fetch(`${server.url}${REPO}/resolve/${id.split('@')[1]}/${path}`, range === undefined ? {} : { headers: { range } });
    const weights = checkpoint()['model.safetensors']!;
    const part = await get('model.safetensors', 'bytes=4194300-4194310');
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 4194300-4194310/${weights.length}`]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(weights.subarray(4_194_300, 4_194_311));
    expect(Buffer.from(await (await get('config.json')).arrayBuffer())).toEqual(checkpoint()['config.json']);
    expect((await get('model.safetensors', `bytes=${weights.length}-${weights.length + 9}`)).status).toBe(416);
    expect((await get('README.md')).status).toBe(404);
    expect(hub.requests.length).toBe(before);
    await server.close();
  });
});

describe('a model at an address, on the command line', () => {
  let host: ModelServer;
  beforeEach(async () => {
    host = await serveModels({ 'm/tiny.gguf': withVocabulary(readFileSync(join(ROOT, 'workers/testdata/gguf/llama.gguf'))) });
  });
  afterEach(() => host.close());
  const bodiesOf = (): number => host.requests.filter(({ method }) => method === 'GET').length;

  it('is shown, asked for, kept, taken from there by its whole id, listed and freed', async () => {
    const address = `${host.url}m/tiny.gguf`;
    await expect(ready(address, { yes: false })).rejects.toMatchObject({ code: 'not-confirmed' });
    expect(readdirSync(folder)).toEqual([]);
    expect(said[0]).toBe(address);
    for (const part of ['in one file, checked by samples: its host gives no digest', 'llama, ', `--model url:${address}@`])
      expect(said.join('\n')).toContain(part);
    const model = await ready(address, { token: TOKEN });
    expect(model.id).toMatch(new RegExp(`^url:${address}@[0-9a-f]{16}$`));
    expect(host.requests.every(({ authorization }) => authorization === null)).toBe(true);
    const before = bodiesOf();
    expect(await ready(model.id, { yes: false })).toEqual(model);
    expect(bodiesOf()).toBe(before);
    expect((await keptModels(folder)).map(({ id, bytes, kept }) => [id, bytes === kept])).toEqual([[model.id, true]]);
    // What is there now is another model; the one that is kept stays.
    host.put('m/tiny.gguf', Buffer.concat([readFileSync(join(ROOT, 'workers/testdata/gguf/llama.gguf'))]));
    expect(await ready(model.id, { yes: false })).toEqual(model);
    await freeHubModel(model.id, folder);
    await expect(ready(model.id)).rejects.toMatchObject({ code: 'digest-mismatch' });
  });
});

describe('caches on disk', () => {
  const bytes = async (response: Response | undefined): Promise<string | undefined> => response?.text();

  it('keep, find, list and delete entries, and nothing leaves the folder', async () => {
    const cache = await diskCaches(folder).open('c');
    const [a, b] = ['https://huggingface.co/o/n/resolve/x/sub/a%20b.json/0', 'https://huggingface.co/o/n/resolve/x/verified'];
    await cache.put(a, new Response('aa'));
    await cache.put(b, new Response(''));
    await cache.put('https://huggingface.co/../../../../up', new Response('up'));
    expect(readdirSync(folder)).toEqual(['c']);
    expect(await bytes(await cache.match(a))).toBe('aa');
    expect(await bytes(await cache.match(new Request(b)))).toBe('');
    expect(await cache.match(`${a}1`)).toBeUndefined();
    const up = 'https://huggingface.co/up';
    expect((await cache.keys()).map(({ url }) => url).toSorted()).toEqual([a, b, up].toSorted());
    await expect(cache.put('https://huggingface.co/a//b', new Response(''))).rejects.toMatchObject({ code: 'bad-file' });
    expect([await cache.delete(a), await cache.delete(a)]).toEqual([true, false]);
    expect(await cache.match(a)).toBeUndefined();
  });

  it('say why something could not be kept, and leave no half of it', async () => {
    const caches = diskCaches(folder);
    const cache = await caches.open('c');
    await cache.put('https://h/a/0', new Response('x'));
    // A file is where a folder would have to be.
    await expect(cache.put('https://h/a/0/1', new Response('x'))).rejects.toThrow();
    expect(caches.refusal?.code).toMatch(/ENOTDIR|EEXIST/);
    expect((await cache.keys()).map(({ url }) => url)).toEqual(['https://h/a/0']);
  });
});

// A process per command, on a machine that may be busy.
describe('vitrine run --model', { timeout: 180_000 }, () => {
  const vitrine = (
    args: readonly string[],
    spec: unknown,
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number | null; out: string; lines: RunLine[]; stderr: string }> =>
    new Promise((resolve) => {
      const child = spawn('node', ['scripts/vitrine.mjs', ...args], {
        env: { ...process.env, HF_ENDPOINT: hub.url, VITRINE_CACHE: join(folder, 'cache'), ...env },
      });
      let [out, stderr] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('close', (status) =>
        resolve({
          status,
          out,
          stderr,
          lines: out
            .split('\n')
            .slice(0, -1)
            .map((line) => JSON.parse(line) as RunLine),
        }),
      );
      child.stdin.end(JSON.stringify(spec));
    });
  const spec = { ...activations.defaults, params: { hooks: ['blocks.*.hook_resid_post'], logits: true } };

  it('runs on the Hub, and on the same files of a folder: the same numbers; the token is in no output and no file', async () => {
    const refused = await vitrine(['run', '-', '--model', 'hf:tiny/gated'], [spec, spec], { HF_TOKEN: TOKEN });
    expect(refused.status).toBe(1);
    expect(refused.lines.map((line) => (line.ok ? 'ok' : line.error.code))).toEqual(['not-confirmed', 'not-confirmed']);
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, `${TOKEN}\n`);
    const first = await vitrine(['run', '-', '--model', 'hf:tiny/gated', '--yes', '--token-file', tokenFile], spec);
    const [line] = first.lines;
    if (!line?.ok) throw new Error(first.out + first.stderr);
    const id = `hf:tiny/gated@${hub.commit('tiny/gated')}`;
    expect(line.provenance.model.id).toBe(id);
    expect(first.stderr).toMatch(/hub: downloading \(13 MB\)/);
    rmSync(tokenFile);
    for (const text of [refused.out, refused.stderr, first.out, first.stderr, ...contentsOf(folder)])
      expect(text).not.toContain(TOKEN);

    // By its whole id, as an experiment of the page names it, without Hub and token.
    await hub.close();
    const [again] = (await vitrine(['run', '-'], { ...spec, model: id })).lines;
    expect(again?.ok && differences(again.result, line.result, EXACT)).toEqual([]);
    const [kept] = (await vitrine(['models'], '')).out.split('\n').filter((text) => text.includes('hf:'));
    expect(JSON.parse(kept ?? '{}')).toMatchObject({ id, installed: true });

    const local = join(folder, 'My llama');
    for (const [name, content] of Object.entries(checkpoint())) {
      mkdirSync(dirname(join(local, name)), { recursive: true });
      writeFileSync(join(local, name), content);
    }
    const [own] = (await vitrine(['run', '-', '--model', local], spec)).lines;
    if (!own?.ok) throw new Error(JSON.stringify(own));
    expect(own.provenance.model.id).toBe('local:My-llama');
    expect(differences(own.result, line.result, EXACT)).toEqual([]);
    hub = await serveHub({});
  });

  it('runs what is at an address', async () => {
    const host = await serveModels(checkpoint());
    const [line] = (await vitrine(['run', '-', '--yes', '--model', `${host.url}model.safetensors`], spec)).lines;
    if (!line?.ok) throw new Error(JSON.stringify(line));
    expect(line.provenance.model.id).toMatch(new RegExp(`^url:${host.url}@[0-9a-f]{16}$`));
    expect(line.provenance.model.digest).toBe(line.provenance.model.id.slice('url:'.length));
    await host.close();
    // The experiment of that line names it, and needs no host.
    const [again] = (await vitrine(['run', '-'], { ...spec, model: line.provenance.model.id })).lines;
    expect(again?.ok && differences(again.result, line.result, EXACT)).toEqual([]);
  });

  it('runs a GGUF file, and says what is wrong with a path and a command line', async () => {
    const gguf = join(folder, 'tiny-F16.gguf');
    writeFileSync(gguf, withVocabulary(readFileSync(join(ROOT, 'workers/testdata/gguf/llama.gguf'))));
    const [line] = (await vitrine(['run', '-', '--model', gguf], { ...spec, prompts: [{ tokens: [1, 2, 3] }] })).lines;
    expect(line).toMatchObject({ ok: true, provenance: { model: { id: 'local:tiny-F16', quantization: 'gguf' } } });
    const codeOf = async (model: string): Promise<string> => {
      const [first] = (await vitrine(['run', '-', '--model', model], spec)).lines;
      return first?.ok === false ? first.error.code : 'ok';
    };
    expect(await codeOf('./nowhere.gguf')).toBe('not-found');
    expect(await codeOf('./package.json')).toBe('unsupported-file');
    expect(await codeOf('nobody')).toBe('unknown-model');
    for (const [args, env] of [
      [['--in', 'chromium', '--model', gguf], {}],
      [['--in', 'chromium', '--model', 'https://models.example/x.gguf'], {}],
      [['--model', 'http://models.example/x.gguf'], {}],
      [['--model', 'https://models.example/x.gguf?key=secret'], {}],
      [['--token-file', join(folder, 'no-such-file')], {}],
      [['--model', `hf:${REPO}`], { HF_ENDPOINT: 'https://mirror.example' }],
    ] as const) {
      const { status, out } = await vitrine(['run', '-', ...args], spec, env);
      expect([status, out]).toEqual([2, '']);
    }
  });
});

function contentsOf(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
}
