import type { HubAccess } from '../../core/files/hub.ts';
import type { Quantization } from '../../core/model-config.ts';
import { Cancelled, fromWireError, toWireError, VitrineError } from '../../core/protocol/errors.ts';
import {
  isTerminal,
  PROTOCOL_VERSION,
  type BackendChoice,
  type Event,
  type Files,
  type Loaded,
  type Progress,
  type Request,
  type RunId,
  type Terminal,
} from '../../core/protocol/messages.ts';
import type { ExperimentSpec } from '../../core/spec/schema.ts';
import type {
  Engine,
  EngineAnswer,
  EngineInfo,
  EngineLoadOptions,
  EngineRunOptions,
  EngineSnapshot,
  EngineStatus,
} from './engine.ts';
import { cacheKey, ResultCache } from './result-cache.ts';

/** What the client needs of a `Worker`. */
export interface WorkerLike {
  postMessage(message: Request): void;
  terminate(): void;
  addEventListener(type: 'message' | 'messageerror' | 'error', listener: (event: { readonly data?: unknown }) => void): void;
}

export interface EngineClientOptions {
  readonly createWorker: () => WorkerLike;
  /** Absolute URL of the site, ending in `/`. */
  readonly base: string;
  readonly commit: string;
  readonly backend?: BackendChoice;
  /** Bytes of results kept; default 256 MiB. */
  readonly cacheBytes?: number;
}

interface Pending {
  readonly end: (event: Terminal) => void;
  readonly fail: (error: Error) => void;
  readonly onChunk?: ((payload: unknown, seq: number) => void) | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Files of this device as a model, and how it is to be held. */
type Given = Pick<Files, 'files' | 'quantization'>;

interface Ask {
  readonly signal?: AbortSignal | undefined;
  readonly onChunk?: ((payload: unknown, seq: number) => void) | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Main-thread side of the engine. Every promise settles exactly once, whatever the worker does: when it dies, all that
 * runs fails with `worker-died` and a new worker is started. A worker that dies before it was ready is not started again
 * until something is asked of it.
 */
export class EngineClient implements Engine {
  readonly #options: EngineClientOptions;
  readonly #listeners = new Set<() => void>();
  readonly #pending = new Map<string, Pending>();
  readonly #cache: ResultCache;
  #worker: WorkerLike | null = null;
  #snapshot: EngineSnapshot;
  /** Of the last handshake, also while a new one is under way. */
  #info: EngineInfo | null = null;
  /** This worker has said that it is ready. */
  #opened = false;
  #hello = '';
  #count = 0;
  #disposed = false;
  #hub: HubAccess | null = null;
  readonly #files = new Map<string, Given>();

  constructor(options: EngineClientOptions) {
    this.#options = options;
    this.#cache = new ResultCache(options.cacheBytes ?? 256 * 2 ** 20);
    this.#snapshot = { status: { state: 'idle' }, backend: options.backend ?? 'auto', memory: null };
  }

  snapshot(): EngineSnapshot {
    return this.#snapshot;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#disposed) throw new VitrineError('worker-died', 'the engine was disposed of');
    const { status } = this.#snapshot;
    if (this.#worker && status.state === 'failed') this.#stop(() => fromWireError(status.error));
    if (!this.#worker) this.#spawn({ state: 'starting' });
  }

  async run(spec: ExperimentSpec, options: EngineRunOptions = {}): Promise<EngineAnswer> {
    const key = cacheKey(spec);
    const known = options.fresh === true ? undefined : this.#cache.get(key);
    if (known && options.signal?.aborted !== true) return known;
    const event = await this.#ask(
      (id) => ({
        type: 'run',
        id: id as RunId,
        spec,
        priority: options.priority ?? 'interactive',
        ...(options.slot === undefined ? {} : { slot: options.slot }),
      }),
      options,
    );
    if (event.type !== 'result') throw unexpected(event);
    const answer: EngineAnswer = {
      payload: event.payload,
      provenance: event.provenance,
      specHash: event.specHash,
      cached: false,
    };
    this.#cache.set(key, answer);
    return answer;
  }

  async load(model: string, options: EngineLoadOptions = {}): Promise<Loaded> {
    const { quantization, saes } = options;
    const event = await this.#ask(
      (id) => ({ type: 'load', id, model, ...(quantization ? { quantization } : {}), ...(saes ? { saes } : {}) }),
      options,
    );
    if (event.type !== 'loaded') throw unexpected(event);
    this.#cache.dropWhere(
      ({ provenance }) => provenance.model.id === event.model && provenance.model.quantization !== event.quantization,
    );
    return event;
  }

