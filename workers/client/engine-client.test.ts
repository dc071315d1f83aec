import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { HubAccess } from '../../core/files/hub.ts';
import { Cancelled, toWireError, VitrineError } from '../../core/protocol/errors.ts';
import { type Event, type Provenance, type Request, type SpecHash } from '../../core/protocol/messages.ts';
import type { ExperimentSpec } from '../../core/spec/schema.ts';
import { createMacrotask } from '../runtime/macrotask.ts';
import { Scheduler } from '../runtime/scheduler.ts';
import { EngineClient, type EngineClientOptions, type WorkerLike } from './engine-client.ts';

const macrotask = createMacrotask();
const settle = async (rounds = 20): Promise<void> => {
  for (let i = 0; i < rounds; i++) await macrotask();
};
const spec = (params: Record<string, string | number> = {}): ExperimentSpec => ({
  v: 1,
  lab: 'test',
  labV: 1,
  model: 'm',
  prompts: [{ text: 'x' }],
  params,
});
const PROVENANCE = { model: { id: 'm', digest: '', quantization: 'int8' } } as unknown as Provenance;
const READY = {
  protocol: 1,
  backend: 'cpu',
  adapter: null,
  software: false,
  threads: null,
  reason: '',
  limits: {},
  features: [],
} as const;

/** A worker on the real scheduler; jobs last as many macrotasks as their spec says, with a chunk in each. */
class TestWorker implements WorkerLike {
  readonly received: Request[] = [];
  readonly #listeners = new Map<string, ((event: { readonly data?: unknown }) => void)[]>();
  readonly #scheduler = new Scheduler((event) => this.emit(event));
  silent = false;
  greet = true;

  postMessage(message: Request): void {
    if (this.silent) return;
    this.received.push(message);
    if (message.type === 'cancel') return this.#scheduler.cancel(message.id);
    if (message.type === 'hub' || message.type === 'files' || (message.type === 'hello' && !this.greet)) return;
    const { id } = message;
    this.#scheduler.submit({
      id,
      priority: message.type === 'run' ? message.priority : 'interactive',
      ...(message.type === 'run' && message.slot !== undefined ? { slot: message.slot } : {}),
      work: async (task) => {
        switch (message.type) {
          case 'hello':
            return { type: 'ready', id, ...READY };
          case 'load':
            return { type: 'loaded', id, model: message.model, config: {} as never, quantization: 'int8', digest: '', bytes: 1 };
          case 'release':
            return { type: 'released', id };
          case 'run': {
            for (let i = 0; i < Number(message.spec.params['steps'] ?? 1); i++) {
              task.chunk(i);
              await macrotask();
              await task.checkpoint();
            }
            if (message.spec.params['fails'] === 1) throw new VitrineError('unknown-hook', 'none');
            return { type: 'result', id, specHash: '' as SpecHash, provenance: PROVENANCE, payload: message.spec.params };
          }
        }
      },
    });
  }
  terminate(): void {
    this.silent = true;
  }
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  emit(event: Event): void {
    if (!this.silent) this.raw('message', { data: event });
  }
  raw(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
  die(how: 'error' | 'messageerror' = 'error'): void {
    this.silent = true;
    this.raw(how, { message: 'out of memory' });
  }
}

interface Setup {
  readonly client: EngineClient;
  readonly workers: TestWorker[];
  readonly last: () => TestWorker;
}
let open: EngineClient[] = [];
function setup(options: Partial<EngineClientOptions> = {}): Setup {
  const workers: TestWorker[] = [];
  const createWorker = (): WorkerLike => {
    const worker = new TestWorker();
    workers.push(worker);
    return worker;
  };
  const client = new EngineClient({ createWorker, base: 'https://example.org/', commit: 'c', ...options });
  open.push(client);
  return { client, workers, last: () => workers.at(-1)! };
}
afterEach(() => {
  open.forEach((client) => client.dispose());
  open = [];
});

it('a new worker hears again what of the Hub may be opened, before anything else', async () => {
  const { client, workers, last } = setup();
  client.allow({ host: 'https://huggingface.co', token: null, models: [] });
  expect(workers).toEqual([]);
  await client.load('m');
  last().die();
  client.start();
  await client.load('m');
  expect(workers).toHaveLength(2);
  for (const { received } of workers) expect(received.map(({ type }) => type)).toEqual(['hello', 'hub', 'load']);
});

it('what was computed with weights held in another way than the reader now wants is computed anew', async () => {
  const { client } = setup();
  const hub = (id: string, quantization: 'int8' | 'int4'): HubAccess => ({
    host: 'https://huggingface.co',
    token: null,
    models: [{ id, weights: [], others: [], quantization }],
  });
  await client.run(spec());
  client.allow(hub('m', 'int8'));
  client.allow(hub('another', 'int4'));
  expect((await client.run(spec())).cached).toBe(true);
  client.allow(hub('m', 'int4'));
  expect((await client.run(spec())).cached).toBe(false);
});

