import { describe, expect, it, vi } from 'vitest';
import type { Event, Request, RunId } from '../../core/protocol/messages.ts';
import type { ExperimentSpec } from '../../core/spec/schema.ts';
import { EngineClient, type WorkerLike } from './engine-client.ts';
import { EngineHub, workerAtPort } from './engine-hub.ts';

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
const spec = (text: string): ExperimentSpec => ({ v: 1, lab: 't', labV: 1, model: 'm', prompts: [{ text }], params: {} });

/** Answers runs when told to, in any order. */
class FakeWorker implements WorkerLike {
  readonly got: Request[] = [];
  ended = false;
  readonly #listeners = new Map<string, ((event: { readonly data?: unknown }) => void)[]>();

  postMessage(message: Request): void {
    this.got.push(message);
    if (message.type === 'hello') queueMicrotask(() => this.say({ type: 'ready', id: message.id, ...READY }));
  }
  terminate(): void {
    this.ended = true;
  }
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  say(data: Event): void {
    for (const listener of this.#listeners.get('message') ?? []) listener({ data });
  }
  die(): void {
    for (const listener of this.#listeners.get('error') ?? []) listener({ message: 'killed' } as object);
  }
  runs(): Extract<Request, { type: 'run' }>[] {
    return this.got.filter((request) => request.type === 'run');
  }
  answer(run: Extract<Request, { type: 'run' }>): void {
    const provenance = { model: { id: 'm' } } as never;
    this.say({ type: 'result', id: run.id, specHash: '' as never, provenance, payload: run.spec.prompts });
  }
}

const client = (createWorker: () => WorkerLike): EngineClient =>
  new EngineClient({ createWorker, base: 'https://x/', commit: 'c', cacheBytes: 0 });
/** A client at the other end of a port, as one in another frame is. */
const remote = (hub: EngineHub): EngineClient =>
  client(() => {
    const { port1, port2 } = new MessageChannel();
    hub.serve(port2 as unknown as MessagePort);
    return workerAtPort(port1 as unknown as MessagePort);
  });

describe('one engine for several frames', () => {
  it('greets the worker once, and answers each client with its own results', async () => {
    const worker = new FakeWorker();
    const hub = new EngineHub(worker);
    const clients = [client(() => hub.line()), remote(hub), remote(hub)];
    const answers = clients.map((one, i) => one.run(spec(`text ${i}`), { slot: 'panel:t' }));
    await vi.waitFor(() => expect(worker.runs()).toHaveLength(3));
    expect(worker.got.filter(({ type }) => type === 'hello')).toHaveLength(1);
    // Ids and slots do not meet, so that no frame's run takes the place of another's.
    expect(new Set(worker.runs().map(({ id }) => id)).size).toBe(3);
    expect(new Set(worker.runs().map(({ slot }) => slot)).size).toBe(3);
    for (const run of worker.runs().toReversed()) worker.answer(run);
    expect((await Promise.all(answers)).map(({ payload }) => payload)).toEqual([0, 1, 2].map((i) => [{ text: `text ${i}` }]));
    expect(clients.every((one) => one.snapshot().status.state === 'ready')).toBe(true);
    for (const one of clients) one.dispose();
  });

  it('cancels what a client that leaves still runs, and ends with the last', async () => {
    const worker = new FakeWorker();
    const ended = vi.fn();
    const hub = new EngineHub(worker, ended);
    const [here, there] = [client(() => hub.line()), remote(hub)];
    const left = there.run(spec('a')).catch((error: unknown) => error);
    await vi.waitFor(() => expect(worker.runs()).toHaveLength(1));
    const stays = here.run(spec('b'));
    await vi.waitFor(() => expect(worker.runs()).toHaveLength(2));
    there.dispose();
    await left;
    const [first, second] = worker.runs();
    await vi.waitFor(() => expect(worker.got.at(-1)).toEqual({ type: 'cancel', id: first!.id }));
    expect(worker.ended).toBe(false);
    worker.answer(second!);
    await stays;
    here.dispose();
    expect(worker.ended).toBe(true);
    expect(hub.ended).toBe(true);
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('tells every client when the worker dies', async () => {
    const worker = new FakeWorker();
    const hub = new EngineHub(worker);
    const [here, there] = [client(() => hub.line()), remote(hub)];
    const runs = [here, there].map((one) => one.run(spec('x')).catch((error: unknown) => (error as { code: string }).code));
    await vi.waitFor(() => expect(worker.runs()).toHaveLength(2));
    worker.die();
    expect(await Promise.all(runs)).toEqual(['worker-died', 'worker-died']);
    here.dispose();
    there.dispose();
  });

  it('takes nothing for an answer that nobody waits for', () => {
    const worker = new FakeWorker();
    const hub = new EngineHub(worker);
    const line = hub.line();
    const heard: unknown[] = [];
    line.addEventListener('message', ({ data }) => heard.push(data));
    for (const id of ['', '|', '7|x', 'x', 'hub|x']) worker.say({ type: 'released', id: id as RunId });
    expect(heard).toEqual([]);
  });
});