  async release(target?: string): Promise<void> {
    if (!this.#worker) return;
    const event = await this.#ask((id) => ({ type: 'release', id, ...(target === undefined ? {} : { target }) }), {});
    if (event.type !== 'released') throw unexpected(event);
  }

  addFiles(model: string, files: Files['files'], quantization?: Quantization): void {
    // What was loaded from other files of that name, and computed with them, is not of these.
    if (this.#files.has(model)) void this.removeFiles(model).catch(() => undefined);
    const given = { files, ...(quantization ? { quantization } : {}) };
    this.#files.set(model, given);
    this.#tellFiles(model, given);
  }

  async removeFiles(model: string): Promise<void> {
    this.#files.delete(model);
    this.#cache.dropWhere(({ provenance }) => provenance.model.id === model);
    this.#tellFiles(model, { files: [] });
    await this.release(model);
  }

  allow(hub: HubAccess): void {
    this.#hub = hub;
    const wanted = new Map(hub.models.map(({ id, quantization }) => [id, quantization]));
    this.#cache.dropWhere(({ provenance: { model } }) => (wanted.get(model.id) ?? model.quantization) !== model.quantization);
    this.#tellHub();
  }

  setBackend(choice: BackendChoice): void {
    if (this.#disposed) return;
    this.#cache.dropWhere(() => true);
    const idle = this.#snapshot.status.state === 'idle';
    this.#snapshot = { ...this.#snapshot, backend: choice };
    if (idle) return this.#update({});
    this.#stop(() => new Cancelled());
    if (!this.#worker) this.#spawn({ state: 'starting' });
  }

  dispose(): void {
    this.#disposed = true;
    this.#stop(() => new Cancelled());
    this.#update({ status: { state: 'idle' }, memory: null });
    this.#listeners.clear();
  }

  async #ask(request: (id: string) => Request, { signal, onChunk, onProgress }: Ask): Promise<Terminal> {
    if (signal?.aborted) throw new Cancelled();
    this.start();
    const worker = this.#worker;
    if (!worker) throw died('it could not be started');
    const id = `${this.#hello}-${this.#count++}`;
    const abort = (): void => {
      const pending = this.#settle(id);
      if (!pending) return;
      worker.postMessage({ type: 'cancel', id });
      pending.fail(new Cancelled());
    };
    const ended = new Promise<Terminal>((end, fail) => this.#pending.set(id, { end, fail, onChunk, onProgress }));
    signal?.addEventListener('abort', abort);
    try {
      worker.postMessage(request(id));
      const event = await ended;
      if (event.type === 'failed') throw fromWireError(event.error);
      if (event.type === 'cancelled') throw new Cancelled();
      return event;
    } finally {
      this.#pending.delete(id);
      signal?.removeEventListener('abort', abort);
    }
  }

  #settle(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #spawn(status: EngineStatus): void {
    this.#opened = false;
    this.#hello = `hello-${this.#count++}`;
    try {
      this.#worker = this.#listenTo(this.#options.createWorker());
    } catch (error) {
      this.#update({
        status: { state: 'failed', error: toWireError(died(error instanceof Error ? error.message : String(error))) },
      });
      return;
    }
    const { base, commit } = this.#options;
    const { backend } = this.#snapshot;
    this.#worker.postMessage({ type: 'hello', id: this.#hello, protocol: PROTOCOL_VERSION, backend, base, commit });
    this.#tellHub();
    for (const [model, given] of this.#files) this.#tellFiles(model, given);
    this.#update({ status, memory: null });
  }

  #tellHub(): void {
    if (this.#hub) this.#worker?.postMessage({ type: 'hub', id: `${this.#hello}-hub`, ...this.#hub });
  }

  #tellFiles(model: string, given: Given): void {
    this.#worker?.postMessage({ type: 'files', id: `${this.#hello}-files`, model, ...given });
  }

  #listenTo(worker: WorkerLike): WorkerLike {
    const current = (): boolean => this.#worker === worker;
    worker.addEventListener('message', ({ data }) => {
      if (current() && isEvent(data)) this.#receive(data);
    });
    worker.addEventListener('error', (event) => {
      if (current()) this.#died((event as { message?: string }).message ?? 'its script could not run');
    });
    worker.addEventListener('messageerror', () => {
      if (current()) this.#died('a message could not be read');
    });
    return worker;
  }

  /** Ends the worker. Listeners may ask for more while their promises reject, so what was pending is set aside first. */
  #stop(error: () => Error): void {
    const ended = [...this.#pending.values()];
    this.#pending.clear();
    this.#worker?.terminate();
    this.#worker = null;
    for (const { fail } of ended) fail(error());
  }

  #died(why: string): void {
    const error = died(why);
    const wasOpen = this.#opened;
    this.#stop(() => error);
    if (wasOpen) this.#spawn({ state: 'recovering', reason: error.message, info: this.#info });
    else this.#update({ status: { state: 'failed', error: toWireError(error) }, memory: null });
  }

  #receive(event: Event): void {
    if (event.type === 'memory') {
      // The engine counts its memory once more when the device is back.
      const back = this.#snapshot.status.state === 'recovering' && this.#opened ? this.#info : null;
      this.#update({ memory: event, ...(back ? { status: { state: 'ready', info: back } as const } : {}) });
    } else if (event.type === 'device-lost') {
      this.#update({
        status: event.recovering
          ? { state: 'recovering', reason: event.reason, info: this.#info }
          : { state: 'failed', error: toWireError(new VitrineError('device-lost', lostTwice(event.reason))) },
      });
    } else if (event.id === this.#hello) this.#answered(event);
    else if (isTerminal(event)) this.#settle(event.id)?.end(event);
    else if (event.type === 'chunk') this.#pending.get(event.id)?.onChunk?.(event.payload, event.seq);
    else this.#pending.get(event.id)?.onProgress?.(event);
  }

  #answered(event: Exclude<Event, { type: 'memory' | 'device-lost' }>): void {
    if (event.type === 'ready') {
      const { type: _type, id: _id, protocol: _protocol, ...info } = event;
      this.#info = info;
      this.#opened = true;
      this.#update({ status: { state: 'ready', info } });
    } else if (event.type === 'failed') this.#update({ status: { state: 'failed', error: event.error } });
  }

  #update(change: Partial<EngineSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}

const died = (why: string): VitrineError => new VitrineError('worker-died', `the engine’s worker stopped: ${why}`);
const lostTwice = (reason: string): string => `the graphics device was lost for the second time (${reason})`;

function unexpected(event: Terminal): VitrineError {
  return new VitrineError('protocol-mismatch', `the engine answered with "${event.type}"`);
}

function isEvent(data: unknown): data is Event {
  return typeof data === 'object' && data !== null && 'type' in data && typeof data.type === 'string';
}
