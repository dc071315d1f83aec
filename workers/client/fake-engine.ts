import { Cancelled, fromWireError, VitrineError } from '../../core/protocol/errors.ts';
import type { BackendChoice, Event, Loaded } from '../../core/protocol/messages.ts';
import type { ExperimentSpec } from '../../core/spec/schema.ts';
import type { Engine, EngineAnswer, EngineInfo, EngineLoadOptions, EngineRunOptions, EngineSnapshot } from './engine.ts';
import { cacheKey } from './result-cache.ts';

/** One run as the engine posted it: its chunks and progress, then `result`, `failed` or `cancelled`. */
export interface Recording {
  readonly spec: ExperimentSpec;
  readonly events: readonly Event[];
}

export interface FakeEngineOptions {
  readonly recordings: readonly Recording[];
  readonly info?: EngineInfo;
  readonly loads?: readonly Loaded[];
  /** Awaited before each event, so that a test can look at the state in between. Default: a microtask. */
  readonly pace?: (event: Event) => Promise<void>;
}

const INFO: EngineInfo = {
  backend: 'cpu',
  adapter: null,
  software: false,
  threads: null,
  reason: 'Recorded.',
  limits: {},
  features: [],
};

/** Replays recorded events. For tests of views and for pages that show a recording: it computes nothing. */
export class FakeEngine implements Engine {
  readonly #options: FakeEngineOptions;
  readonly #recordings: ReadonlyMap<string, readonly Event[]>;
  readonly #listeners = new Set<() => void>();
  #snapshot: EngineSnapshot = { status: { state: 'idle' }, backend: 'auto', memory: null };

  constructor(options: FakeEngineOptions) {
    this.#options = options;
    this.#recordings = new Map(options.recordings.map(({ spec, events }) => [cacheKey(spec), events]));
  }

  start(): void {
    if (this.#snapshot.status.state !== 'ready') this.show({ status: { state: 'ready', info: this.#options.info ?? INFO } });
  }

  /** Puts the engine into any state, as a test needs it. */
  show(change: Partial<EngineSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }

  async run(spec: ExperimentSpec, options: EngineRunOptions = {}): Promise<EngineAnswer> {
    this.start();
    const events = this.#recordings.get(cacheKey(spec));
    if (!events) throw new VitrineError('bad-spec', 'nothing was recorded for this experiment');
    for (const event of events) {
      await this.#options.pace?.(event);
      if (options.signal?.aborted) throw new Cancelled();
      if (event.type === 'chunk') options.onChunk?.(event.payload, event.seq);
      else if (event.type === 'progress') options.onProgress?.(event);
      else if (event.type === 'memory') this.show({ memory: event });
      else if (event.type === 'failed') throw fromWireError(event.error);
      else if (event.type === 'cancelled') throw new Cancelled();
      else if (event.type === 'result') {
        const { payload, provenance, specHash } = event;
        return { payload, provenance, specHash, cached: false };
      }
    }
    throw new VitrineError('internal', 'the recording has no end');
  }

  async load(model: string, options: EngineLoadOptions = {}): Promise<Loaded> {
    this.start();
    if (options.signal?.aborted) throw new Cancelled();
    const found = this.#options.loads?.find((loaded) => loaded.model === model);
    if (!found) throw new VitrineError('unknown-model', `${model} is not in the recording`);
    return found;
  }

  release(): Promise<void> {
    return Promise.resolve();
  }

  addFiles(): void {}

  removeFiles(): Promise<void> {
    return Promise.resolve();
  }

  allow(): void {}

  setBackend(choice: BackendChoice): void {
    this.show({ backend: choice });
  }

  snapshot(): EngineSnapshot {
    return this.#snapshot;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
