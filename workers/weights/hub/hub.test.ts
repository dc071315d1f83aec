import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HUB_CACHE, type HeldAs, type HubModel, type HubOffer } from '../../../core/files/hub.ts';
import { remoteKey } from '../../../core/files/remote.ts';
import { writeSafetensors } from '../../../core/files/safetensors.ts';
import { serveHub, type HubServer } from '../../../scripts/lib/hub-server.ts';
import { parseGgufHeader } from '../gguf/header.ts';
import { withVocabulary } from '../gguf/testing.ts';
import { CONFIG, hubRepositories, repository, TOKENIZER, WEIGHTS } from '../../testing/hub-repositories.ts';
import { memoryCaches, type MemoryCaches } from '../../testing/memory-caches.ts';
import { SafetensorsSource } from '../safetensors-source.ts';
import { localNeeds } from './needs.ts';
import { openHubFiles, HUB_CHUNK } from './open.ts';
import { download, free, kept, look, needs } from './service.ts';
import { HubShelf } from './shelf.ts';

const sleeps: number[] = [];
const GOLDEN = readFileSync(join(import.meta.dirname, '../../testdata/gguf/llama.gguf'));

let hub: HubServer;
let caches: MemoryCaches;
const options = (token: string | null = null): Parameters<typeof look>[1] => ({
  host: hub.url,
  token,
  caches,
  sleep: (ms) => {
    sleeps.push(ms);
    return Promise.resolve();
  },
});

beforeEach(async () => {
  sleeps.length = 0;
  caches = memoryCaches();
  hub = await serveHub(hubRepositories());
});
afterEach(() => hub.close());

async function offer(repo = 'tiny/plain', token: string | null = null): Promise<HubOffer> {
  const [first] = (await look(repository(repo), options(token))).offers;
  if (!first) throw new Error('no offer');
  return first;
}
const files = (): readonly string[] => hub.requests.filter(({ path }) => /resolve|\/-\//.test(path)).map(({ path }) => path);
const cdn = (): number => hub.requests.filter(({ host, method }) => host === 'cdn' && method === 'GET').length;

describe('looking a repository up', () => {
  it('pins it to a commit and lists sizes and digests, in pages, without reading a file', async () => {
    hub.faults.pageSize = 2;
    const found = await look(repository('tiny/plain'), options());
    expect(found).toMatchObject({ name: 'tiny/plain', commit: hub.commit('tiny/plain'), gated: false, license: 'apache-2.0' });
    expect(found.offers).toHaveLength(1);
    const [one] = found.offers;
    expect(one?.model.id).toBe(`hf:tiny/plain@${hub.commit('tiny/plain')}`);
    expect(one?.model.weights).toEqual([
      { path: 'model.safetensors', bytes: WEIGHTS.length, sha256: createHash('sha256').update(WEIGHTS).digest('hex'), git: null },
    ]);
    expect(one?.model.others.map(({ path }) => path)).toEqual(['config.json', 'tokenizer.json', 'tokenizer_config.json']);
    expect(one?.model.others[0]?.git).toMatch(/^[0-9a-f]{40}$/);
    expect(one?.bytes).toBe(WEIGHTS.length + JSON.stringify(CONFIG).length + TOKENIZER.length + 2);
    expect(hub.requests.filter(({ path }) => path.includes('/tree/')).length).toBe(3);
    expect(files()).toEqual([]);
  });

  it('takes the name of today for one that was renamed', async () => {
    expect((await look(repository('old/name'), options())).name).toBe('tiny/plain');
  });

  it('knows shards in their order, and of several GGUF files each, smallest first', async () => {
    expect((await offer('tiny/sharded')).model.weights.map(({ path }) => path)).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ]);
    const { offers, commit } = await look(repository('tiny/gguf'), options());
    expect(offers.map(({ model }) => model.id)).toEqual([
      `hf:tiny/gguf@${commit}/small-Q4_0.gguf`,
      `hf:tiny/gguf@${commit}/big-Q8_0.gguf`,
    ]);
    expect(offers.every(({ model }) => model.others.length === 0)).toBe(true);
  });

  it.each([
    ['tiny/none', null, 'hub-not-found', /there is no tiny\/none/],
    ['tiny/plain', 'nightly', 'hub-not-found', /no revision nightly/],
    ['tiny/torch', null, 'unsupported-file', /\.bin files/],
    ['tiny/incomplete', null, 'unsupported-file', /not all parts/],
    ['../etc', null, 'hub-not-found', /not the name/],
  ] as const)('says what is wrong with %s at %s', async (repo, revision, code, message) => {
    const attempt = look(repository(repo, revision), options());
    await expect(attempt).rejects.toMatchObject({ code });
    await expect(attempt).rejects.toThrow(message);
  });

  it('waits as long as the Hub asks, and tells when that is too long', async () => {
    hub.faults.refuse = { pattern: /revision/, times: 1, status: 429, headers: { 'retry-after': '7' } };
    await offer();
    expect(sleeps).toEqual([7_000]);
    hub.faults.refuse = { pattern: /revision/, times: 9, status: 429, headers: { 'retry-after': '300' } };
    await expect(offer()).rejects.toMatchObject({ code: 'hub-busy', hint: expect.stringContaining('5 minutes') as string });
    expect(hub.faults.refuse.times).toBe(8);
  });

  it('tries a failing server again with longer and longer pauses, and then says so', async () => {
    hub.faults.refuse = { pattern: /tree/, times: 2, status: 503 };
    await offer();
    expect(sleeps).toEqual([500, 1_000]);
    hub.faults.refuse = { pattern: /tree/, times: 99, status: 503 };
    await expect(offer()).rejects.toMatchObject({ code: 'network' });
    await hub.close();
    await expect(offer()).rejects.toMatchObject({ code: 'network' });
    hub = await serveHub({});
  });

  it('does not take a page for the Hub', async () => {
    hub.faults.refuse = { pattern: /revision/, times: 1, status: 200, headers: { 'content-type': 'text/html' } };
    await expect(offer()).rejects.toMatchObject({ code: 'network' });
  });
});

