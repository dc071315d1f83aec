import { describe, expect, it, vi } from 'vitest';
import type { HubModel, HubNeeds } from '../../core/files/hub.ts';
import { Cancelled, VitrineError } from '../../core/protocol/errors.ts';
import type { HubClient } from '../../workers/client/hub-client.ts';
import { asModel, createHub, mayRun, modelName, type Hub, type HubEntry } from './hub.ts';
import type { LocalStore } from './persistence.ts';

const ID = `hf:owner/name@${'a'.repeat(40)}`;
const model = (id = ID): HubModel => ({
  id,
  weights: [{ path: 'model.safetensors', bytes: 900, sha256: 'b'.repeat(64), git: null }],
  others: [{ path: 'config.json', bytes: 100, sha256: null, git: 'c'.repeat(40) }],
});
const NEEDS: HubNeeds = {
  family: 'llama',
  parameters: 1_000,
  weights: 'bfloat16',
  context: 64,
  held: [
    { quantization: 'int8', bytes: { webgpu: 1_125, wasm: 1_125, cpu: 4_000 } },
    { quantization: 'int4', bytes: { webgpu: 625, wasm: 625, cpu: 4_000 } },
  ],
  config: { model_type: 'llama' },
};
const entry = (id = ID): HubEntry => ({ model: model(id), bytes: 1_000, needs: NEEDS, license: 'mit', gated: false });

type Download = HubClient['download'];
interface Fake {
  readonly client: HubClient;
  kept: number;
  download: Download;
  readonly freed: string[];
  readonly tokens: (string | null)[];
}
function fake(): Fake {
  const self: Fake = {
    kept: 0,
    download: () => Promise.resolve(),
    freed: [],
    tokens: [],
    client: {
      download: (one: HubModel, way: { token: string | null }, options: Parameters<Download>[2]) => {
        self.tokens.push(way.token);
        return self.download(one, { host: '', token: way.token }, options);
      },
      kept: (models: readonly HubModel[]) => Promise.resolve(models.map(() => self.kept)),
      free: (one: HubModel) => Promise.resolve(void self.freed.push(one.id)),
    } as unknown as HubClient,
  };
  return self;
}
function storage(): LocalStore & { readonly items: Map<string, string> } {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}
const open = (f: Fake, local = storage(), pageHost = 'vitrine.example', now?: () => number): Hub =>
  createHub({ client: f.client, storage: local, pageHost, ...(now ? { now } : {}) });