it('files of this device that are given anew or taken away take with them what was loaded and computed of them', async () => {
  const { client, workers, last } = setup();
  const file = (name: string): { name: string; blob: Blob } => ({ name, blob: new Blob(['x']) });
  client.addFiles('m', [file('a')]);
  await client.run(spec());
  expect((await client.run(spec())).cached).toBe(true);
  client.addFiles('m', [file('b')]);
  expect((await client.run(spec())).cached).toBe(false);
  await client.removeFiles('m');
  const told = last().received.map((message) =>
    message.type === 'files' ? message.files.map(({ name }) => name).join() || 'none' : message.type,
  );
  expect(told).toEqual(['hello', 'a', 'run', 'none', 'release', 'b', 'run', 'none', 'release']);
  // The next worker hears nothing of them.
  last().die();
  client.start();
  await client.load('m');
  expect(workers.at(-1)!.received.map(({ type }) => type)).toEqual(['hello', 'load']);
});

const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'answer',
    (error: unknown) => (error instanceof Cancelled ? 'cancelled' : error instanceof VitrineError ? error.code : String(error)),
  );

describe('engine client', () => {
  it('starts the worker with the first question, greets it, and passes chunks on in order', async () => {
    const { client, workers, last } = setup();
    expect(client.snapshot().status.state).toBe('idle');
    const seen: unknown[] = [];
    const answer = await client.run(spec({ steps: 3 }), { onChunk: (payload, seq) => seen.push([payload, seq]) });
    expect(answer).toMatchObject({ payload: { steps: 3 }, cached: false });
    expect(seen).toEqual([0, 1, 2].map((i) => [i, i]));
    expect(workers).toHaveLength(1);
    expect(last().received[0]).toMatchObject({ type: 'hello', protocol: 1, backend: 'auto', base: 'https://example.org/' });
    expect(client.snapshot().status).toMatchObject({ state: 'ready', info: { backend: 'cpu' } });
  });

  it('answers a known spec from its cache, however it is looked at, and anew where asked', async () => {
    const { client, last } = setup();
    await client.run(spec());
    expect((await client.run({ ...spec(), view: { tab: 'x' } })).cached).toBe(true);
    expect((await client.run(spec(), { fresh: true })).cached).toBe(false);
    expect(last().received.filter((m) => m.type === 'run')).toHaveLength(2);
  });

  it('cancels through its signal, at once and in the worker', async () => {
    const { client, last } = setup();
    const controller = new AbortController();
    const running = outcome(client.run(spec({ steps: 1000 }), { signal: controller.signal }));
    await settle();
    controller.abort();
    expect(await running).toBe('cancelled');
    expect(last().received.at(-1)).toMatchObject({ type: 'cancel' });
    expect(await outcome(client.run(spec(), { signal: controller.signal }))).toBe('cancelled');
    expect(await outcome(client.run(spec()))).toBe('answer');
  });

  it('fails what runs when the worker dies, starts another, and goes on', async () => {
    const { client, workers, last } = setup();
    await client.run(spec());
    const lost = [outcome(client.run(spec({ steps: 1000 }))), outcome(client.load('m')), outcome(client.release())];
    await settle(3);
    last().die();
    expect(client.snapshot().status.state).toBe('recovering');
    expect(await Promise.all(lost)).toEqual(['worker-died', 'worker-died', 'worker-died']);
    await settle();
    expect(client.snapshot().status.state).toBe('ready');
    expect(workers).toHaveLength(2);
    expect(await outcome(client.run(spec({ steps: 2 })))).toBe('answer');
  });

  it('does not start a worker over and over that dies before it is ready', async () => {
    const { client, workers, last } = setup();
    client.start();
    last().die('messageerror');
    expect(client.snapshot().status).toMatchObject({ state: 'failed', error: { code: 'worker-died' } });
    await settle();
    expect(workers).toHaveLength(1);
    expect(await outcome(client.run(spec()))).toBe('answer');
    expect(workers).toHaveLength(2);
  });

  it('says so when the worker cannot be made', async () => {
    const { client } = setup({
      createWorker: () => {
        throw new Error('blocked by policy');
      },
    });
    expect(await outcome(client.run(spec()))).toBe('worker-died');
    expect(client.snapshot().status).toMatchObject({
      state: 'failed',
      error: { message: expect.stringContaining('blocked') as string },
    });
  });

  it('follows a lost device: recovering, back, and lost for good', async () => {
    const { client, last } = setup();
    await client.run(spec());
    const memory = { type: 'memory', deviceBytes: 1, tensors: 1, models: [], saes: [] } as const;
    last().emit({ type: 'device-lost', reason: 'reset', recovering: true });
    expect(client.snapshot().status).toMatchObject({ state: 'recovering', reason: 'reset', info: { backend: 'cpu' } });
    last().emit(memory);
    expect(client.snapshot()).toMatchObject({ status: { state: 'ready' }, memory });
    last().emit({ type: 'device-lost', reason: 'reset', recovering: false });
    expect(client.snapshot().status).toMatchObject({ state: 'failed', error: { code: 'device-lost' } });
  });

  it('restarts on another backend, cancels what runs, and forgets answers of the old one', async () => {
    const { client, workers, last } = setup();
    await client.run(spec());
    const running = outcome(client.run(spec({ steps: 1000 })));
    await settle(2);
    client.setBackend('wasm');
    expect(await running).toBe('cancelled');
    expect(workers[0]!.silent).toBe(true);
    expect(last().received[0]).toMatchObject({ type: 'hello', backend: 'wasm' });
    expect((await client.run(spec())).cached).toBe(false);
  });

  it('reports a refused greeting', async () => {
    const { client, last } = setup();
    client.start();
    const hello = last().received[0]!;
    last().emit({ type: 'failed', id: hello.id, error: toWireError(new VitrineError('no-webgpu', 'none')) });
    expect(client.snapshot().status).toMatchObject({ state: 'failed', error: { code: 'no-webgpu' } });
  });

  it('rejects everything when it is disposed of, and starts nothing any more', async () => {
    const { client, workers } = setup();
    const running = outcome(client.run(spec({ steps: 1000 })));
    await settle(2);
    client.dispose();
    expect(await running).toBe('cancelled');
    expect(await outcome(client.run(spec()))).toBe('worker-died');
    client.setBackend('cpu');
    expect(workers).toHaveLength(1);
  });
});