describe('what a model needs', () => {
  it('is known from config.json alone', async () => {
    const { model } = await offer();
    const found = await needs(model, options());
    // Embedding and head; 2 blocks of q, o, k, v, three MLP matrices and two norms; the last norm.
    const parameters = 2 * 37 * 32 + 2 * (2 * 32 * 32 + 2 * 16 * 32 + 3 * 64 * 32 + 2 * 32) + 32;
    expect(found).toMatchObject({ family: 'llama', parameters, weights: 'bfloat16', context: 40 });
    const bytes = (packed: number): HeldAs['bytes'] => ({ webgpu: packed, wasm: packed, cpu: 4 * parameters });
    expect(found.held).toEqual([
      { quantization: 'int8', bytes: bytes(Math.ceil(1.125 * parameters)) },
      { quantization: 'int4', bytes: bytes(Math.ceil(0.625 * parameters)) },
      { quantization: 'f32', bytes: bytes(2 * parameters) },
    ]);
    expect(files().every((path) => path.endsWith('config.json'))).toBe(true);
  });

  it('of a GGUF is known from its header, and nothing of it is kept before it is confirmed', async () => {
    const gguf = withVocabulary(GOLDEN);
    hub.push('tiny/gguf', 'llama-golden.gguf', gguf);
    const { offers } = await look(repository('tiny/gguf'), options());
    const model = offers.find(({ model: { id } }) => id.endsWith('/llama-golden.gguf'))?.model;
    if (!model) throw new Error('not offered');
    const found = await needs(model, options());
    const header = parseGgufHeader(gguf, gguf.length, 'llama-golden.gguf');
    const parameters = [...(header?.tensors.values() ?? [])].reduce(
      (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
      0,
    );
    expect(parameters).toBeGreaterThan(1_000);
    expect(found).toMatchObject({ family: 'llama', parameters, config: { model_type: 'llama', num_hidden_layers: 2 } });
    expect(found.held.map(({ quantization }) => quantization)).toEqual(['gguf']);
    expect(found.held[0]?.bytes.cpu).toBe(4 * parameters);
    expect(found.held[0]?.bytes.webgpu).toBeLessThan(gguf.length);
    expect(caches.addresses(HUB_CACHE)).toEqual([]);
    expect(await localNeeds([{ name: 'x.gguf', blob: new Blob([gguf]) }])).toEqual(found);
    await expect(needs(offers[0]?.model ?? model, options())).rejects.toMatchObject({ code: 'bad-file' });
  });

  it('a vocabulary that cannot be used is said with it, with what to do', async () => {
    const useless = withVocabulary(GOLDEN, { 'tokenizer.ggml.model': 'rwkv' });
    hub.push('tiny/gguf', 'rwkv.gguf', useless);
    const { offers } = await look(repository('tiny/gguf'), options());
    const model = offers.find(({ model: { id } }) => id.endsWith('/rwkv.gguf'))?.model;
    const refusal = {
      code: 'unsupported-file',
      message: expect.stringContaining('its tokenizer cannot be used: tokenizers of the kind "rwkv"') as string,
      hint: expect.stringContaining('Take another file of the model') as string,
    };
    await expect(needs(model!, options())).rejects.toMatchObject(refusal);
    await expect(localNeeds([{ name: 'x.gguf', blob: new Blob([useless]) }])).rejects.toMatchObject(refusal);
    await expect(localNeeds([{ name: 'x.gguf', blob: new Blob([GOLDEN]) }])).rejects.toMatchObject({ code: 'bad-file' });
  });

  it('an architecture that is not known is said before anything is downloaded', async () => {
    hub.push('tiny/plain', 'config.json', JSON.stringify({ ...CONFIG, model_type: 'mamba' }));
    const { model } = await offer();
    await expect(needs(model, options())).rejects.toMatchObject({ code: 'unsupported-file' });
    expect(cdn()).toBe(0);
  });
});

describe('downloading', () => {
  it.each([
    ['of another kind', { model: { type: 'WordPiece', vocab: {} } }, 'unsupported-file', /only byte-pair encodings/],
    ['that is no tokenizer', [], 'bad-file', /is not an object/],
    [
      'of another model',
      { ...JSON.parse(TOKENIZER), added_tokens: Array.from({ length: 400 }, (_, i) => ({ id: 37 + i, content: `<${i}>` })) },
      'bad-file',
      /tokens in a vocabulary of 37/,
    ],
  ] as const)('tells a tokenizer %s before weights are fetched', async (_, tokenizer, code, why) => {
    hub.push('tiny/plain', 'tokenizer.json', JSON.stringify(tokenizer));
    const { model } = await offer();
    const attempt = download(model, options());
    await expect(attempt).rejects.toMatchObject({ code, hint: expect.stringContaining('another model') as string });
    await expect(attempt).rejects.toThrow(why);
    expect(files().filter((path) => path.endsWith('.safetensors'))).toEqual([]);
  });

  const read = async (model: HubModel, token: string | null = null): Promise<Uint8Array> => {
    const [weights] = openHubFiles(model, options(token)).weights;
    return weights ? weights.read(0, weights.size) : new Uint8Array(0);
  };

  it('keeps every file; what is kept is never asked for again, and works without a network', async () => {
    const { model, bytes } = await offer();
    const progress: number[] = [];
    await download(model, { ...options(), onProgress: (done, total) => progress.push(done / total) });
    expect(progress.at(-1)).toBe(1);
    expect(progress.every((share, i) => share >= (progress[i - 1] ?? 0))).toBe(true);
    expect(await kept([model], options())).toEqual([bytes]);
    const before = hub.requests.length;
    await download(model, options());
    expect(hub.requests.length).toBe(before);
    await hub.close();
    expect(Buffer.compare(await read(model), WEIGHTS)).toBe(0);
    const opened = openHubFiles(model, options());
    expect(await opened.config()).toEqual(CONFIG);
    expect(await opened.tokenizer()).toEqual(JSON.parse(TOKENIZER));
    hub = await serveHub({});
  });

  it('goes on after a pause where it was: no chunk comes twice', async () => {
    const { model } = await offer();
    const pause = new AbortController();
    const first = download(model, {
      ...options(),
      signal: pause.signal,
      onProgress: (done) => done > HUB_CHUNK + 100_000 && pause.abort(),
    });
    await expect(first).rejects.toThrow();
    const [before] = await kept([model], options());
    expect(before).toBeGreaterThanOrEqual(HUB_CHUNK);
    expect(before).toBeLessThan(WEIGHTS.length);
    const asked = hub.requests.length;
    await download(model, options());
    const ranges = hub.requests.slice(asked).filter(({ host, method }) => host === 'cdn' && method === 'GET');
    expect(ranges.every(({ range }) => Number(/\d+/.exec(range ?? '')?.[0]) >= HUB_CHUNK)).toBe(true);
    expect(Buffer.compare(await read(model), WEIGHTS)).toBe(0);
  });

  it('a connection that breaks is taken up at the byte where it broke', async () => {
    const { model } = await offer();
    hub.faults.cut = { after: 1_000_000, times: 3 };
    await download(model, options());
    expect(hub.faults.cut.times).toBe(0);
    expect(Buffer.compare(await read(model), WEIGHTS)).toBe(0);
  });

  it('a host that answers a range with the whole file is read all the same', async () => {
    const { model } = await offer();
    hub.faults.ignoreRange = true;
    await download(model, options());
    expect(Buffer.compare(await read(model), WEIGHTS)).toBe(0);
    expect(hub.sent()).toBeLessThan(1.1 * WEIGHTS.length + 4 * TOKENIZER.length);
  });

  it('chat templates in files of their own come with the model, checked, and count before the configuration’s', async () => {
    const { model, bytes } = await offer('tiny/chat');
    const paths = model.others.map(({ path }) => path).filter((path) => path.endsWith('.jinja'));
    expect(paths.toSorted()).toEqual(['additional_chat_templates/tools.jinja', 'chat_template.jinja']);
    await download(model, options());
    expect(await kept([model], options())).toEqual([bytes]);
    expect(await openHubFiles(model, options()).tokenizerConfig()).toEqual({
      chat_template: [
        { name: 'default', template: '{{ messages[0].content }}\n' },
        { name: 'tools', template: 'for tools\n' },
      ],
    });
    caches = memoryCaches();
    hub.faults.corrupt = /chat_template\.jinja/;
    await expect(openHubFiles(model, options()).tokenizerConfig()).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it.each(['model.safetensors', 'tokenizer.json', 'config.json'])(
    'a %s with one wrong bit is refused and not kept',
    async (path) => {
      const { model } = await offer();
      hub.faults.corrupt = new RegExp(path.replace('.', '\\.'));
      await expect(download(model, options())).rejects.toMatchObject({ code: 'digest-mismatch' });
      expect(caches.addresses(HUB_CACHE).filter((address) => address.startsWith(remoteKey(model.id, path)))).toEqual([]);
      hub.faults.corrupt = null;
      await download(model, options());
    },
  );

  it('a file that is gone from its commit is said', async () => {
    const { model } = await offer();
    hub.faults.refuse = { pattern: /model\.safetensors/, times: 9, status: 404, headers: { 'x-error-code': 'EntryNotFound' } };
    await expect(download(model, options())).rejects.toMatchObject({ code: 'hub-not-found' });
  });

  it('where nothing can be kept it says so after one chunk, and the engine still reads the model', async () => {
    const { model } = await offer();
    caches.limit = 100_000;
    await expect(download(model, options())).rejects.toMatchObject({ code: 'storage-full' });
    expect(hub.sent()).toBeLessThan(1.2 * HUB_CHUNK);
    expect(Buffer.compare(await read(model), WEIGHTS)).toBe(0);
    // A frame of another site may have no caches at all.
    const forbidden = { open: () => Promise.reject(new DOMException('', 'SecurityError')) } as unknown as CacheStorage;
    await expect(download(model, { ...options(), caches: forbidden })).rejects.toMatchObject({ code: 'no-storage' });
  });

  it('a storage that fills up on the way is said, too; what is there stays, and is not asked for again', async () => {
    const { model } = await offer();
    caches.limit = 1.5 * HUB_CHUNK;
    await expect(download(model, options())).rejects.toMatchObject({ code: 'storage-full' });
    const [there = 0] = await kept([model], options());
    expect(there).toBeGreaterThan(HUB_CHUNK);
    caches.limit = Infinity;
    const asked = hub.requests.length;
    await download(model, options());
    const again = hub.requests.slice(asked).filter(({ path }) => /resolve|\/-\//.test(path));
    expect(again.length).toBeGreaterThan(0);
    expect(again.every(({ path, range }) => path.endsWith('model.safetensors') && !range?.startsWith('bytes=0-'))).toBe(true);
    expect(Buffer.compare(await read(model), WEIGHTS)).toBe(0);
  });

  it('a host that has had enough on the way is waited for; where that is too long it says until when, and what is there stays', async () => {
    const { model } = await offer();
    const enough = (seconds: number) => (done: number) => {
      if (done > HUB_CHUNK + 50_000 && hub.faults.refuse === null)
        hub.faults.refuse = { pattern: /\/-\//, times: 1, status: 429, headers: { 'retry-after': String(seconds) } };
    };
    await expect(download(model, { ...options(), onProgress: enough(120) })).rejects.toMatchObject({
      code: 'hub-busy',
      hint: expect.stringContaining('2 minutes') as string,
    });
    const [there = 0] = await kept([model], options());
    expect(there).toBeGreaterThan(HUB_CHUNK);
    await free(model, [], options());
    [hub.faults.refuse, sleeps.length] = [null, 0];
    await download(model, { ...options(), onProgress: enough(9) });
    expect(sleeps).toEqual([9_000]);
    expect(Buffer.compare(await read(model), WEIGHTS)).toBe(0);
  });

  it('single tensors and rows are asked for by range: neither the rest of the file nor another shard', async () => {
    const rows = 3 * (HUB_CHUNK / 4 / 256);
    const table = {
      name: 'table',
      shape: [rows, 256],
      data: Float32Array.from({ length: rows * 256 }, (_, i) => Math.floor(i / 256)),
    };
    const small = { name: 'small', shape: [4], data: Float32Array.of(1, 2, 3, 4) };
    hub.push('tiny/sharded', 'model-00001-of-00002.safetensors', writeSafetensors([table]));
    hub.push('tiny/sharded', 'model-00002-of-00002.safetensors', writeSafetensors([small]));
    const { model } = await offer('tiny/sharded');
    const source = await SafetensorsSource.open(openHubFiles(model, { ...options(), caches: null }).weights);
    const before = hub.requests.length;
    const { values } = (await source.rows('table', rows - 2, rows)) as { values: Float32Array };
    expect([...values]).toEqual([...Array<number>(256).fill(rows - 2), ...Array<number>(256).fill(rows - 1)]);
    const asked = hub.requests.slice(before).filter(({ host, method }) => host === 'cdn' && method === 'GET');
    expect(asked.every(({ path }) => path.endsWith('00001-of-00002.safetensors'))).toBe(true);
    expect(asked.map(({ range }) => Number(/\d+/.exec(range ?? '')?.[0])).every((from) => from >= 2 * HUB_CHUNK)).toBe(true);
    expect(asked.length).toBeGreaterThan(0);
    expect(await source.vector('small')).toEqual(small.data);
  });

  it('frees one model and nothing else', async () => {
    const [plain, sharded] = [(await offer()).model, (await offer('tiny/sharded')).model];
    for (const model of [plain, sharded]) await download(model, options());
    await free(plain, [sharded], options());
    const [gone, stays] = await kept([plain, sharded], options());
    expect(gone).toBe(0);
    expect(stays).toBeGreaterThan(0);
  });
});

describe('gated repositories', () => {
  it('are listed, but their files need a token that may read them', async () => {
    const { model } = await offer('tiny/gated');
    await expect(download(model, options())).rejects.toMatchObject({ code: 'hub-gated' });
    await expect(download(model, options('hf_other'))).rejects.toMatchObject({
      code: 'hub-gated',
      hint: expect.stringContaining('may not read') as string,
    });
    await download(model, options('hf_mine'));
  });

  it('the token goes to the Hub alone, and into no address and no key', async () => {
    const { model } = await offer('tiny/gated', 'hf_mine');
    await download(model, options('hf_mine'));
    const bearing = hub.requests.filter(({ authorization }) => authorization !== null);
    expect(bearing.length).toBeGreaterThan(3);
    expect(bearing.every(({ host, authorization }) => host === 'hub' && authorization === 'Bearer hf_mine')).toBe(true);
    expect(cdn()).toBeGreaterThan(0);
    expect(JSON.stringify([model, caches.addresses(HUB_CACHE), hub.requests.map(({ path }) => path)])).not.toContain('hf_mine');
    expect(hub.requests.every(({ referrer, cookie }) => referrer === null && cookie === null)).toBe(true);
  });

  it.each(['hf_mi ne', 'hf_\nmine', 'hf_mine\u2026'])(
    '%j is no token: said without being spelled out, and nothing is sent',
    async (token) => {
      const before = hub.requests.length;
      const attempt = look(repository('tiny/gated'), options(token));
      await expect(attempt).rejects.toMatchObject({ code: 'hub-gated' });
      await expect(attempt).rejects.not.toThrow(token);
      expect(hub.requests.length).toBe(before);
    },
  );
});

describe('the shelf of the engine', () => {
  it('opens what was confirmed, and asks nothing of the Hub for anything else', async () => {
    const { model } = await offer();
    const before = hub.requests.length;
    const shelf = new HubShelf();
    await expect(shelf.open(model.id)).rejects.toMatchObject({ code: 'not-confirmed' });
    shelf.allow({ host: hub.url, token: null, models: [model] });
    expect((await shelf.open(model.id)).weights[0]?.size).toBe(WEIGHTS.length);
    await expect(shelf.open(model.id.replace('plain', 'gated'))).rejects.toMatchObject({ code: 'not-confirmed' });
    expect(hub.requests.length).toBe(before);
  });
});