const state = (hub: Hub, id = ID): unknown => hub.store.getState().downloads[id];
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('models of the Hub', () => {
  it('may run once they are here, and everything that is not of the Hub at once', async () => {
    const f = fake();
    const hub = open(f);
    expect(mayRun(hub.store.getState(), 'primer')).toBe(true);
    expect(mayRun(hub.store.getState(), ID)).toBe(false);
    expect(hub.access().models).toEqual([]);
    hub.add(entry());
    expect(mayRun(hub.store.getState(), ID)).toBe(false);
    await settle();
    expect(state(hub)).toEqual({ state: 'kept' });
    expect(mayRun(hub.store.getState(), ID)).toBe(true);
    expect(hub.access()).toEqual({ host: 'https://huggingface.co', token: null, models: [model()] });
  });

  it('may be used without being downloaded to be kept, where the reader says so at once', async () => {
    const f = fake();
    f.download = () => Promise.reject(new Error('not asked for'));
    const local = storage();
    const hub = open(f, local);
    hub.add(entry(), { keep: false });
    expect(state(hub)).toEqual({ state: 'unkept' });
    expect([mayRun(hub.store.getState(), ID), f.tokens]).toEqual([true, []]);
    const again = open(fake(), local);
    await again.open();
    expect(state(again)).toEqual({ state: 'unkept' });
  });

  it('of an address that the page may not ask is neither looked up nor downloaded', async () => {
    const f = fake();
    const id = 'url:https://models.example/x.gguf@0123456789abcdef';
    const refusal = new VitrineError('host-not-allowed', 'no');
    const hub = createHub({
      client: f.client,
      storage: storage(),
      pageHost: 'vitrine.example',
      refuses: (address) => (address.includes('models.example') ? refusal : null),
    });
    await expect(hub.look({ kind: 'address', address: 'https://models.example/x.gguf', pin: null })).rejects.toBe(refusal);
    hub.add(entry(id));
    await settle();
    expect(state(hub, id)).toMatchObject({ state: 'paused', error: { code: 'host-not-allowed' } });
    expect([f.tokens, mayRun(hub.store.getState(), id), modelName(id)]).toEqual([[], false, 'x.gguf']);
  });

  it('shows bytes and speed, pauses with what is kept, and does not start twice', async () => {
    const f = fake();
    let at = 0;
    const hub = open(f, storage(), 'x', () => at);
    const download = vi.fn<Download>(
      (_, __, options) =>
        new Promise((_resolve, reject) => {
          options?.onProgress?.(100, 1_000);
          at = 1_000;
          options?.onProgress?.(400, 1_000);
          options?.signal?.addEventListener('abort', () => reject(new Cancelled()));
        }),
    );
    f.download = download;
    hub.add(entry());
    hub.resume(ID);
    expect(download).toHaveBeenCalledTimes(1);
    expect(state(hub)).toEqual({ state: 'downloading', done: 400, speed: 300 });
    f.kept = 350;
    hub.pause(ID);
    await settle();
    expect(state(hub)).toEqual({ state: 'paused', done: 350, error: null });
  });

  it('says why a download stopped; without room the reader may go on without keeping', async () => {
    const f = fake();
    const local = storage();
    const hub = open(f, local);
    f.download = () => Promise.reject(new VitrineError('storage-full', 'no room', { hint: 'free some' }));
    hub.add(entry());
    await settle();
    expect(state(hub)).toMatchObject({ state: 'paused', error: { code: 'storage-full', hint: 'free some' } });
    hub.doWithoutKeeping(ID);
    expect(mayRun(hub.store.getState(), ID)).toBe(true);
    const next = open(f, local);
    await next.open();
    expect(state(next)).toEqual({ state: 'unkept' });
  });

  it('are known after a reload, each as far as it is kept', async () => {
    const f = fake();
    const local = storage();
    open(f, local).add(entry());
    await settle();
    f.kept = 400;
    const next = open(f, local);
    expect(next.store.getState().entries).toEqual([entry()]);
    await next.open();
    expect(state(next)).toEqual({ state: 'paused', done: 400, error: null });
  });

  it('are loaded in the way that was chosen, also where they are confirmed anew', async () => {
    const f = fake();
    const local = storage();
    const hub = open(f, local);
    hub.add(entry());
    hub.add({ ...entry(), model: { ...model(), quantization: 'int4' } });
    await settle();
    expect(hub.access().models).toEqual([{ ...model(), quantization: 'int4' }]);
    const [known] = open(f, local).store.getState().entries;
    expect(known && asModel(known)).toMatchObject({ quantization: { kind: 'bfloat16 as int4' }, held: { webgpu: 625 } });
  });

  it('are freed one by one', async () => {
    const f = fake();
    const hub = open(f);
    const other = `hf:owner/other@${'d'.repeat(40)}`;
    for (const id of [ID, other]) hub.add(entry(id));
    await settle();
    await hub.remove(ID);
    expect(f.freed).toEqual([ID]);
    expect(hub.store.getState().entries.map((e) => e.model.id)).toEqual([other]);
    expect(mayRun(hub.store.getState(), ID)).toBe(false);
  });

  it('what storage holds that is no entry is left out', () => {
    const local = storage();
    const bad = [{ ...entry(), model: { ...model(), id: 'hf:../x' } }, { ...entry(), bytes: -1 }, null, 'x'];
    local.setItem('vitrine:hub', JSON.stringify({ entries: [...bad, entry()], unkept: [1, ID] }));
    const { entries, unkept } = open(fake(), local).store.getState();
    expect(entries).toEqual([entry()]);
    expect(unkept).toEqual([ID]);
  });
});

describe('the token', () => {
  it('is kept only where the reader says so, and forgotten when they say so', () => {
    const local = storage();
    const hub = open(fake(), local);
    hub.setToken('hf_x', false);
    expect([...local.items.values()].join()).not.toContain('hf_x');
    expect(hub.access().token).toBe('hf_x');
    expect(open(fake(), local).access().token).toBeNull();
    hub.setToken('hf_x', true);
    expect(open(fake(), local).access().token).toBe('hf_x');
    hub.setToken(null, false);
    expect([...local.items.values()].join()).not.toContain('hf_x');
  });

  it('goes with the downloads that follow', async () => {
    const f = fake();
    const hub = open(f);
    hub.setToken('hf_x', false);
    hub.add(entry());
    await settle();
    expect(f.tokens).toEqual(['hf_x']);
  });
});

describe('another Hub', () => {
  it('is taken only where it and the page are on this machine', () => {
    const local = storage();
    local.setItem('vitrine:hub-host', '"http://localhost:8080"');
    expect(open(fake(), local, 'localhost:4173').host).toBe('http://localhost:8080');
    expect(open(fake(), local, 'vitrine.example').host).toBe('https://huggingface.co');
    expect(open(fake(), local, 'localhost.evil.example').host).toBe('https://huggingface.co');
    local.setItem('vitrine:hub-host', '"https://evil.example"');
    expect(open(fake(), local, 'localhost:4173').host).toBe('https://huggingface.co');
  });
});

it('a model of the Hub is listed with all that the page shows', () => {
  expect(asModel(entry())).toMatchObject({
    id: ID,
    name: 'owner/name',
    family: 'llama',
    source: 'hub',
    saes: [],
    quantization: { kind: 'bfloat16 as int8' },
    held: { webgpu: 1_125, wasm: 1_125, cpu: 4_000 },
  });
  expect(modelName(`${ID}/sub/x-Q4_0.gguf`)).toBe('owner/name · x-Q4_0.gguf');
});