describe('engine client under worker deaths', () => {
  type Step =
    | { readonly do: 'run'; readonly steps: number; readonly fails: number; readonly slot?: string; readonly background: boolean }
    | { readonly do: 'load' | 'release' | 'die' | 'wrong' | 'lose' | 'backend' }
    | { readonly do: 'abort'; readonly at: number }
    | { readonly do: 'wait'; readonly rounds: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record(
        {
          do: fc.constant('run' as const),
          steps: fc.nat(6),
          fails: fc.nat(1),
          slot: fc.constantFrom('s', 't'),
          background: fc.boolean(),
        },
        { requiredKeys: ['do', 'steps', 'fails', 'background'] },
      ),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('load', 'release', 'lose', 'backend' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('die', 'wrong' as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('abort' as const), at: fc.nat(12) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), rounds: fc.nat(8) }) },
  );

  it('settles every question exactly once, and passes no chunk on after that', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const { client, last, workers } = setup({ cacheBytes: 0 });
        const settled: number[] = [];
        const late: number[] = [];
        const controllers: AbortController[] = [];
        const asked: Promise<unknown>[] = [];
        const ask = (make: (signal: AbortSignal, onChunk: (payload: unknown, seq: number) => void) => Promise<unknown>): void => {
          const index = asked.length;
          settled.push(0);
          const controller = new AbortController();
          controllers.push(controller);
          let next = 0;
          const onChunk = (_payload: unknown, seq: number): void => {
            if (settled[index] !== 0 || seq !== next++) late.push(index);
          };
          asked.push(
            make(controller.signal, onChunk).then(
              () => settled[index]!++,
              () => settled[index]!++,
            ),
          );
        };
        for (const s of steps) {
          if (s.do === 'run') {
            const { steps: length, fails, slot, background } = s;
            ask((signal, onChunk) =>
              client.run(spec({ steps: length, fails }), {
                signal,
                onChunk,
                priority: background ? 'background' : 'interactive',
                ...(slot === undefined ? {} : { slot }),
              }),
            );
          } else if (s.do === 'load') ask((signal) => client.load('m', { signal }));
          else if (s.do === 'release') ask(() => client.release());
          else if (s.do === 'abort') controllers[s.at]?.abort();
          else if (s.do === 'wait') await settle(s.rounds);
          else if (s.do === 'backend') client.setBackend('wasm');
          else if (workers.length === 0) continue;
          else if (s.do === 'die') last().die();
          else if (s.do === 'lose') last().emit({ type: 'device-lost', reason: 'x', recovering: true });
          else {
            last().emit({ type: 'result', id: 'nobody', specHash: '' as SpecHash, provenance: PROVENANCE, payload: 1 });
            last().raw('message', { data: 'garbage' });
            last().raw('message', { data: { type: 'chunk', id: 'nobody', seq: 0, payload: 1 } });
          }
        }
        await settle(30);
        client.dispose();
        await Promise.all(asked);
        await settle(10);
        expect(settled).toEqual(asked.map(() => 1));
        expect(late).toEqual([]);
        // No id is used twice.
        for (const worker of workers)
          expect(new Set(worker.received.map((m) => m.id + m.type)).size).toBe(worker.received.length);
      }),
      { numRuns: 300 },
    );
  });
});
